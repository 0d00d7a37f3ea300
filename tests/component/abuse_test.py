# SPDX-License-Identifier: Apache-2.0
"""Connections that violate HTTP, flood, stall or stay silent: each ends with the response that its
protocol defines, the agent's memory stays flat, and other clients are served."""

import json
import re
import socket
import ssl

import grpc
import pytest
from harness import http2, otlp
from harness.authority import Authority, receiver_tls
from harness.curl import EXPORT, JSON, PROTOBUF, TRACES, parse_answer, request
from harness.http import fetch
from harness.http2 import frame, grpc_message, header_block, headers, request_fields
from harness.processes import wait_until
from harness.raw import RawConnection, exchange
from harness.siege import ENVIRONMENT, Siege

GOOD = otlp.make_request()
BUDGET = 8 * 1024 * 1024
HEADER_LIMIT = 8192
UNAVAILABLE = 14
LIMITS = {
    "requestBytes": 1024 * 1024,
    "memoryBytes": BUDGET,
    "headerBytes": HEADER_LIMIT,
    "headerTimeout": "1s",
    "bodyTimeout": "2s",
    "streams": 20,
}


@pytest.fixture(scope="module", autouse=True)
def environment():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def siege(module_stage, environment):
    sandbox = module_stage.sandbox()
    agent = module_stage.agent(sandbox.agent_config(), {"receiver": {"limits": LIMITS}})
    siege = Siege(agent, BUDGET)
    yield siege
    siege.end()
    assert len(agent.process.output().splitlines()) < 20, "abuse fills the log"


def counted(agent, name: str) -> float:
    """A counter's value, summed over all labels."""
    pattern = re.compile(rf"^{name}(\{{[^}}]*\}})? (\S+)$", re.MULTILINE)
    return sum(float(value) for _, value in pattern.findall(agent.metrics()))


# --- HTTP/1.1 ---------------------------------------------------------------------------------------

HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: agent\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}"


def with_header(line: bytes) -> bytes:
    return HEAD + line + b"\r\n\r\n{}" + SMUGGLED


