# SPDX-License-Identifier: Apache-2.0
"""A TLS proxy in front of the sink, which listens without TLS and on loopback only: `front
CERTIFICATE KEY PORT=TARGET=PROTOCOL…` accepts TLS on each PORT of all addresses, negotiates
PROTOCOL (h2, http/1.1) and forwards what it reads to TARGET, a loopback port."""

import asyncio
import ssl
import sys


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To the end of either side; a TLS stream cannot be ended in one direction alone."""
    try:
        while content := await reader.read(256 * 1024):
            writer.write(content)
            await writer.drain()
    except OSError:
        pass  # closed by its peer
    finally:
        writer.close()


def relay_to(port: int):
    async def relay(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            sink, to_sink = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            to_client.close()
            return
        await asyncio.gather(copy(client, to_sink), copy(sink, to_client))

    return relay


def context(certificate: str, key: str, protocol: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    made.set_alpn_protocols([protocol])
    return made


async def serve(certificate: str, key: str, fronts: list[str]) -> None:
    servers = []
    for front in fronts:
        port, target, protocol = front.split("=")
        tls = context(certificate, key, protocol)
        relay = relay_to(int(target))
        servers.append(await asyncio.start_server(relay, "0.0.0.0", int(port), ssl=tls))
    print("running", flush=True)
    await asyncio.gather(*[server.serve_forever() for server in servers])


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], sys.argv[3:]))
