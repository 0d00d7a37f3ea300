# SPDX-License-Identifier: Apache-2.0
"""The few HTTP requests that the harness sends, with the standard library."""

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
    """The status and body of the response, whatever the status; OSError if there is no response."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def fetch_json(url: str, body: dict | None = None, method: str | None = None, timeout: float = 10):
    """The JSON of a response that must be 2xx; None if it is empty."""
    payload = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if payload else {}
    status, text = fetch(url, payload, headers, method, timeout)
    if status // 100 != 2:
        raise AssertionError(f"{url}: {status} {text[:500]!r}")
    return json.loads(text) if text else None


def answers(url: str, status: int = 200) -> bool:
    """Whether a GET now returns this status."""
    try:
        return fetch(url, timeout=2)[0] == status
    except OSError:
        return False
