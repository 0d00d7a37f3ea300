# SPDX-License-Identifier: Apache-2.0
"""Child processes that leave nothing behind, and waiting for conditions instead of time."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

# A sanitizer's output. If a program of ours prints one, its test fails.
SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|: runtime error: "
)

SUPPRESSIONS = Path(__file__).with_name("lsan.supp")

# Only failures take this long. A busy machine is slow, not broken.
PATIENCE_SECONDS = 60.0


class Died(AssertionError):
    """A process that should be running has ended."""


def wait_until(condition, what: str, timeout: float = PATIENCE_SECONDS, every: float = 0.05, process=None):
    """Polls until `condition` returns something true, and returns that. Fails at the timeout, or
    immediately if `process` ends."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if process is not None and process.ended:
            raise Died(
                f"{process.name} ended with {process.exit_code} before {what}\n{process.output()}"
            )
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(every)


class Process:
    """One run of a program. Its output goes to a file, so that no pipe can fill up."""

    def __init__(self, name: str, arguments: list, folder: Path, environment: dict | None = None):
        self.name = name
        self.log = folder / f"{name}.log"
        folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={
                    **os.environ,
                    "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}:print_suppressions=0",
                    **(environment or {}),
                },
                start_new_session=True,  # so that stop() also reaches its descendants
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def foreign_lines(self) -> list[str]:
        """The output lines that are not JSON objects, except for the last line of a killed program,
        which may be incomplete."""
        whole = self.output().rpartition("\n")[0]
        return [line for line in whole.splitlines() if not line.startswith("{")]

    def sanitizer_report(self) -> str | None:
        output = self.output()
        found = SANITIZER_REPORT.search(output)
        return output[found.start() :] if found else None

    def forget_peak_memory(self) -> int:
        """The resident bytes now; peak_memory() counts from here if this is root: these files
        of a program that forbids core dumps are root's. Otherwise it counts from the start."""
        with contextlib.suppress(PermissionError):
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.resident_memory()

    def resident_memory(self) -> int:
        return self._memory("VmRSS")

    def peak_memory(self) -> int:
        """The maximum number of resident bytes since forget_peak_memory()."""
        return self._memory("VmHWM")

    def file_memory(self) -> int:
        """The resident bytes now that are pages of files."""
        return self._memory("RssFile")

    def _memory(self, field: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
        if not found:
            raise ProcessLookupError(f"{self.name} has ended")
        return int(found[1]) * 1024

    def wait(self, timeout: float) -> int:
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {timeout} s") from None

    def signal(self, number: int) -> None:
        if not self.ended:
            self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL for it and all processes that it started."""
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._child.wait()

    def stop(self, timeout: float = PATIENCE_SECONDS) -> int:
        """Sends SIGTERM and returns the exit code; kills the process if it does not end."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        finally:
            self.kill()
