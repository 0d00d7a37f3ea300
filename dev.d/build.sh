# SPDX-License-Identifier: Apache-2.0
# Programs from the sources, and what is made of them.

build() { # PRESET [TARGET…]
  local preset="$1" log
  shift
  if [[ -n "$asks_for_help" ]]; then return 0; fi
  say "building $preset${*:+: $*}"
  log="$(cmake --preset "$preset" 2>&1)" || die "cmake failed: $log"
  local arguments=(--parallel "$jobs")
  if (($#)); then arguments+=(--target "$@"); fi
  cmake --build "build/$preset" "${arguments[@]}"
}

word_build() {
  prepare build
  build "${1:-dev}"
}

word_image() {
  prepare image
  build release dualtrace-operator dualtrace-agent dualtrace-sandbox
  say "making images"
  PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m images "$@"
}

word_demo() {
  prepare demo
  build release dualtrace-agent dualtrace-sandbox
  exec "$(place clients)/bin/python" tests/demo/demo.py --binaries build/release "$@"
}
