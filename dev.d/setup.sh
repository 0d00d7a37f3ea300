# What a word needs before it can start; without an optional tool it says what is skipped.

go_is_new_enough() { # MODULE – for what its go.mod says
  local wanted have
  wanted="$(go_of "$1")"
  have="$(go env GOVERSION 2>/dev/null | sed 's/^go//')"
  [[ -n "$have" && "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" == "$wanted" ]]
}

go_of() { sed -n 's/^go //p' "$1/go.mod"; }

node_is_new_enough() {
  command -v npm >/dev/null && (($(node -p 'process.versions.node.split(".")[0]') >= 18))
}

setup_build() { packages "${build_packages[@]}"; }
setup_demo() { cached clients; }

setup_control_plane() {
  if [[ -x "${KUBEBUILDER_ASSETS:-}/kube-apiserver" ]]; then
    say "Kubernetes is that of KUBEBUILDER_ASSETS"
  elif go_is_new_enough tests/cluster/kubernetes; then
    cached kubernetes
  else
    warn "no Go $(go_of tests/cluster/kubernetes) and no KUBEBUILDER_ASSETS: the tests with Kubernetes are skipped"
  fi
}

setup_helm() {
  if go_is_new_enough tests/component/clients/promql; then
    cached helm
  else
    warn "no Go $(go_of tests/component/clients/promql): the chart's tests are skipped"
  fi
}

setup_nodes() {
  packages "${node_packages[@]}"
  go_is_new_enough tests/cluster/coredns || die "nodes need Go $(go_of tests/cluster/coredns)"
  cached nodes
}

setup_sdks() {
  setup_demo
  if node_is_new_enough; then cached js; else warn "no Node.js 18 with npm: the JavaScript client's tests are skipped"; fi
  if go_is_new_enough tests/component/clients/go; then
    cached go
  else
    warn "no Go $(go_of tests/component/clients/go): the tests with the Go client and telemetrygen are skipped"
  fi
  cached java
}

setup_test() {
  setup_sdks
  if go_is_new_enough tests/component/clients/h2spec; then
    cached h2spec
  else
    warn "no Go $(go_of tests/component/clients/h2spec): the tests with h2spec are skipped"
  fi
  setup_control_plane
  setup_helm
  cached spark
  cached phoenix
  cached mlflow
}

word_setup() {
  case "${1:-all}" in
    build) setup_build ;;
    demo) setup_build; setup_demo ;;
    test | all)
      setup_build
      mapfile -t more < <(test_packages_of_this_machine)
      packages "${more[@]}"
      setup_test
      ;;
    *) die "setup: build, demo, test or all" ;;
  esac
  say "setup ${1:-all}: everything is there"
}
