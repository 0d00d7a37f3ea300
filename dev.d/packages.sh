# SPDX-License-Identifier: Apache-2.0
# The Debian packages that the commands need.

compiler_packages=(
  ca-certificates ccache cmake curl g++ libboost-dev libboost-system-dev libcli11-dev libcpprest-dev
  libgmock-dev libgrpc++-dev libgtest-dev libisal-dev libnghttp2-dev libprotobuf-dev libsimdjson-dev
  libspdlog-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libzstd-dev ninja-build nlohmann-json3-dev openssl
  pkg-config prometheus-cpp-dev protobuf-compiler protobuf-compiler-grpc python3 python3-venv
)
# The programs that run on a node; the compiler is for its `pause`.
container_packages=(
  busybox-static containerd containernetworking-plugins gcc iproute2 libc6-dev nftables runc
)

packages() { # WORD NAME… – installs the Debian packages that are missing
  local word="$1"
  shift
  command -v dpkg-query >/dev/null || die "needs Debian 12 or a derivative (there is no dpkg-query here)"
  local missing=() package as_root=()
  for package in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "$word needs packages that only root can install: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get -qq update || die "apt-get update failed, and $word needs ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=600 install \
    "${missing[@]}" >/dev/null || die "$word needs Debian packages that apt-get cannot install: ${missing[*]}"
}
