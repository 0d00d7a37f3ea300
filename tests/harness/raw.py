# SPDX-License-Identifier: Apache-2.0
"""A socket without the good manners of a client library: what an abuser sends, and all it is told."""

import socket
import ssl


class RawConnection:
    """One connection to "host:port". Sending to a peer that has hung up is no error: what counts is
    what it said before."""

    def __init__(
        self,
        endpoint: str,
        tls: ssl.SSLContext | None = None,
        timeout: float = 60,
        source: str = "",  # another address of loopback is another peer
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
        """Whether the peer was still there."""
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
        """What is there, at least a byte; empty when the peer has hung up."""
        try:
            return self.socket.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            return b""

    def receive_until(self, condition) -> bytes:
        """Everything up to where `condition` holds of it, or up to the peer's end."""
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
    """Everything that the peer says to these bytes until it hangs up, which it must."""
    with RawConnection(endpoint, **options) as connection:
        connection.send(data)
        return connection.receive_all()
