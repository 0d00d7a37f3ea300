# SPDX-License-Identifier: Apache-2.0
"""A program that runs in the background and can be found again by later processes."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path


def _start_time(pid: int) -> str | None:
    """Its start time, which distinguishes it from a later process with the same id; None if there
    is no such process, or if it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        threads = len(os.listdir(f"/proc/{pid}/task"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    # The first thread may be a zombie while others still run and files are open.
    return None if fields[0] in "ZX" and threads == 1 else fields[19]


# Every daemon and its descendants have the daemon's folder in this variable.
MARK = "DUALTRACE_DAEMON_FOLDER"


@contextlib.contextmanager
def all_marked(folder: Path) -> Iterator[None]:
    """While this is active, every started process counts as a daemon in the folder, even a
    short-lived helper."""
    os.environ[MARK] = f"{folder}/"
    try:
        yield
    finally:
        del os.environ[MARK]


def _marked(folder: Path) -> list[int]:
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue  # ended, or another user's
        if f"\0{MARK}={folder}/".encode() in b"\0" + environment:
            pids.append(int(process.name))
    return pids


def kill_all_in(folder: Path, timeout: float = 20) -> None:
    """Stops every daemon in the folder or below it, even if its starter was killed before it had
    recorded the id; returns when they are gone."""
    deadline = time.monotonic() + timeout
    while pids := _marked(folder):
        if time.monotonic() > deadline:
            raise RuntimeError(f"cannot be killed: {pids}")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


class Daemon:
    """The program `name`, with its output in `folder`/`name`.log and its id in `name`.pid: another
    process that knows the folder can find and stop it, even after its starter has crashed."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.log = folder / f"{name}.log"
        self._pid_file = folder / f"{name}.pid"
        self._child: subprocess.Popen | None = None

    def start(self, arguments: list) -> None:
        if self.running:
            return
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env={**os.environ, MARK: f"{self.log.parent}/"},
                start_new_session=True,  # Ctrl-C must reach only the starter
            )
        self._pid_file.write_text(f"{self._child.pid} {_start_time(self._child.pid)}")

    @property
    def pid(self) -> int | None:
        """None if it is not running."""
        if self._child is not None:
            self._child.poll()
        try:
            pid, started = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):  # not started, or not recorded yet
            return None
        return int(pid) if _start_time(int(pid)) == started else None

    @property
    def running(self) -> bool:
        return self.pid is not None

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Suspends it, with its connections open."""

        def each(number: int) -> None:
            for pid in _marked(self.log.parent):
                if Path(f"/proc/{pid}/comm").read_text().strip() == self.name:
                    os.kill(pid, number)

        each(signal.SIGSTOP)
        try:
            yield
        finally:
            each(signal.SIGCONT)

    def kill(self) -> None:
        """Stops it; returns when it is gone."""
        pid = self.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not self.ends_within(10):
            raise RuntimeError(f"{self.name} cannot be killed: {pid}")
        self._pid_file.unlink(missing_ok=True)

    def ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def wait_until(self, condition, what: str, timeout: float = 180) -> None:
        """Polls `condition`; fails immediately if the program ends."""
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.running or time.monotonic() > deadline:
                end = "ended before" if not self.running else f"not within {timeout} s:"
                raise RuntimeError(f"{self.name} {end} {what}\n{self.output()[-4000:]}")
            time.sleep(0.05)
