# SPDX-License-Identifier: Apache-2.0
# Debian's libraries for arm64, unpacked into a folder of their own: `root` in it is what the cross
# compiler (cmake/arm64.cmake) and the images (images/machine.py) read instead of this machine's /.
# They are not installed here as a second architecture (dpkg --add-architecture): apt keeps a library
# at one version for both, and so would upgrade this machine's own, and offer it foreign programs.

arm64_packages=(
  base-files ca-certificates libboost-dev libboost-system-dev libc6-dev libcli11-dev libcpprest-dev libgmock-dev
  libgrpc++-dev libgtest-dev libisal-dev libnghttp2-dev libprotobuf-dev libsimdjson-dev libspdlog-dev
  libsqlite3-dev libssl-dev libstdc++-12-dev libyaml-cpp-dev libzstd-dev nlohmann-json3-dev
  prometheus-cpp-dev
)

make_arm64() { # FOLDER
  local apt="$1/apt" root="$1/root" archive
  mkdir -p "$apt"/{lists,archives}/partial "$root"/usr/{bin,lib,sbin} "$root/var/lib/dpkg/info"
  # Packages of before and after the merge of /lib into /usr/lib name either.
  ln -s usr/bin usr/lib usr/sbin "$root/"
  : >"$apt/status"
  cat >"$apt/conf" <<CONF
APT::Architecture "arm64";
APT::Architectures {"arm64";};
APT::Sandbox::User "";
Dir::State::status "$apt/status";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt";
CONF
  APT_CONFIG="$apt/conf" apt-get -qq update
  APT_CONFIG="$apt/conf" apt-get -qq -y --no-install-recommends --download-only install "${arm64_packages[@]}"
  echo 1 >"$root/var/lib/dpkg/info/format"
  for archive in "$apt"/archives/*.deb; do
    unpack_deb "$archive" "$root"
  done
  rm -rf "$apt"
}

unpack_deb() { # ARCHIVE ROOT – its files, and what dpkg-query has to know of it; nothing of it is run
  local database="$2/var/lib/dpkg" name
  name="$(dpkg-deb --field "$1" Package)"
  if [[ "$(dpkg-deb --field "$1" Multi-Arch)" == same ]]; then name+=":arm64"; fi
  dpkg-deb --fsys-tarfile "$1" | tar -xf - --keep-directory-symlink --no-same-owner -C "$2"
  dpkg-deb --fsys-tarfile "$1" | tar -tf - | sed 's|^\.||; s|/$||; s|^$|/.|' >"$database/info/$name.list"
  {
    dpkg-deb --field "$1"
    printf 'Status: install ok installed\n\n'
  } >>"$database/status"
}
