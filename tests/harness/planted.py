# SPDX-License-Identifier: Apache-2.0
"""Secrets that a test has planted, and the search for them in everything that was produced: in every
form in which a program may write them."""

import base64
import html
import re
from pathlib import Path
from urllib.parse import unquote

from harness.files import of_files_below
from harness.http import fetch
from harness.processes import Process

ESCAPED = re.compile(r'\\+(?:u([0-9a-fA-F]{4})|(["/\\\'=+&<>-]))')


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


def _in_base64(secret: str) -> set[str]:
    """What the base64 of any longer text, such as Basic credentials, contains if that text contains
    the secret: its first byte is the first, second or third of a group, and the characters at both
    ends also depend on its neighbors."""
    found = set()
    for before in range(3):
        data = b" " * before + secret.encode()
        first, end = -(-8 * before // 6), 8 * len(data) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(data).decode()[first:end])
    return found


class Planted:
    """`secrets` is by name, for the message of a test that finds one."""

    READINGS = {
        "as it is": lambda text: text,
        "escaped for JSON": _unescaped,
        "percent-encoded": unquote,
        "escaped for HTML": html.unescape,
    }

    def __init__(self, **secrets: str):
        self._secrets = secrets

    def add(self, **secrets: str) -> None:
        self._secrets |= secrets

    def found_in(self, said: dict[str, str]) -> list[str]:
        """`said` is by place. Returns "SECRET in PLACE, FORM" for each."""
        found = []
        for place, text in said.items():
            readings = {form: read(text) for form, read in self.READINGS.items()}
            for name, secret in self._secrets.items():
                for form, reading in readings.items():
                    if secret in reading:
                        found.append(f"{name} in {place}, {form}")
                    elif any(one in reading for one in _in_base64(secret)):
                        found.append(f"{name} in {place}, in base64, {form}")
        return found

    def assert_absent(self, said: dict[str, str]) -> None:
        found = self.found_in(said)
        assert not found, "\n".join(found)


def said_by(process: Process) -> dict[str, str]:
    """What any process shows: its log, its command line and its environment."""
    said = {f"the log of {process.name}": process.output()}
    if process.ended:
        return said
    return said | shown_in_proc(Path("/proc", str(process.pid)), process.name)


def shown_in_proc(process: Path, name: str) -> dict[str, str]:
    return {
        f"the {what} of {name}": (process / what).read_text(errors="replace")
        for what in ("cmdline", "environ")
    }


def said_by_agent(agent) -> dict[str, str]:
    """Its pages, too."""
    said = said_by(agent.process)
    for path in ("/", "/status", "/metrics"):
        said[path] = fetch(agent.url(path))[1].decode()
    return said


def written_by_agent(agent) -> dict[str, str]:
    """All of its files: its configuration, journal and dead letters. Slow, because the journal's
    files are large; most of them are zeros, allocated in advance."""
    files = of_files_below(agent.folder, lambda file: file.read_bytes().replace(b"\0", b""))
    return {
        str(file.relative_to(agent.folder)): content.decode(errors="replace")
        for file, content in files.items()
    }
