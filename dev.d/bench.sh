# SPDX-License-Identifier: Apache-2.0
# Long tasks that are run manually: measurements, faults and random schedules.

word_bench() {
  local peers=()
  if [[ "${1:-}" == operator ]]; then
    shift
    word_bench_operator "$@"
  elif [[ "${1:-}" == webhook ]]; then
    shift
    word_bench_webhook "$@"
  elif [[ "${1:-}" == nodes ]]; then
    shift
    word_bench_nodes "$@"
  fi
  prepare bench
  build release dualtrace-agent dualtrace-load dualtrace-sink
  if [[ -z "$asks_for_help" ]]; then
    peers+=(--collector "$(place collector)/collector")
    peers+=(--rotel "$(compgen -G "$(place rotel)/lib/python3*/site-packages/rotel/rotel-agent")")
  fi
  /usr/bin/python3 tests/bench/bench.py --build build/release "${peers[@]}" "$@"
}

word_bench_operator() {
  prepare bench operator
  build release dualtrace-operator
  export_places kubernetes
  exec "$(place clients)/bin/python" tests/bench/operator_bench.py --build build/release "$@"
}

word_bench_webhook() {
  prepare bench webhook
  build release dualtrace-reviews
  exec /usr/bin/python3 tests/bench/webhook_bench.py --build build/release "$@"
}

word_bench_nodes() {
  local collector=()
  prepare bench nodes
  build release dualtrace-operator dualtrace-agent dualtrace-load dualtrace-sink
  if [[ -z "$asks_for_help" ]]; then collector=(--collector "$(place collector)/collector"); fi
  export_places helm kubernetes nodes
  exec "$(place clients)/bin/python" -B tests/bench/nodes_bench.py --build build/release "${collector[@]}" "$@"
}

word_faults() {
  prepare faults
  build release dualtrace-agent dualtrace-sandbox dualtrace-load dualtrace-sink
  PYTHONPATH=tests:tests/bench exec "$(place clients)/bin/python" -m faults --binaries build/release "$@"
}

word_schedules() {
  prepare schedules
  build release dualtrace-operator
  export_places kubernetes
  PYTHONPATH=tests exec "$(place clients)/bin/python" -m operator_schedules --binaries build/release "$@"
}

word_sim() {
  asks_for_help= # the program prints its own help
  prepare sim
  build release dualtrace-sim
  (($#)) || set -- --seeds 2000
  exec build/release/tests/sim/dualtrace-sim "$@"
}