# The input, and the statuses that may answer it. After the answer, the connection closes, and the
# hidden rest is not treated as a request.
MALFORMED = {
    "both lengths": (with_header(b"Content-Length: 2\r\nTransfer-Encoding: chunked"), {400}),
    "two lengths": (with_header(b"Content-Length: 2\r\nContent-Length: 3"), {400}),
    "one length twice": (with_header(b"Content-Length: 2\r\nContent-Length: 2"), {400}),
    "a list of lengths": (with_header(b"Content-Length: 2, 2"), {400}),
    "a signed length": (with_header(b"Content-Length: +2"), {400}),
    "a negative length": (with_header(b"Content-Length: -2"), {400}),
    "a length in hex": (with_header(b"Content-Length: 0x2"), {400}),
    "a length of 20 digits": (with_header(b"Content-Length: " + b"9" * 20), {400}),
    "chunked twice": (with_header(b"Transfer-Encoding: chunked, chunked"), {400, 501}),
    "chunked not last": (with_header(b"Transfer-Encoding: chunked, gzip"), {400, 501}),
    "almost chunked": (with_header(b"Transfer-Encoding: xchunked"), {400, 501}),
    "chunked, badly spaced": (with_header(b"Transfer-Encoding: \x0bchunked"), {400, 501}),
    "a space before the colon": (with_header(b"Content-Length : 2"), {400}),
    "no colon": (with_header(b"Content-Length 2"), {400}),
    "a zero byte": (with_header(b"Content-Length: 2\r\nX: a\0b"), {400}),
    "a bare line feed": (with_header(b"Content-Length: 2\nX: y"), {400}),
    "no host": (b"POST /v1/traces HTTP/1.1\r\nContent-Length: 0\r\n\r\n", {400}),
    "two hosts": (with_header(b"Host: other\r\nContent-Length: 2"), {400}),
    "no length": (HEAD + b"\r\n{}", {411}),
    "a chunk size that is no number": (CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", {400}),
    "a negative chunk size": (CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", {400}),
    "a chunk size in 0x": (CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n", {400}),
    "a chunk size of 17 digits": (CHUNKED + b"f" * 17 + b"\r\n", {400}),
    "the largest chunk size": (CHUNKED + b"f" * 16 + b"\r\n{}", {400, 408, 413}),
    "a chunk longer than it says": (CHUNKED + b"2\r\n{}{}\r\n0\r\n\r\n", {400}),
    "an endless chunk extension": (CHUNKED + b"2;" + b"x" * 100_000, {400}),
    "endless trailers": (CHUNKED + b"0\r\n" + b"X: y\r\n" * 20_000, {400}),
    "many empty lines": (b"\r\n" * 100 + HEAD, {400}),
    "a bare line feed before it": (b"\n" + with_header(b"Content-Length: 2"), {400}),
    "no HTTP at all": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 hello\r\n\r\n", {400}),
    "HTTP/0.9": (b"GET /\r\n\r\n", {400}),
    "HTTP/3": (b"POST /v1/traces HTTP/3.0\r\nHost: agent\r\n\r\n", {400, 505}),
    "an expectation of nobody": (with_header(b"Expect: miracles\r\nContent-Length: 2"), {417}),
    "an endless request line": (b"POST /" + b"x" * (1 << 20), {431}),
    "an endless header": (HEAD + b"X: " + b"x" * (1 << 20), {431}),
    "too many headers": (HEAD + b"X: y\r\n" * 20_000, {431}),
}


@pytest.mark.parametrize("case", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_http1_is_refused_once_and_hung_up_on(siege, case):
    data, statuses = case
    with siege.attack():
        said = exchange(siege.agent.http_endpoint, data)
    answer = parse_answer(said)
    assert answer.http_status in statuses, said
    assert said.count(b"HTTP/1.1 ") == 1, said
    assert answer.headers["connection"] == "close"
    assert answer.status().message, said


LENIENT = {
    "chunks": CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    "a chunk extension": CHUNKED + b'2;name="value"\r\n{}\r\n0\r\n\r\n',
    "a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX-Checksum: 5\r\n\r\n",
    "a folded header": HEAD + b"X: one\r\n two\r\nContent-Length: 2\r\n\r\n{}",
    "a target in absolute form": CHUNKED.replace(b"/v1", b"http://agent:4318/v1") + b"2\r\n{}\r\n0\r\n\r\n",
    "an empty line before it": b"\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    "an expectation of 1.0": HEAD.replace(b"1.1", b"1.0")
    + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("data", LENIENT.values(), ids=LENIENT.keys())
def test_what_http1_allows_is_taken(siege, data):
    with RawConnection(siege.agent.http_endpoint) as connection:
        connection.send(data)
        connection.end_output()  # half closed: the answer must arrive nevertheless
        said = connection.receive_all()
    assert parse_answer(said).http_status == 200, said


# --- HTTP/2 -----------------------------------------------------------------------------------------

FRAMES = 20_000
GIVEN_UP = "dualtrace_receiver_connections_given_up_total"
POST = header_block(request_fields(TRACES, JSON))
OPEN = frame(http2.HEADERS, http2.END_HEADERS, 1, POST)


def each_stream(count: int, make) -> bytes:
    return b"".join(make(stream) for stream in range(1, 2 * count, 2))


def bomb() -> bytes:
    """A 4,000-byte header that is added to the HPACK table once and referenced 16,000 times, by one
    byte each."""
    value = b"\x7f" + bytes([(4000 - 127) & 0x7F | 0x80, (4000 - 127) >> 7]) + b"x" * 4000
    return POST + b"\x40\x01x" + value + b"\xbe" * 12_000


CALM, PROTOCOL, SIZE = http2.ENHANCE_YOUR_CALM, http2.PROTOCOL_ERROR, 6
# The bytes after the greeting, and the error code of the final GOAWAY. The set is empty if nghttp2
# hangs up without one.
FLOODS = {
    "resets": (
        each_stream(
            FRAMES,
            lambda stream: headers(stream, request_fields(TRACES, JSON))
            + frame(http2.RST_STREAM, 0, stream, b"\0\0\0\x08"),
        ),
        {CALM},
    ),
    "provoked resets": (
        each_stream(
            FRAMES,
            lambda stream: headers(stream, request_fields(TRACES, JSON))
            + frame(http2.WINDOW_UPDATE, 0, stream, b"\0\0\0\0"),
        ),
        {CALM, PROTOCOL},
    ),
    "streams above the limit": (
        each_stream(FRAMES, lambda stream: headers(stream, request_fields(TRACES, JSON))),
        {CALM},
    ),
    "PING": (frame(http2.PING, payload=b"12345678") * FRAMES, {CALM, None}),
    "SETTINGS": (frame(http2.SETTINGS) * FRAMES, {CALM, None}),
    "PRIORITY": (frame(http2.PRIORITY, 0, 3, b"\0\0\0\0\x10") * FRAMES, {CALM}),
    "WINDOW_UPDATE": (frame(http2.WINDOW_UPDATE, payload=b"\0\0\0\1") * FRAMES, {CALM}),
    "empty DATA": (OPEN + frame(http2.DATA, 0, 1) * FRAMES, {CALM}),
    "an endless header": (
        frame(http2.HEADERS, 0, 1, POST)
        + frame(http2.CONTINUATION, 0, 1, header_block([("x", "y" * 100)] * 100)) * 1000,
        {CALM, None},
    ),
    "empty CONTINUATION": (
        frame(http2.HEADERS, 0, 1, POST) + frame(http2.CONTINUATION, 0, 1) * FRAMES,
        {CALM, None},
    ),
    "a window that overflows": (
        frame(http2.WINDOW_UPDATE, payload=b"\x7f\xff\xff\xff") * 2,
        {3},  # FLOW_CONTROL_ERROR
    ),
    "a frame that is too long": (frame(http2.PING, payload=b"x" * 20_000), {SIZE}),
    "a push from the client": (frame(http2.PUSH_PROMISE, 4, 1, b"\0\0\0\2" + POST), {PROTOCOL}),
    "DATA on no stream": (frame(http2.DATA, 0, 0, b"x"), {PROTOCOL}),
}


@pytest.mark.parametrize("case", FLOODS.values(), ids=FLOODS.keys())
def test_http2_floods_end_with_goaway(siege, case):
    data, codes = case
    given_up = counted(siege.agent, GIVEN_UP)
    with siege.attack():
        said = exchange(siege.agent.grpc_endpoint, http2.greeting() + data)
    assert counted(siege.agent, GIVEN_UP) == given_up + 1
    goaways = [one.error_code for one in http2.frames(said) if one.kind == http2.GOAWAY]
    assert (goaways[-1] if goaways else None) in codes, list(http2.frames(said))[-5:]


def test_a_header_bomb_is_answered_and_kept_nowhere(siege):
    data = http2.greeting() + frame(http2.HEADERS, http2.END_HEADERS, 1, bomb()[:16384])
    with siege.attack(), RawConnection(siege.agent.grpc_endpoint) as connection:
        connection.send(data + frame(http2.DATA, http2.END_STREAM, 1, b"{}"))
        ended = connection.receive_until(
            lambda said: any(one.stream == 1 for one in http2.frames(said))
        )
    assert any(one.stream == 1 for one in http2.frames(ended)), ended


def test_a_stream_too_many_is_refused_and_the_others_go_on(siege):
    def refused(said: bytes) -> bool:
        return any(one.kind == http2.RST_STREAM for one in http2.frames(said))

    many = each_stream(
        LIMITS["streams"] + 1, lambda stream: headers(stream, request_fields(TRACES, JSON))
    )
    with RawConnection(siege.agent.grpc_endpoint) as connection:
        connection.send(http2.greeting() + many)
        said = connection.receive_until(refused)
        (reset,) = [one for one in http2.frames(said) if one.kind == http2.RST_STREAM]
        assert reset.error_code == http2.REFUSED_STREAM
        assert reset.stream == 2 * LIMITS["streams"] + 1
        connection.send(frame(http2.DATA, http2.END_STREAM, 1, b"{}"))
        answered = connection.receive_until(
            lambda said: any(one.kind == http2.HEADERS and one.stream == 1 for one in http2.frames(said))
        )
        assert answered


@pytest.mark.parametrize("protocol", ["gRPC", "HTTP/2"])
def test_a_client_that_closed_its_half_gets_its_answer(siege, protocol):
    path, content_type, body = (
        (EXPORT, "application/grpc", grpc_message(GOOD))
        if protocol == "gRPC"
        else (TRACES, PROTOBUF, GOOD)
    )
    fields = request_fields(path, content_type)
    with RawConnection(siege.agent.grpc_endpoint) as connection:
        connection.send(http2.greeting() + headers(1, fields))
        connection.send(frame(http2.DATA, http2.END_STREAM, 1, body))
        connection.end_output()
        said = list(http2.frames(connection.receive_all()))
    last = [one for one in said if one.stream == 1][-1]
    assert last.flags & http2.END_STREAM and last.kind in (http2.HEADERS, http2.DATA)


# --- the slow and the silent ------------------------------------------------------------------------

HTTP1_BODY = HEAD + b"Content-Length: 1000\r\n\r\n"
HTTP2_BODY = http2.greeting() + OPEN
# What is sent first, what is then sent byte by byte, and the agent's answer before it hangs up.
SLOW = {
    "nothing": (b"", b"", b""),
    "a slow request line": (b"", b"POST /v1/traces HTTP/1.1\r\n", b" 408 "),
    "a slow header": (HEAD, b"X: " + b"y" * 10_000, b" 408 "),
    "a slow body": (HTTP1_BODY, b"{" + b" " * 900, b" 408 "),
    "slow chunks": (CHUNKED, b"1\r\n{\r\n" * 1000, b" 408 "),
    "a slow preface": (b"", http2.PREFACE, b""),
    "no SETTINGS": (http2.PREFACE, b"", b""),
    "a slow header in HTTP/2": (http2.greeting() + frame(http2.HEADERS, 0, 1, POST), b"\0\0\x05\x09", b""),
}


@pytest.mark.parametrize("case", SLOW.values(), ids=SLOW.keys())
def test_slow_clients_are_given_up(siege, case):
    begin, trickle, says = case
    with siege.attack(), RawConnection(siege.agent.http_endpoint) as connection:
        connection.send(begin)
        connection.socket.settimeout(0.02)
        said, ended, rest = b"", False, iter(trickle)
        while not ended:
            byte = next(rest, None)
            if byte is not None:
                connection.send(bytes([byte]))
            try:
                data = connection.receive()
            except TimeoutError:
                continue
            said, ended = said + data, not data
    assert says in said, said


def test_a_slow_body_in_http2_is_answered_and_others_on_the_connection_go_on(siege):
    def ended(stream: int):
        return lambda said: any(
            one.stream == stream and one.flags & http2.END_STREAM for one in http2.frames(said)
        )

    with siege.attack(), RawConnection(siege.agent.http_endpoint) as connection:
        connection.send(HTTP2_BODY + frame(http2.DATA, 0, 1, b"{"))
        assert ended(1)(connection.receive_until(ended(1)))
        connection.send(headers(3, request_fields(TRACES, JSON)))
        connection.send(frame(http2.DATA, http2.END_STREAM, 3, b"{}"))
        assert ended(3)(connection.receive_until(ended(3)))


def test_answers_that_are_never_read_pile_up_nowhere(siege):
    requests = (HEAD + b"Content-Length: 2\r\n\r\n{}") * 1000
    before = counted(siege.agent, "dualtrace_receiver_connections")
    with siege.attack(), RawConnection(siege.agent.http_endpoint, timeout=5) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            while connection.send(requests):
                pass
        except TimeoutError:
            pass  # it has stopped reading
        wait_until(
            lambda: counted(siege.agent, "dualtrace_receiver_connections") <= before,
            "the agent has hung up",
        )


def test_a_client_that_opens_no_window_is_given_up_stream_by_stream(siege):
    def resets(said: bytes) -> set[int]:
        found = [one for one in http2.frames(said) if one.kind == http2.RST_STREAM]
        return {one.stream for one in found if one.error_code == http2.CANCEL}

    streams = [1, 3, 5]
    with siege.attack(), RawConnection(siege.agent.http_endpoint) as connection:
        connection.send(http2.greeting(initial_window_size=0))
        for stream in streams:
            connection.send(headers(stream, request_fields(TRACES, JSON)))
            connection.send(frame(http2.DATA, http2.END_STREAM, stream, b"{}"))
        said = connection.receive_until(lambda said: resets(said) >= set(streams))
    assert resets(said) == set(streams)


# --- too much at once -------------------------------------------------------------------------------


def test_a_used_up_budget_is_answered_with_a_delay_and_free_again_afterwards(stage, sandbox, tmp_path):
    kib = 1024
    limits = {"requestBytes": 512 * kib, "memoryBytes": 1024 * kib, "bodyPace": 0}
    agent = stage.agent(sandbox.agent_config(), {"receiver": {"limits": limits}})
    holders = []
    for source, size in (("127.0.0.11", 500 * kib), ("127.0.0.12", 350 * kib)):
        body = otlp.make_request(text="x" * size)
        head = HEAD.replace(b"json", b"x-protobuf") + b"Content-Length: %d\r\n\r\n" % len(body)
        holder = RawConnection(agent.http_endpoint, source=source)
        holder.send(head + body[:-2])  # all but the last bytes
        holders.append((holder, body[-2:]))
    wait_until(
        lambda: counted(agent, "dualtrace_admission_bytes") > 850 * kib, "the budget is used up"
    )

    large = otlp.make_request(text="x" * 200 * kib)  # curl sends it before it reads the answer
    for content_type in (PROTOBUF, JSON):
        answer = request(tmp_path, agent.http_endpoint, large, content_type)
        assert (answer.http_status, answer.status().code) == (503, UNAVAILABLE)
        assert answer.retry_seconds() == int(answer.headers["retry-after"]) == 1
    # Larger than a flow-control window, so curl would not send all of it.
    with grpc.insecure_channel(agent.grpc_endpoint.removeprefix("http://")) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(EXPORT)(large, timeout=30)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "memory" in refused.value.details()
    assert "grpc-status-details-bin" in dict(refused.value.trailing_metadata())
    assert counted(agent, "dualtrace_admission_refusals_total") >= 3
    assert counted(agent, "dualtrace_admission_share_refusals_total") == 0
    # A small request is still admitted.
    assert request(tmp_path, agent.http_endpoint, GOOD).http_status == 200

    for holder, rest in holders:
        holder.send(rest)
        holder.end_output()
        # 429 or 503 if the other one leaves no memory for processing it.
        assert parse_answer(holder.receive_all()).http_status in (200, 429, 503)
    wait_until(lambda: counted(agent, "dualtrace_admission_bytes") == 0, "the budget is free")
    assert request(tmp_path, agent.http_endpoint, large).http_status == 200


def test_uploads_that_stop_a_byte_short_hold_nobody_up(stage, sandbox, tmp_path):
    limits = {"requestBytes": 256 * 1024, "memoryBytes": 1024 * 1024}
    agent = stage.agent(sandbox.agent_config(), {"receiver": {"limits": limits}})
    body = b"\0" * limits["requestBytes"]
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    holders = [RawConnection(agent.http_endpoint, source="127.0.0.11") for _ in range(4)]
    for number, holder in enumerate(holders):
        holder.send(head + body[:-1])
        wait_until(
            lambda held=min(number + 1, 3) * len(body): counted(agent, "dualtrace_admission_bytes")
            >= held,
            "it is admitted",
        )
    refused = holders[3].receive_all()  # above its share
    answer = parse_answer(refused)
    assert (answer.http_status, answer.headers["retry-after"]) == (429, "1"), refused
    assert "share" in answer.status().message
    assert counted(agent, "dualtrace_admission_share_refusals_total") == 1
    for _ in range(20):
        assert request(tmp_path, agent.http_endpoint, GOOD).http_status == 200
    # Slow bodies are cut off before their minute is over.
    for holder in holders[:3]:
        assert parse_answer(holder.receive_all()).http_status == 408
    wait_until(lambda: counted(agent, "dualtrace_admission_bytes") == 0, "the budget is free")


def test_connections_above_the_limit_are_closed_until_there_is_room(stage, sandbox, tmp_path):
    limits = {"connections": 5, "headerTimeout": "1m"}
    agent = stage.agent(sandbox.agent_config(), {"receiver": {"limits": limits}})
    open_ones = [RawConnection(agent.http_endpoint) for _ in range(5)]
    for connection in open_ones:  # it has been answered, so it is open
        connection.send(HEAD + b"Content-Length: 2\r\n\r\n{}")
        assert connection.receive()
        connection.send(HEAD)  # and not idle
    wait_until(
        lambda: exchange(agent.http_endpoint, b"") == b""
        and counted(agent, "dualtrace_receiver_connections_refused_total") >= 20,
        "newcomers of the same peer are refused",
    )
    open_ones.pop().socket.close()
    wait_until(
        lambda: counted(agent, "dualtrace_receiver_connections") < 5, "one connection is gone"
    )
    assert request(tmp_path, agent.http_endpoint, GOOD).http_status == 200


@pytest.mark.parametrize("begun", [b"", HEAD, HTTP1_BODY, HTTP2_BODY], ids=["idle", "head", "body", "HTTP/2"])
def test_the_connections_of_one_peer_do_not_shut_out_others(stage, sandbox, begun):
    limits = {"connections": 50, "headerTimeout": "1m", "bodyPace": 0}
    agent = stage.agent(sandbox.agent_config(), {"receiver": {"limits": limits}})
    greedy = [RawConnection(agent.http_endpoint, source="127.0.0.11") for _ in range(50)]
    for connection in greedy:
        connection.send(begun)
    wait_until(lambda: counted(agent, "dualtrace_receiver_connections") == 50, "all are taken")
    others = [
        RawConnection(agent.http_endpoint, source=f"127.0.0.{number}") for number in range(20, 40)
    ]
    for _ in range(2):
        for other in others:
            other.send(HEAD + b"Content-Length: 2\r\n\r\n{}")
            assert parse_answer(other.receive()).http_status == 200
    assert fetch(agent.url("/readyz"))[0] == 200
    assert 'connections_given_up_total{reason="displaced"}' in agent.metrics()
    assert counted(agent, "dualtrace_receiver_connections_refused_total") == 0
    assert counted(agent, "dualtrace_receiver_connections") <= 50
    for connection in greedy:
        connection.socket.close()


# --- TLS --------------------------------------------------------------------------------------------


def test_abuse_of_tls(stage, sandbox, tmp_path):
    authority = Authority(tmp_path / "authority")
    tls = receiver_tls(authority, authority.certificate)
    agent = stage.agent(sandbox.agent_config(), tls, {"receiver": {"limits": LIMITS}})
    certificate, key = authority.issue("client")
    context = ssl.create_default_context(cafile=authority.certificate)
    context.load_cert_chain(certificate, key)

    def served() -> bool:
        with RawConnection(agent.http_endpoint, context) as connection:
            connection.send(HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
            return parse_answer(connection.receive_all()).http_status == 200

    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    silent = [RawConnection(agent.http_endpoint) for _ in range(20)]
    for number, connection in enumerate(silent):
        connection.send(hello[: number % len(hello)])  # no handshake, or a partial one
    assert served()
    for data in (
        HEAD + b"Content-Length: 2\r\n\r\n{}",
        http2.greeting(),
        hello + b"\xff" * 600,
        b"\x16\x03\x01\xff\xff" + b"\0" * 70_000,
    ):
        said = exchange(agent.http_endpoint, data)
        assert b"HTTP" not in said
    assert served()
    for connection in silent:
        assert connection.receive_all() == b""  # closed without an HTTP answer

    stranger, stranger_key = Authority(tmp_path / "another").issue("stranger")
    wrong = ssl.create_default_context(cafile=authority.certificate)
    wrong.load_cert_chain(stranger, stranger_key)
    for refused in (wrong, ssl.create_default_context(cafile=authority.certificate)):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            with RawConnection(agent.http_endpoint, refused) as connection:
                connection.socket.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
                while connection.socket.recv(65536):
                    pass
                raise ConnectionError("ended without an answer")
    assert served()
    # The silent ones, three with no TLS or broken TLS, and two without the right certificate.
    assert counted(agent, GIVEN_UP) >= len(silent) + 5


# --- the status server, IPv6 ------------------------------------------------------------------------


def test_the_status_server_survives_the_same(siege):
    agent = siege.agent
    endpoint = f"127.0.0.1:{agent.observe_port}"
    get = b"GET /livez HTTP/1.1\r\nHost: agent\r\n"
    cases = {
        b"\x16\x03\x01\x02garbage\r\n\r\n": 400,
        get + b"X: " + b"x" * (1 << 20): 431,
        get + b"X: y\r\n" * 20_000: 431,
        get + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
        get + b"Content-Length: 99999999\r\n\r\n": 413,
        get + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n": 400,
        http2.greeting(): 400,
    }
    for data, status in cases.items():
        with siege.attack():
            said = exchange(endpoint, data)
        assert parse_answer(said).http_status == status, (data[:80], said)
    # Silent connections do not lock out the kubelet.
    silent = [RawConnection(endpoint) for _ in range(200)]  # three times the maximum
    with siege.attack():
        assert fetch(agent.url("/livez"))[0] == 200
        assert fetch(agent.url("/readyz"))[0] == 200
        assert json.loads(fetch(agent.url("/status"))[1])["lanes"]
    for connection in silent:
        connection.socket.close()


def test_ipv6(stage, sandbox, tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    listen = {"listen": ["[::1]:0", "[::]:0"]}
    agent = stage.agent(sandbox.agent_config(), {"receiver": listen, "observe": {"listen": "[::]:0"}})
    for host, port in [("[::1]", agent.ports[0]), ("[::1]", agent.ports[1]), ("127.0.0.1", agent.ports[1])]:
        assert request(tmp_path, f"{host}:{port}", GOOD).http_status == 200
    assert fetch(f"http://[::1]:{agent.observe_port}/livez")[0] == 200
    said = exchange(f"[::1]:{agent.ports[0]}", with_header(b"Content-Length: 2, 2"))
    assert parse_answer(said).http_status == 400
