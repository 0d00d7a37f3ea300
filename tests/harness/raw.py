# SPDX-License-Identifier: Apache-2.0
"""A socket that bypasses client libraries: it sends what an abuser sends, and returns everything
that the peer answers."""

import socket
import ssl


class RawConnection:
    """One connection to "host:port". Sending to a peer that has closed the connection is not an
    error: what counts is what it answered before."""

    def __init__(
        self,
        endpoint: str,
        tls: ssl.SSLContext | None = None,
        timeout: float = 60,
        source: str = "",  # another loopback address acts as another peer
    ):
        host, port = endpoint.rsplit(":", 1)
        self.socket = socket.create_connection(
            (host.strip("[]"), int(port)), timeout, source_address=(source, 0) if source else None
        )
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *unused) -> None:
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """Whether the connection was still open."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return False
        return True

    def end_output(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self) -> bytes:
        """The available bytes, at least one; empty if the peer has closed the connection."""
        try:
            return self.socket.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            return b""

    def receive_until(self, condition) -> bytes:
        """Reads until `condition` holds for what was read, or until the peer closes the
        connection."""
        received = b""
        while not condition(received):
            data = self.receive()
            if not data:
                break
            received += data
        return received

    def receive_all(self) -> bytes:
        return self.receive_until(lambda received: False)


def exchange(endpoint: str, data: bytes, **options) -> bytes:
    """Everything that the peer answers to these bytes until it closes the connection, which it
    must do."""
    with RawConnection(endpoint, **options) as connection:
        connection.send(data)
        return connection.receive_all()
