# SPDX-License-Identifier: Apache-2.0
# The prerequisites of each command. They are checked and installed before the first step that takes
# minutes: first those that only the user can provide (root, another Node.js), in one line each, then all
# Debian packages, then what is built and cached.

needs_of() { # WORD [ARGUMENT…] – the names of its prerequisites
  local control_plane="etcd kubernetes" nodes="machine containers nodes"
  local clients="clients js go java h2spec" tests="proxy kubernetes helm olm spark phoenix mlflow"
  case "$*" in
    build* | sim* | tsan*) echo compiler ;;
    image* | "bench webhook"*) echo compiler commit ;;
    release*--arch?arm64* | release*--binaries?arm64*) echo compiler commit clients helm olm cross arm64 ;;
    release*--arch* | release*--binaries*) echo compiler commit clients helm olm ;;
    release*) echo compiler commit clients helm olm cross arm64 ;;
    arm64*) echo compiler commit clients cross arm64 emulator "$control_plane" "$nodes" helm ;;
    demo* | faults*) echo compiler clients ;;
    schedules*) echo compiler clients "$control_plane" ;;
    "bench operator"*) echo compiler commit clients "$control_plane" ;;
    "bench nodes"*) echo compiler commit clients collector "$control_plane" "$nodes" helm ;;
    bench*) echo compiler commit collector rotel ;;
    "cluster up"*--nodes*) echo "$control_plane" "$nodes" ;;
    "cluster up"*) echo "$control_plane" ;;
    "cluster demo"*) echo compiler commit clients "$control_plane" "$nodes" helm ;;
    "cluster test"*) echo compiler commit "$clients" "$control_plane" "$nodes" helm ;;
    "cluster release"*) echo compiler commit clients "$control_plane" "$nodes" helm registry ;;
    "cluster check"*) echo machine ;;
    cluster*) echo python ;;
    "test unit"* | "test tidy"*) echo compiler git clang-format codespell ;;
    "test fuzz"* | fuzz*) echo compiler clang ;;
    test* | pytest*) echo compiler commit clang clang-format codespell "$clients" etcd "$tests" ;;
    lint*) echo compiler clang clang-tidy ;;
    format*) echo git clang-format ;;
    "docs site"*) echo site ;;
    docs*) echo compiler clients ;;
    all) echo compiler commit clang clang-format clang-tidy codespell "$clients" etcd "$tests" collector rotel site ;;
    *) die "setup: unknown command: $* (./dev help lists them)" ;;
  esac
}

packages_of() { # NEED – the Debian packages that provide it, or that are needed to build it
  case "$1" in
    compiler) printf '%s\n' "${compiler_packages[@]}" ;;
    clang) printf '%s\n' clang-14 libclang-rt-14-dev ;;
    clang-tidy | clang-format) echo "$1-14" ;;
    containers) printf '%s\n' "${container_packages[@]}" ;;
    codespell) echo codespell ;;
    etcd) printf '%s\n' openssl python3; [[ -x "${KUBEBUILDER_ASSETS:-}/etcd" ]] || echo etcd-server ;;
    git | commit) echo git ;;
    cross) echo g++-aarch64-linux-gnu ;;
    emulator) echo qemu-user-static ;;
    registry) printf '%s\n' docker-registry skopeo ;;
    arm64) echo ca-certificates ;;
    proxy) echo tinyproxy-bin ;;
    python) echo python3 ;;
    machine) printf '%s\n' iproute2 nftables python3 ;;
    go | h2spec | helm | collector | kubernetes | nodes | olm)
      # Debian's Go is too old to build any of them, but it can fetch a newer one (use_go).
      is_there "$1" || { echo ca-certificates; command -v go >/dev/null || echo golang-go; } ;;
    js) has_node || printf '%s\n' ca-certificates nodejs npm ;;
    java)
      command -v javac >/dev/null || echo openjdk-17-jdk-headless
      command -v mvn >/dev/null || echo maven
      ;;
    *) printf '%s\n' ca-certificates python3 python3-venv ;;
  esac
}

has_node() { command -v npm >/dev/null && command -v node >/dev/null; }

is_there() { # NEED – whether nothing must be built for it
  case "$1" in
    kubernetes) [[ -x "${KUBEBUILDER_ASSETS:-}/kube-apiserver" || -e "$(place kubernetes)/.done" ]] ;;
    *) [[ -e "$(place "$1")/.done" ]] ;;
  esac
}

obstacles_of() { # NEED – a line for each prerequisite that no package provides
  case "$1" in
    machine)
      ((EUID == 0)) || echo "root: it creates namespaces, mounts and cgroups for its nodes"
      ;;
    js)
      if has_node && (($(node -p 'process.versions.node.split(".")[0]') < 18)); then
        echo "Node.js 18 or later with npm; the one on PATH is $(node --version)"
      fi
      ;;
  esac
}

check_and_install() { # WORD NEED… – dies with one line for each prerequisite that is missing and cannot be installed
  local word="$1" need obstacles wanted
  shift
  mapfile -t obstacles < <(for need in "$@"; do obstacles_of "$need"; done)
  if ((${#obstacles[@]})); then
    for need in "${obstacles[@]}"; do warn "$word needs $need"; done
    exit 1
  fi
  mapfile -t wanted < <(for need in "$@"; do packages_of "$need"; done | sort -u)
  packages "$word" "${wanted[@]}"
  for need in "$@"; do
    case "$need" in
      machine) can_have_nodes "$word" ;;
      commit) has_commit "$word" ;;
    esac
  done
}

has_commit() { # WORD – images and measurements record their commit
  local why
  why="$(git rev-parse --verify HEAD 2>&1)" || die "$1 needs a clone of the repository that git can read: ${why%%$'\n'*}"
}

can_have_nodes() { # WORD – takes half a second, while commands that need nodes build for a quarter of an hour
  local why
  why="$(PYTHONPATH=tests:. PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m cluster check 2>&1)" ||
    die "$1 cannot run nodes on this machine: ${why#cluster: }"
}

make_needs() { # NEED… – builds those that are cached
  local need
  for need in "$@"; do
    case "$need" in
      go | h2spec | helm | collector | kubernetes | nodes | olm)
        if ! is_there "$need"; then use_go; break; fi
        ;;
    esac
  done
  for need in "$@"; do
    case "$need" in
      compiler | clang | clang-tidy | clang-format | codespell | containers | commit | cross | emulator | etcd | git | machine | proxy | python | registry) ;;
      *) if ! is_there "$need"; then cached "$need"; fi ;;
    esac
  done
}

prepare() { # WORD [ARGUMENT…] – installs and builds its prerequisites
  local needs word="$1"
  # shellcheck disable=SC2207 # names without blanks
  needs=($(needs_of "$@"))
  if [[ -n "$asks_for_help" ]]; then # only Python is needed: printing help must not build anything
    needs=(python clients)
  fi
  if [[ "$word" == cluster || "$word" == bench || "$word" == docs ]]; then word="$word ${2:-}"; fi
  check_and_install "${word% }" "${needs[@]}"
  make_needs "${needs[@]}"
}

word_setup() {
  (($#)) || set -- all
  prepare "$@"
  say "setup $*: everything is installed"
}
