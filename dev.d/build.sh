# SPDX-License-Identifier: Apache-2.0
# Builds the programs, images and releases.

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

word_release() {
  local tools architectures architecture preset binaries=()
  prepare release "$@"
  tools=("$(place clients)/bin/python" -B -m release --helm "$(place helm)/helm"
    --operator-verify "$(place olm)/operator-verify" --sysroot "$(place arm64)/root")
  if [[ -n "$asks_for_help" ]]; then exec "${tools[@]}" --help; fi
  # It rejects wrong arguments before the build.
  architectures="$("${tools[@]}" --check "$@")"
  for architecture in $architectures; do
    preset=release
    if [[ "$architecture" == arm64 ]]; then preset=release-arm64; fi
    DUALTRACE_RELEASE="$1" DUALTRACE_SYSROOT="$(place arm64)/root" \
      build "$preset" dualtrace-operator dualtrace-agent
    binaries+=(--binaries "$architecture=build/$preset")
  done
  say "making the release $1"
  exec "${tools[@]}" "$@" "${binaries[@]}"
}

word_demo() {
  prepare demo
  build release dualtrace-agent dualtrace-sandbox
  exec "$(place clients)/bin/python" tests/demo/demo.py --binaries build/release "$@"
}
