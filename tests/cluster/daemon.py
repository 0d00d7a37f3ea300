"""A program that runs in the background and is found again by whoever comes later."""

import os
import signal
import subprocess
import time
from pathlib import Path


def _start_time(pid: int) -> str | None:
    """When the kernel started it, which tells it from a later process with the same id; None when
    there is none, or only what its parent has not looked at yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        threads = len(os.listdir(f"/proc/{pid}/task"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    # The first thread may be a zombie before the others are done, and the files closed.
    return None if fields[0] in "ZX" and threads == 1 else fields[19]


class Daemon:
    """The program `name`, its output in `folder`/`name`.log and its id in `name`.pid: another process
    that knows the folder can see and stop it, also after the one that started it has crashed."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.log = folder / f"{name}.log"
        self._pid_file = folder / f"{name}.pid"
        self._child: subprocess.Popen | None = None

    def start(self, arguments: list, **options) -> None:
        if self.running:
            return
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                start_new_session=True,  # a Ctrl-C is for the one who started it
                **options,
            )
        self._pid_file.write_text(f"{self._child.pid} {_start_time(self._child.pid)}")

    @property
    def pid(self) -> int | None:
        """None when it does not run."""
        if self._child is not None:
            self._child.poll()
        try:
            pid, started = self._pid_file.read_text().split()
        except (FileNotFoundError, ValueError):  # not started, or killed between start and note
            return None
        return int(pid) if _start_time(int(pid)) == started else None

    @property
    def running(self) -> bool:
        return self.pid is not None

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, timeout: float = 15) -> None:
        """SIGTERM, and SIGKILL for what does not end."""
        if not self._ended_by(signal.SIGTERM, timeout):
            self.kill()

    def kill(self) -> None:
        self._ended_by(signal.SIGKILL, 10)

    def _ended_by(self, number: int, timeout: float) -> bool:
        pid = self.pid
        if pid is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # ended meanwhile
        deadline = time.monotonic() + timeout
        while self.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        self._pid_file.unlink(missing_ok=True)
        return True

    def wait_until(self, condition, what: str, timeout: float = 60) -> None:
        """Polls `condition`; fails at once when the program ends."""
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.running or time.monotonic() > deadline:
                end = "ended before" if not self.running else f"not within {timeout} s:"
                raise RuntimeError(f"{self.name} {end} {what}\n{self.output()[-4000:]}")
            time.sleep(0.05)
