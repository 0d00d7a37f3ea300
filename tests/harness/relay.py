# SPDX-License-Identifier: Apache-2.0
"""A TCP relay. It changes no bytes, but it can record them, and it can simulate a network that
loses every packet: unlike with a server that does not answer, the kernel then gets no
acknowledgments."""

import ctypes
import socket
import struct
import threading

# A socket filter that drops everything: BPF_RET | BPF_K with 0 bytes. linux/filter.h, socket.h.
TAKE_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
FILTER = struct.pack("HP", 1, ctypes.addressof(TAKE_NOTHING))
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27


class Relay:
    """Relays to `target`, host:port. If `streams` is given, the clients' bytes are also appended to
    it, as one bytearray per connection."""

    def __init__(self, target: str, streams: list[bytearray] | None = None):
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self._streams = streams
        self._lock = threading.Lock()
        self._facing_clients: list[socket.socket] = []
        self._facing_target: list[socket.socket] = []
        self._loses_all = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_all(self) -> None:
        """After this call, no packet of a client arrives, not even a connection request."""
        with self._lock:
            self._loses_all = True
            for one in [self._listener, *self._facing_clients]:
                one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, FILTER)

    def heal(self) -> None:
        with self._lock:
            self._loses_all = False
            for one in [self._listener, *self._facing_clients]:
                one.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)

    def close(self) -> None:
        with self._lock:
            for one in [self._listener, *self._facing_clients, *self._facing_target]:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # its peer has closed it
                one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                target = socket.create_connection(self._target)
            except OSError:
                return
            kept = None
            if self._streams is not None:
                kept = bytearray()
                self._streams.append(kept)
            with self._lock:
                self._facing_clients.append(client)
                self._facing_target.append(target)
                if self._loses_all:  # it was accepted just before
                    client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, FILTER)
            for arguments in ((client, target, kept), (target, client, None)):
                threading.Thread(target=pump, args=arguments, daemon=True).start()


def pump(source: socket.socket, sink: socket.socket, kept: bytearray | None = None) -> None:
    """Passes the bytes on until one side closes."""
    try:
        while data := source.recv(65536):
            if kept is not None:
                kept += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other direction closed both
