"""Over a socket: patience has an end, sizes have limits, and a reload drops nobody."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import pytest
from tests.service.conftest import live_with
from tests.service.standin import declaration

from targeting.config import LimitSettings, ServiceSettings
from targeting.service.protocol import HEADER_BYTES


def connected(live) -> socket.socket:
    return socket.create_connection(("127.0.0.1", live.port), timeout=10)


def request(live, body: bytes, *, path: str = "/v1/score", extra: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {live.written}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    )
    return head.encode() + body


def everything(sock: socket.socket) -> bytes:
    """Read until the service ends the connection."""
    parts = []
    while part := sock.recv(65_536):
        parts.append(part)
    return b"".join(parts)


BODY = json.dumps({"declarations": [declaration(1)]}).encode()


def test_a_caller_that_says_nothing_is_let_go(live):
    with connected(live) as sock:
        assert everything(sock) == b""


def test_headers_that_trickle_are_let_go(live):
    with connected(live) as sock:
        sock.sendall(b"POST /v1/score HTTP/1.1\r\n")
        time.sleep(0.1)
        sock.sendall(b"Host: h\r\n")
        assert everything(sock) == b""


def test_a_second_request_that_trickles_is_let_go_too(live):
    with connected(live) as sock:
        sock.sendall(request(live, BODY))
        assert sock.recv(12) == b"HTTP/1.1 200"
        sock.sendall(b"POST /v1/score HTTP/1.1\r\nHost:")
        assert b"HTTP/1.1" not in everything(sock)


@pytest.mark.parametrize("line", [b"X-Long: " + b"x" * HEADER_BYTES, b"X: y\r\n" * 20_000])
def test_headers_without_end_are_refused(live, line):
    with connected(live) as sock:
        sock.sendall(b"GET /health/live HTTP/1.1\r\nHost: h\r\n")
        time.sleep(0.05)
        sock.sendall(line)
        assert sock.recv(12) == b"HTTP/1.1 431"


def test_a_body_that_trickles_is_told_so(live):
    with connected(live) as sock:
        sock.sendall(request(live, BODY)[:-10])
        answer = everything(sock)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"urn:targeting:problem:too-slow" in answer


@pytest.mark.parametrize("chunk", [b"x" * 10_000, b"x"])
def test_a_chunked_body_is_counted_as_it_comes(live, chunk):
    head = request(live, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    whole = b"%x\r\n%s\r\n" % (len(chunk), chunk)
    with connected(live) as sock:
        sock.sendall(head)
        try:
            for _ in range(150_000 // len(chunk)):
                sock.sendall(whole)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before all was sent
        assert sock.recv(12) in (b"HTTP/1.1 413", b"HTTP/1.1 408")


def test_a_lie_about_the_length_is_no_way_around_the_limit(live):
    with connected(live) as sock:
        sock.sendall(request(live, b"").replace(b"Content-Length: 0", b"Content-Length: 999999999"))
        assert sock.recv(12) == b"HTTP/1.1 413"


def test_what_is_not_http_is_refused(live):
    with connected(live) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert everything(sock).startswith(b"HTTP/1.1 400")


def test_one_connection_carries_many_requests(live):
    with connected(live) as sock:
        for _ in range(5):
            sock.sendall(request(live, BODY))
            assert b"D-1" in sock.recv(65_536)


def test_more_connections_than_the_limit_are_told_to_come_later(tmp_path):
    limits = LimitSettings(connections=3)
    with live_with(ServiceSettings(state=tmp_path, limits=limits)) as live:
        held = [connected(live) for _ in range(3)]
        held[-1].sendall(request(live, BODY))  # taken in after the others
        answer = held[-1].recv(12)
        for one in held:
            one.close()
        assert answer == b"HTTP/1.1 503"


async def _calls(live, stop: threading.Event) -> tuple[set[int], set[str]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    codes: set[int] = set()
    bundles: set[str] = set()
    while not stop.is_set():
        writer.write(request(live, BODY))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        told = json.loads(await reader.readexactly(length))
        codes.add(int(head.split()[1]))
        bundles.add(told.get("bundle_id", ""))
    writer.close()
    await writer.wait_closed()
    return codes, bundles


def test_reloading_under_load_drops_no_request(live):
    stop = threading.Event()
    found: list[tuple[set[int], set[str]]] = []

    async def all_calls() -> None:
        found.extend(await asyncio.gather(*(_calls(live, stop) for _ in range(4))))

    caller = threading.Thread(target=lambda: asyncio.run(all_calls()))
    caller.start()
    names = [f"{at:012d}" for at in range(20)]
    try:
        for name in names:
            live.source.bundle_id = name
            with connected(live) as sock:
                sock.sendall(request(live, b"", path="/v1/admin/reload"))
                assert sock.recv(12) == b"HTTP/1.1 200"
    finally:
        stop.set()
        caller.join()

    assert [codes for codes, _ in found] == [{200}] * 4
    bundles = set().union(*(bundles for _, bundles in found))
    assert len(bundles & set(names)) >= 5
