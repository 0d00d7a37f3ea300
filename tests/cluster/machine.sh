#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of a machine (machine.py), in namespaces of its own: gives it the folders that a
# kubelet, containerd and pods write to, then becomes `pause`.
# machine.sh NAME FOLDER PROGRAMS PAUSE CGROUP…
set -eu
name="$1" folder="$2" programs="$3" pause="$4"
shift 4
for cgroup in "$@"; do echo 0 >"$cgroup/cgroup.procs"; done
hostname "$name"
ip link set lo up
mount --make-rshared /

# First bind the folders that it needs from outside below /run/dualtrace, because the mounts that
# follow may hide them.
mount -t tmpfs -o mode=755 tmpfs "$folder/run"
mkdir -p "$folder/run/dualtrace/programs" "$folder/run/dualtrace/lib" "$folder/run/dualtrace/log"
mount --bind "$programs" "$folder/run/dualtrace/programs"
mount --bind "$folder/lib" "$folder/run/dualtrace/lib"
mount --bind "$folder/log" "$folder/run/dualtrace/log"
cp "$pause" "$folder/run/dualtrace/pause"

# The kubelet sets kernel parameters, but this machine's kernel must not change. The kubelet finds
# the values that it wants in these files, and its writes have no effect on the kernel.
mkdir -p "$folder/run/dualtrace/kernel"
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file="$folder/run/dualtrace/kernel/$(echo "${setting%=*}" | tr / .)"
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done

exec 3>"$folder/ready"
mount --rbind "$folder/run" /run
mount --bind /run/dualtrace/lib /var/lib
mount --bind /run/dualtrace/log /var/log
echo ready >&3
exec 3>&-
exec /run/dualtrace/pause
