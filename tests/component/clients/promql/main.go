// SPDX-License-Identifier: Apache-2.0
// promql: reads PromQL expressions, one a line, and says of each that cannot be parsed why.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	failed := false
	p := parser.NewParser(parser.Options{})
	for lines.Scan() {
		if _, err := p.ParseExpr(lines.Text()); err != nil {
			fmt.Printf("%s: %v\n", lines.Text(), err)
			failed = true
		}
	}
	if lines.Err() != nil || failed {
		os.Exit(1)
	}
}
