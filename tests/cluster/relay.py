# SPDX-License-Identifier: Apache-2.0
"""A loopback port of this machine that leads into a network namespace: `relay PORT PID TARGET`
connects each client to TARGET, host:port, as seen from the namespace of the process PID. Nobody
needs a route into the cluster, or an address on it."""

import asyncio
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


def enter_network(pid: int) -> None:
    """For the whole process. Existing sockets stay in the namespace in which they were created."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net", "rb") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def serve(listener: socket.socket, host: str, port: int) -> None:
    async def relay(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection(host, port)
        except OSError:
            to_client.close()
            return
        await asyncio.gather(copy(client, to_server), copy(server, to_client))
        to_server.close()
        to_client.close()

    async with await asyncio.start_server(relay, sock=listener) as started:
        await started.serve_forever()


def main() -> None:
    port, pid, target = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", int(port)))
    enter_network(int(pid))
    host, target_port = target.rsplit(":", 1)
    asyncio.run(serve(listener, host, int(target_port)))


if __name__ == "__main__":
    main()
