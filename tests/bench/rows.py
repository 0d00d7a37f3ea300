# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: which load runs on which systems."""

from dataclasses import dataclass, replace

from measure import LoadOptions
from systems import Link

# Patterns for the keys of systems.
ALL = r"dualtrace|collector-(memory|file|file-fsync)|rotel"
MAIN = r"dualtrace|collector-(memory|file)|rotel"
STORED = r"dualtrace|collector-file"
WITH_RECEIVER_TLS = r"dualtrace|collector-(memory|file|file-fsync)"

PLAIN = Link()
GZIP = Link(gzip=True)
TLS = replace(GZIP, tls=True)
CLIENT_TLS = replace(GZIP, client_tls=True)
CLIENT_MTLS = replace(CLIENT_TLS, client_certificates=True)
TLS_EVERYWHERE = replace(CLIENT_MTLS, tls=True)


@dataclass
class Row:
    key: str
    title: str
    load: LoadOptions
    link: Link
    systems: str = MAIN
    quick: bool = False  # part of --quick
    table: str = "cost"
    times: int = 1  # how much longer than other rows, to get enough requests
    warm_up: bool = False  # exclude one-time costs: connecting to the destinations


def paced(thousand: int, gzip: bool, systems: str = MAIN, quick: bool = False) -> Row:
    how = "gzip" if gzip else "plain"
    return Row(f"{thousand}k-{how}", f"{thousand}k/s, {how}",
               LoadOptions(rate=thousand * 1000, gzip=gzip), Link(gzip), systems, quick)


def over_tls(key: str, how: str, link: Link, systems: str = WITH_RECEIVER_TLS) -> Row:
    return Row(key, f"20k/s, gzip, {how}", LoadOptions(rate=20_000, gzip=True), link, systems)


ROWS = [
    paced(10, True, ALL),
    paced(20, True, ALL, quick=True),
    paced(50, True, ALL),
    Row("saturation-gzip", "saturation from 64 connections, gzip",
        LoadOptions(gzip=True, connections=64), GZIP, ALL, quick=True),
    paced(10, False, STORED),
    paced(20, False, quick=True),
    paced(50, False),
    Row("saturation-plain", "saturation from 64 connections, plain",
        LoadOptions(connections=64), PLAIN, quick=True),
    Row("20k-http", "20k/s by OTLP/HTTP, gzip",
        LoadOptions(rate=20_000, gzip=True, protocol="http"), GZIP, STORED),
    over_tls("tls-destinations", "TLS to the destinations", TLS, ALL),
    over_tls("tls-clients", "TLS from clients", CLIENT_TLS),
    over_tls("mtls-clients", "mTLS from clients", CLIENT_MTLS),
    over_tls("tls-everywhere", "mTLS from clients, TLS to the destinations", TLS_EVERYWHERE),
    Row("llm", "30 kB LLM spans, 400/s, gzip",
        LoadOptions(rate=400, spans=5, span_bytes=30_000, gzip=True), GZIP, quick=True),
    Row("10kB", "10 kB spans, 1k/s, plain",
        LoadOptions(rate=1000, spans=10, span_bytes=10_000), PLAIN, STORED),
    Row("100kB", "100 kB spans, 500/s, plain",
        LoadOptions(rate=500, spans=5, span_bytes=100_000), PLAIN, STORED),
    Row("1-connection", "20k/s on 1 connection, gzip",
        LoadOptions(rate=20_000, gzip=True, connections=1, in_flight=16), GZIP, STORED),
    Row("1000-connections", "20k/s on 1,000 connections, gzip",
        LoadOptions(rate=20_000, gzip=True, connections=1000), GZIP, STORED),
]


def trickle(requests: int, spans: int) -> Row:
    """A load as on most nodes. SDKs do not compress by default."""
    what = "one span" if spans == 1 else f"{spans} spans of 2 kB"
    load = LoadOptions(rate=requests * spans, spans=spans, span_bytes=600 if spans == 1 else 2000,
                       connections=min(requests, 16))
    often = "1 request/s" if requests == 1 else f"{requests:,} requests/s"
    return Row(f"trickle-{requests}x{spans}", f"{often} of {what}", load, GZIP, ALL,
               table="trickle", times=2 if requests <= 10 else 1, warm_up=True)


ROWS += [trickle(requests, spans) for spans in (1, 10) for requests in (1, 10, 100, 1000)]
ROWS.append(replace(trickle(100, 10), key="trickle-100x10-tls", link=TLS,
                    title="100 requests/s of 10 spans of 2 kB, TLS to the destinations"))

# A second of this load precedes a measurement that must not include one-time costs.
WARM_UP = LoadOptions(rate=1000, spans=10, connections=4)
WARM_UP_SECONDS = 1

# No load at all, some time after a load.
IDLE_KEY = "idle"
IDLE_SYSTEMS = ALL
IDLE_SECONDS = 20
SETTLE_SECONDS = 33  # dualtrace returns memory every ten seconds, closes connections after 30

# Ten times a system's capacity, from 1,000 connections with four requests each; then 20k/s.
# 240 MB are then in flight; dualtrace may hold 64 MiB.
OVERLOAD_KEY = "overload"
OVERLOAD_FACTOR = 10
OVERLOAD_SYSTEMS = STORED
BEFORE_OVERLOAD = LoadOptions(connections=64)
OVERLOAD = LoadOptions(connections=1000, in_flight=4)
AFTER_OVERLOAD = LoadOptions(rate=20_000)
OVERLOAD_LIMITS = {"receiver": {"listen": ["127.0.0.1:0"], "limits": {"memoryBytes": "64Mi"}}}

# One destination accepts requests and answers none of them for a while.
BLACKHOLE_KEY = "blackhole"
BLACKHOLE_SYSTEMS = r"dualtrace|collector-(memory|file|file-no-batch)"
BLACKHOLE = LoadOptions(rate=10_000, gzip=True)
BLACKHOLE_SECONDS = 60
AROUND_BLACKHOLE_SECONDS = 5  # before and after it, under the same load
