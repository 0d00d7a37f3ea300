# What takes long and is run by hand: measurements, faults and random schedules.

word_bench() {
  local peers=()
  if [[ "${1:-}" == operator ]]; then
    shift
    word_bench_operator "$@"
  elif [[ "${1:-}" == webhook ]]; then
    shift
    word_bench_webhook "$@"
  fi
  setup_build
  build release dualtrace-agent dualtrace-load dualtrace-sink
  if go_is_new_enough tests/bench/peers/collector; then
    cached collector
    peers+=(--collector "$(place collector)/collector")
  else
    warn "no Go $(go_of tests/bench/peers/collector): the Collector is left out"
  fi
  cached rotel
  peers+=(--rotel "$(compgen -G "$(place rotel)/lib/python3*/site-packages/rotel/rotel-agent")")
  /usr/bin/python3 tests/bench/bench.py --build build/release "${peers[@]}" "$@"
}

word_bench_operator() {
  setup_build
  packages etcd-server
  cached clients
  cached kubernetes
  build release dualtrace-operator
  DUALTRACE_TEST_KUBERNETES="$(place kubernetes)" \
    exec "$(place clients)/bin/python" tests/bench/operator_bench.py --build build/release "$@"
}

word_bench_webhook() {
  setup_build
  build release dualtrace-reviews
  exec /usr/bin/python3 tests/bench/webhook_bench.py --build build/release "$@"
}

word_faults() {
  setup_build
  setup_demo
  build release dualtrace-agent dualtrace-sandbox dualtrace-load dualtrace-sink
  PYTHONPATH=tests:tests/bench exec "$(place clients)/bin/python" -m faults --binaries build/release "$@"
}

word_schedules() {
  setup_build
  setup_demo
  setup_control_plane
  build release dualtrace-operator
  export_places kubernetes
  PYTHONPATH=tests exec "$(place clients)/bin/python" -m operator_schedules --binaries build/release "$@"
}

word_sim() {
  setup_build
  build release dualtrace-sim
  (($#)) || set -- --seeds 2000
  exec build/release/tests/sim/dualtrace-sim "$@"
}
