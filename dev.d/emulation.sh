# SPDX-License-Identifier: Apache-2.0
# Runs the arm64 programs on amd64 under QEMU's user-mode emulation.

word_arm64() {
  prepare arm64 "$@"
  export DUALTRACE_SYSROOT QEMU_LD_PREFIX
  DUALTRACE_SYSROOT="$(place arm64)/root"
  QEMU_LD_PREFIX="$DUALTRACE_SYSROOT"
  run_arm64_programs
  build release-arm64
  say "testing: unit tests, under emulation"
  # QEMU makes a fork of each vfork, so posix_spawn cannot report that a program does not exist.
  ctest --test-dir build/release-arm64 --label-regex '^unit$' --output-on-failure \
    --exclude-regex '^(ExecCredentialTest.SaysWhatIsWrongWithoutWhatWasPrinted|RunProgram.SaysHowItFailed)$' \
    --parallel "$jobs" --no-tests=error
  say "the demo, under emulation"
  "$(place clients)/bin/python" tests/demo/demo.py --binaries build/release-arm64
  build release dualtrace-sandbox
  say "images on nodes, under emulation"
  export_places helm kubernetes nodes
  (word_pytest tests/cluster/journey/arm64_test.py)
}

# The kernel opens the interpreter on registration, so containers whose file systems lack it can run
# such programs, too. Where systemd runs, Debian's package registers it automatically.
run_arm64_programs() {
  local registry=/proc/sys/fs/binfmt_misc
  if [[ ! -e "$registry/register" ]]; then mount -t binfmt_misc binfmt_misc "$registry"; fi
  if [[ -e "$registry/qemu-aarch64" ]]; then return 0; fi
  cat /usr/lib/binfmt.d/qemu-aarch64.conf >"$registry/register" || die "the kernel rejects the interpreter for arm64 programs"
  trap 'echo -1 >/proc/sys/fs/binfmt_misc/qemu-aarch64' EXIT
}
