# The Debian packages that the words need.

build_packages=(
  ca-certificates ccache cmake curl g++ libboost-dev libboost-system-dev libcli11-dev libcpprest-dev
  libgmock-dev libgrpc++-dev libgtest-dev libisal-dev libnghttp2-dev libprotobuf-dev libsimdjson-dev
  libspdlog-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libzstd-dev ninja-build nlohmann-json3-dev openssl
  pkg-config prometheus-cpp-dev protobuf-compiler protobuf-compiler-grpc python3 python3-venv
)
test_packages=(clang-14 clang-format-14 clang-tidy-14 etcd-server libclang-rt-14-dev)
node_packages=(busybox-static containerd containernetworking-plugins iproute2 nftables runc)

packages() { # NAME… – installs the Debian packages that are missing
  command -v dpkg-query >/dev/null || die "needs Debian 12 or a relative of it (no dpkg-query here)"
  local missing=() package as_root=()
  for package in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "install these as root first: ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
    "${missing[@]}" >/dev/null
}

test_packages_of_this_machine() {
  printf '%s\n' "${test_packages[@]}"
  command -v javac >/dev/null || echo openjdk-17-jdk-headless
  command -v mvn >/dev/null || echo maven
  command -v npm >/dev/null || printf '%s\n' nodejs npm
}
