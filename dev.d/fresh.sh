# SPDX-License-Identifier: Apache-2.0
# Runs commands on a machine with nothing installed. CI does not find missing prerequisites, because its
# machines have run before. Only compiled objects (ccache's and Go's) are shared with this machine, and
# these are useless without a compiler; packages, downloads and everything that ./dev builds start empty.
# With --cold, nothing is shared, as for someone who has just cloned the repository.

fresh_words=(
  build demo image release "release --arch amd64" arm64 test "test unit" "test fuzz" pytest bench
  "bench operator" "bench webhook" "bench nodes" faults schedules "cluster up" "cluster up --nodes 2"
  "cluster demo" "cluster release" "cluster test" "cluster down" tsan sim fuzz lint format docs "docs site"
)

word_fresh() {
  local run= keep= words=() word status=0
  fresh_shares_compiled=1
  while (($#)); do
    case "$1" in
      --run) run=1 ;;
      --keep) keep=1 ;;
      --cold) fresh_shares_compiled= ;;
      -*) die "fresh [--run] [--cold] [--keep] ['WORD…'…]" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  ((${#words[@]})) || words=("${fresh_words[@]}")
  for word in "${words[@]}"; do needs_of ${word} >/dev/null; done
  ((EUID == 0)) || die "fresh needs root: it creates a root file system and namespaces"
  packages fresh debootstrap git
  fresh_home="$(mkdir -p "$cache" && mktemp -d "$cache/fresh.XXXXXX")"
  if [[ -z "$keep" ]]; then trap 'rm -rf --one-file-system "$fresh_home"' EXIT; fi
  say "creating a Debian 12 with only its base system: $fresh_home/base"
  make_base "$fresh_home/base" >"$fresh_home/base.log" 2>&1 || { tail "$fresh_home/base.log" >&2; die "debootstrap failed"; }
  printf '%-24s %8s %9s  %s\n' word seconds MB end
  for word in "${words[@]}"; do
    if ! fresh_one "$word" "$run" "$keep"; then status=1; fi
  done
  return "$status"
}

make_base() { # FOLDER – Debian 12 with this machine's mirror, proxy and certificates
  local mirror file
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Component: main' | head -n 1)"
  debootstrap --variant=minbase bookworm "$1" "${mirror:-http://deb.debian.org/debian}" || return
  if [[ -e /etc/apt/sources.list.d/debian.sources ]]; then rm -f "$1/etc/apt/sources.list"; fi
  grep -lis proxy /etc/apt/apt.conf.d/* >"$1.habits"
  ls -d /etc/apt/sources.list{,.d/debian.sources} /usr/local/share/ca-certificates /etc/resolv.conf \
    /etc/hosts /etc/pip.conf ~/.config/{pip,go} ~/.npmrc ~/.m2/settings.xml >>"$1.habits" 2>/dev/null
  while read -r file; do
    mkdir -p "$1/$(dirname "${file/#$HOME//root}")"
    cp -RL "$file" "$1/$(dirname "${file/#$HOME//root}")/"
  done <"$1.habits"
  git clone --quiet --depth 1 "file://$PWD" "$1/srv/dualtrace"
  git ls-files -z --deleted | (cd "$1/srv/dualtrace" && xargs -0 --no-run-if-empty rm -f)
  git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -cf - -T - 2>/dev/null |
    tar -xf - -C "$1/srv/dualtrace"
}

fresh_one() { # WORD RUN KEEP – a row of the table
  local name="${1// /-}" command="setup $1" root before start="$SECONDS" end=ok
  root="$fresh_home/$name"
  if [[ -n "$2" ]]; then command="$1"; fi
  cp -a "$fresh_home/base" "$root"
  before="$(du -smx "$root" | cut -f 1)"
  in_root "$root" ./dev ${command} >"$root.log" 2>&1 </dev/null || end="exit code $?, log: $root.log"
  printf '%-24s %8d %9d  %s\n' "$1" "$((SECONDS - start))" "$(($(du -smx "$root" | cut -f 1) - before))" "$end"
  if [[ "$end" != ok ]]; then tail -n 5 "$root.log" | sed 's/^/    /'; fi
  if [[ -z "$3" ]]; then rm -rf --one-file-system "$root"; fi
  [[ "$end" == ok ]]
}

# Not with chroot: a process that enters a mount namespace from there (nsenter, for nodes) would be back in
# this machine's root.
in_root() { # ROOT COMMAND…
  local root="$1" variables=() name ccache_folder= go_folder=
  shift
  for name in $(compgen -e); do
    case "$name" in
      *_proxy | *_PROXY | PIP_* | npm_config_* | GOPROXY | GONO* | GOSUMDB | *_CA_BUNDLE | *_CA_CERTS | SSL_CERT_* | PIP_CERT)
        variables+=("$name=${!name}")
        ;;
    esac
  done
  if [[ -n "$fresh_shares_compiled" ]]; then
    ccache_folder="$(ccache --get-config cache_dir 2>/dev/null || true)"
    go_folder="$(go env GOCACHE 2>/dev/null || true)"
  fi
  unshare --mount --pid --fork --kill-child --propagation=private -- /bin/bash -ec '
    root="$1" ccache="$2" go="$3"
    shift 3
    mount --bind "$root" "$root"
    cd "$root"
    mount -t proc proc proc
    mount --rbind /dev dev
    mount --rbind /sys sys
    mount -t tmpfs -o mode=755 tmpfs run
    if [[ -d "$ccache" ]]; then mkdir -p root/.cache/ccache; mount --bind "$ccache" root/.cache/ccache; fi
    if [[ -d "$go" ]]; then mkdir -p root/.cache/go-build; mount --bind "$go" root/.cache/go-build; fi
    mkdir old
    pivot_root . old
    umount --lazy /old
    rmdir /old
    cd /srv/dualtrace
    exec /usr/bin/env -i "$@"
  ' fresh "$root" "$ccache_folder" "$go_folder" HOME=/root LANG=C.UTF-8 TERM=dumb JOBS="$jobs" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" "$@"
}
