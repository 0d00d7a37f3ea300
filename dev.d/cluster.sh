# SPDX-License-Identifier: Apache-2.0
# A real Kubernetes on this machine (tests/cluster/README.md).

word_cluster() {
  case "${1:-}" in up | down | env | image | check | demo | test | -h | --help) ;; *) die "cluster: up, down, env, image, check, demo or test" ;; esac
  prepare cluster "$@"
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
