# SPDX-License-Identifier: Apache-2.0
# The Go toolchain: the machine's own or, if that is too old, the one that its `go` fetches from the Go
# module proxy as the module golang.org/toolchain, verified with the checksum database like any other
# module. (Go 1.21 and later do this automatically, but Debian 12 has 1.19.)

go_wanted() { # the newest Go version that one of our go.mod files requires
  find tests -name go.mod -exec sed -n 's/^go //p' {} + | sort -V | tail -n 1
}

not_older() { # VERSION THAN
  [[ -n "$1" && "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" == "$2" ]]
}

use_go() { # dies if it fails: do not call it where `set -e` is off
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
