# SPDX-License-Identifier: Apache-2.0
# The tests that a change must pass before it is merged.

fuzz_seconds_in_test=20

word_test() {
  local what="${1:-all}" label setup_log setup_pid= needs
  case "$what" in
    unit | tidy | component) label="^$what\$" ;;
    fuzz) word_fuzz "$fuzz_seconds_in_test"; return ;;
    all) label='^(unit|tidy|component|fuzz)$' ;;
    *) die "test: unit, tidy, component, fuzz or all" ;;
  esac
  # shellcheck disable=SC2207 # names without blanks
  needs=($(needs_of test "$what"))
  check_and_install "test $what" "${needs[@]}"
  if [[ "$what" == component || "$what" == all ]]; then
    # Downloads wait for the network and the compiler for the CPU, so run both in parallel.
    setup_log="$(mktemp)"
    make_needs "${needs[@]}" >"$setup_log" 2>&1 &
    setup_pid=$!
  fi
  build dev
  if [[ -n "$setup_pid" ]]; then
    say "waiting for the test environments"
    wait "$setup_pid" || { cat "$setup_log" >&2; die "setup test failed"; }
    cat "$setup_log"
    rm -f "$setup_log"
  fi
  say "testing: $what"
  # Twice as many tests as processors: component tests wait more than they compute. Those that compute
  # count as two (PROCESSORS).
  exec ctest --test-dir build/dev --label-regex "$label" --output-on-failure --parallel "$((2 * jobs))" --no-tests=error
}

word_pytest() { # ctest calls this; also useful for a single test: ./dev pytest tests/component/tls_test.py -k receiver
  export_places clients js go h2spec helm java kubernetes olm spark phoenix mlflow
  [[ -n "${DUALTRACE_TEST_CLIENTS:-}" ]] || die "pytest: run ./dev setup test first"
  (($#)) || set -- tests/component
  exec "$DUALTRACE_TEST_CLIENTS/bin/python" -m pytest -c tests/component/pytest.ini "$@"
}

word_tsan() {
  prepare tsan
  build tsan
  ctest --preset tsan --parallel "$jobs"
}

word_fuzz() {
  local seconds="${1:-60}"
  prepare fuzz
  cmake --preset fuzz -DDUALTRACE_FUZZ_SECONDS="$seconds" >/dev/null
  say "building fuzz: fuzz_targets"
  cmake --build build/fuzz --parallel "$jobs" --target fuzz_targets
  say "fuzzing: $seconds s for each target; inputs that reach further stay in build/fuzz/tests/fuzz/found"
  ctest --test-dir build/fuzz --label-regex '^fuzz$' --output-on-failure --parallel "$jobs" --no-tests=error
}
