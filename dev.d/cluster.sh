# A real Kubernetes on this machine (tests/cluster/README.md).

word_cluster() {
  if [[ "${1:-}" == test || "${1:-}" == demo ]]; then
    if [[ "$1" == test ]]; then
      mapfile -t more < <(test_packages_of_this_machine)
      packages "${more[@]}"
      setup_sdks
    fi
    setup_control_plane
    setup_nodes
    setup_build
    setup_demo
    setup_helm
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
  if [[ "${1:-}" == up ]]; then
    packages etcd-server python3 openssl
    setup_control_plane
    if [[ "$*" == *--nodes* ]]; then setup_nodes; fi
  fi
  export_places helm kubernetes nodes
  PYTHONPATH=tests:. PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m cluster "$@"
}
