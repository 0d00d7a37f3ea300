# SPDX-License-Identifier: Apache-2.0
# Builds each cached item in its folder.

make_python() { # NAME FOLDER
  /usr/bin/python3 -m venv "$2"
  "$2/bin/pip" install --quiet --disable-pip-version-check --requirement "tests/python/$1.txt"
  if [[ "$1" == spark ]]; then "$2/bin/python" tests/python/spark_jars.py "$2/jars"; fi
}

make_js() { # FOLDER
  cp tests/component/clients/js/package{,-lock}.json "$1/"
  npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error
}

make_java() { # FOLDER
  mvn --batch-mode --quiet --file tests/component/clients/java/pom.xml \
    dependency:copy-dependencies -DoutputDirectory="$1" &&
    javac -encoding UTF-8 -cp "$1/*" -d "$1" tests/component/clients/java/Client.java
}

make_toolchain() { # FOLDER – fetches a new Go with an old one
  local version answer where
  version="$(<dev.d/go.version)"
  # Not within a module, because an old Go may not understand its go.mod.
  answer="$(cd "$1" && GOFLAGS= GOTOOLCHAIN=local go mod download -json \
    "golang.org/toolchain@v0.0.1-go$version.$(go env GOOS)-$(go env GOARCH)")" || { echo "$answer"; return 1; }
  where="$(sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' <<<"$answer")"
  cp -R "$where/." "$1/"
  # Files in a module are not executable.
  chmod -R u+w "$1"
  find "$1/bin" "$1/pkg/tool" -type f -exec chmod +x {} +
}

make_go() { # FOLDER
  (cd tests/component/clients/go &&
    CGO_ENABLED=0 go build -o "$1/client" . &&
    go build -o "$1/telemetrygen" github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen)
}

make_h2spec() { # FOLDER
  (cd tests/component/clients/h2spec && go build -o "$1/h2spec" github.com/summerwind/h2spec/cmd/h2spec)
}

make_olm() { # FOLDER – operator-framework's bundle validator
  (cd tests/component/clients/olm &&
    CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1/operator-verify" github.com/operator-framework/api/cmd/operator-verify)
}

make_collector() { # FOLDER
  (cd tests/bench/peers/collector && go build -trimpath -ldflags '-s -w' -o "$1/collector" .)
}

make_helm() { # FOLDER – Helm 3 and 4 (`helm` is the newer one), and a parser for the chart's PromQL
  local minor flags kubernetes=helm.sh/helm/v3/pkg/chartutil
  minor="$(sed -n 's|.*k8s.io/client-go v0\.\([0-9]*\)\..*|\1|p' tests/cluster/helm3/go.mod)"
  # Without it, `helm template` of Helm 3 assumes Kubernetes 1.20; Helm 4 reads its own go.mod.
  flags="-s -w -X $kubernetes.k8sVersionMajor=1 -X $kubernetes.k8sVersionMinor=$minor"
  (cd tests/cluster/helm3 && CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$1/helm3" helm.sh/helm/v3/cmd/helm)
  (cd tests/cluster/helm4 && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1/helm4" helm.sh/helm/v4/cmd/helm)
  ln -s helm4 "$1/helm"
  (cd tests/component/clients/promql && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1/promql" .)
}

make_kubernetes() { # FOLDER – the control plane's programs, and kubectl
  kubernetes_programs "$1" kube-apiserver kube-controller-manager kubectl
}

make_nodes() { # FOLDER – what nodes need in addition
  kubernetes_programs "$1" kube-scheduler kubelet kube-proxy &&
    (cd tests/cluster/coredns && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1/coredns" .)
}

kubernetes_programs() { # FOLDER PROGRAM…
  local folder="$1" version=k8s.io/component-base/version client=k8s.io/client-go/pkg/version release minor program
  shift
  release="$(sed -n 's|^require k8s.io/kubernetes ||p' tests/cluster/kubernetes/go.mod)"
  minor="${release#v1.}"
  # Without these, they report the version v0.0.0-master.
  local flags="-s -w -X $version.gitVersion=$release -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*} -X $client.gitVersion=$release"
  for program in "$@"; do
    (cd tests/cluster/kubernetes &&
      CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$folder/$program" "k8s.io/kubernetes/cmd/$program")
  done
}
