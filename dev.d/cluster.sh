# SPDX-License-Identifier: Apache-2.0
# A real Kubernetes on this machine (tests/cluster/README.md).

word_cluster() {
  case "${1:-}" in up | down | env | image | check | demo | release | test | -h | --help) ;; *) die "cluster: up, down, env, image, check, demo, release or test" ;; esac
  prepare cluster "$@"
  if [[ "$1" == release ]]; then
    [[ -e "${2:-}/SHA256SUMS" ]] || die "cluster release FOLDER: FOLDER must be a release (./dev release builds one)"
    export DUALTRACE_TEST_RELEASE
    DUALTRACE_TEST_RELEASE="$(realpath "$2")"
    build release dualtrace-sandbox
    export_places helm kubernetes nodes
    word_pytest tests/cluster/journey/release_test.py
  fi
  if [[ "$1" == test || "$1" == demo ]]; then
    build release dualtrace-operator dualtrace-agent dualtrace-sandbox
    export_places helm kubernetes nodes
    local word="$1"
    shift
    if [[ "$word" == test ]]; then
      (($#)) || set -- tests/cluster
      word_pytest "$@"
    fi
    exec "$(place clients)/bin/python" -B tests/demo/cluster_demo.py --binaries build/release "$@"
  fi
  export_places helm kubernetes nodes
  PYTHONPATH=tests:. PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m cluster "$@"
}
