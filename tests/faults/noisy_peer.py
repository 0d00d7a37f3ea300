# SPDX-License-Identifier: Apache-2.0
"""An abusive client in its own process: it keeps connections busy as fast as responses arrive and
ignores retry delays, holds others idle, and stops uploads a byte short. It ends when its standard
input closes, and then prints how often it got which response."""

import argparse
import collections
import json
import selectors
import socket
import sys
from pathlib import Path

HEAD = (
    "POST /v1/traces HTTP/1.1\r\nHost: agent\r\nContent-Type: application/x-protobuf\r\n"
    "Content-Length: {}\r\n\r\n"
)


class Connection:
    """A connection that is reopened whenever it ends. It sends `request`, repeatedly if it is
    complete, or nothing if it only holds the connection open."""

    def __init__(self, noisy: "Noisy", request: bytes, complete: bool):
        self.noisy, self.request, self.complete = noisy, request, complete
        self.open()

    def open(self) -> None:
        self.rest, self.answer = memoryview(self.request), b""
        self.socket = socket.socket()
        self.socket.bind((self.noisy.source, 0))
        self.socket.setblocking(False)
        self.socket.connect_ex(self.noisy.agent)
        self.noisy.selector.register(self.socket, self.events(), self)

    def events(self) -> int:
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.rest else 0)

    def act(self, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE and self.rest:
                self.rest = self.rest[self.socket.send(self.rest) :]
            if events & selectors.EVENT_READ:
                data = self.socket.recv(65536)
                if not data:
                    raise ConnectionError("closed")
                self.read(data)
        except BlockingIOError:
            pass
        except OSError:
            self.noisy.selector.unregister(self.socket)
            self.socket.close()
            return self.open()
        self.noisy.selector.modify(self.socket, self.events(), self)

    def read(self, data: bytes) -> None:
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or b"0"
        if not end or len(body) < int(length):
            return
        self.noisy.answers[head.split()[1].decode()] += 1
        self.answer = b""
        if not self.complete or b"connection: close" in head:
            raise ConnectionError("it is over")
        if not self.rest:  # a refusal may arrive before the request is fully sent
            self.rest = memoryview(self.request)


class Noisy:
    def __init__(self, options):
        host, port = options.agent.split(":")
        self.agent, self.source = (host, int(port)), options.source
        self.selector = selectors.DefaultSelector()
        self.answers: collections.Counter = collections.Counter()
        body = options.body.read_bytes()
        whole = HEAD.format(len(body)).encode() + body
        stalled = HEAD.format(options.stalled_bytes).encode() + b"\0" * (options.stalled_bytes - 1)
        for count, request, complete in (
            (options.busy, whole, True),
            (options.stalled, stalled, False),
            (options.idle, b"", False),
        ):
            for _ in range(count):
                Connection(self, request, complete)

    def run(self) -> None:
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        print("begun", flush=True)
        while True:
            for key, events in self.selector.select():
                if key.data is None:
                    return
                key.data.act(events)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agent")
    parser.add_argument("source")
    parser.add_argument("body", type=Path)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--idle", type=int, default=0)
    parser.add_argument("--stalled", type=int, default=0)
    parser.add_argument("--stalled-bytes", type=int, default=0)
    noisy = Noisy(parser.parse_args())
    noisy.run()
    print(json.dumps(noisy.answers), flush=True)


if __name__ == "__main__":
    main()
