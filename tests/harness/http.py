# SPDX-License-Identifier: Apache-2.0
"""The few HTTP requests the harness makes, with the standard library."""

import json
import urllib.error
import urllib.request


def fetch(
    url: str,
    body: bytes | None = None,
    headers: dict | None = None,
    method: str | None = None,
    timeout: float = 10,
) -> tuple[int, bytes]:
    """Status and body of the answer, whatever the status; OSError when there is no answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def fetch_json(url: str, body: dict | None = None, method: str | None = None, timeout: float = 10):
    """The JSON of an answer that must be 2xx; None for an empty one."""
    payload = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if payload else {}
    status, text = fetch(url, payload, headers, method, timeout)
    if status // 100 != 2:
        raise AssertionError(f"{url}: {status} {text[:500]!r}")
    return json.loads(text) if text else None


def answers(url: str, status: int = 200) -> bool:
    """Whether a GET is answered with that status now."""
    try:
        return fetch(url, timeout=2)[0] == status
    except OSError:
        return False
