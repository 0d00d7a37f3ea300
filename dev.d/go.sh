# SPDX-License-Identifier: Apache-2.0
# Go for the programs that are built with it: the machine's own, or where that is too old the one that
# its `go` fetches from the Go module proxy as the module golang.org/toolchain, checked like any other
# by the checksum database. (From Go 1.21 `go` does so by itself, but Debian 12 has 1.19.)

go_wanted() { # the newest Go that a go.mod of ours asks for
  find tests -name go.mod -exec sed -n 's/^go //p' {} + | sort -V | tail -n 1
}

not_older() { # VERSION THAN
  [[ -n "$1" && "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" == "$2" ]]
}

use_go() { # or die: not to be called where `set -e` is off
  local wanted have otherwise
  wanted="$(go_wanted)"
  have="$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')"
  if not_older "$have" "$wanted"; then return 0; fi
  say "Go $wanted or later is needed, and this machine has $have: fetching $(<dev.d/go.version)"
  otherwise="install Go $wanted or later and put it first on PATH"
  cached toolchain
  PATH="$(place toolchain)/bin:$PATH"
  export PATH GOTOOLCHAIN=local
}
