# SPDX-License-Identifier: Apache-2.0
# The cache: what each item is built from, where it is stored, and the lock that builds it only once.

pins() { # NAME – the files that a cached item is built from
  case "$1" in
    go) printf '%s\n' tests/component/clients/go/{go.mod,go.sum,main.go} ;;
    java) printf '%s\n' tests/component/clients/java/{pom.xml,Client.java} ;;
    olm) printf '%s\n' tests/component/clients/olm/go.{mod,sum} ;;
    arm64) echo dev.d/arm64.sh ;;
    h2spec) printf '%s\n' tests/component/clients/h2spec/go.{mod,sum} ;;
    js) printf '%s\n' tests/component/clients/js/package{,-lock}.json ;;
    collector) printf '%s\n' tests/bench/peers/collector/{go.mod,go.sum,main.go} ;;
    toolchain) echo dev.d/go.version ;;
    helm) printf '%s\n' tests/cluster/helm{3,4}/go.{mod,sum} tests/component/clients/promql/{go.mod,go.sum,main.go} ;;
    kubernetes) printf '%s\n' tests/cluster/kubernetes/go.{mod,sum} ;;
    nodes) printf '%s\n' tests/cluster/kubernetes/go.{mod,sum} tests/cluster/coredns/{go.mod,go.sum,main.go} ;;
    spark) printf '%s\n' tests/python/spark.txt tests/python/spark_jars.py ;;
    *) printf '%s\n' "tests/python/$1.txt" ;;
  esac
}

place() { # NAME – the folder of the cached item
  local hash
  hash="$(pins "$1" | xargs cat | sed '/SPDX-License-Identifier/d' | sha256sum)"
  echo "$cache/$1-${hash:0:12}"
}

cached() { # NAME – builds the item if it is missing; two checkouts may call this at the same time
  local name="$1" folder log
  folder="$(place "$name")"
  log="$folder.log"
  [[ -e "$folder/.done" ]] && return 0
  mkdir -p "$cache"
  (
    flock 9
    [[ -e "$folder/.done" ]] && exit 0
    say "making $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    # A separate subshell with `set -e`: after `if` or `||`, bash would ignore a failing step.
    set +e
    (
      set -e
      case "$name" in
        arm64 | go | h2spec | helm | java | js | collector | kubernetes | nodes | olm | toolchain) "make_$name" "$folder" ;;
        *) make_python "$name" "$folder" ;;
      esac
    ) >"$log" 2>&1
    local status=$?
    set -e
    if ((status)); then
      tail -n 20 "$log" >&2
      die "$folder could not be built${otherwise:+; $otherwise} (whole log: $log)"
    fi
    touch "$folder/.done"
  ) 9>"$folder.lock"
}

export_places() { # NAME… – exports the folders of the cached items that exist, for tests
  local folder name
  for name in "$@"; do
    folder="$(place "$name")"
    if [[ -e "$folder/.done" ]]; then export "DUALTRACE_TEST_${name^^}=$folder"; fi
  done
}
