"""A bounded load generator for HTTP/1.1 on loopback: prepared requests over kept connections."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Load:
    """What a load found.

    Parameters
    ----------
    seconds
        Time of each answered request, sorted.
    errors
        Requests answered with another status than 200, or not at all.
    span
        Seconds from the first request to the last answer.
    """

    seconds: tuple[float, ...]
    errors: int
    span: float

    def at(self, share: float) -> float:
        """Give the time that a share of the requests did not exceed, in milliseconds."""
        return self.seconds[min(int(len(self.seconds) * share), len(self.seconds) - 1)] * 1000

    @property
    def per_second(self) -> float:
        """Answered requests a second."""
        return len(self.seconds) / self.span


def request(path: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Write a POST request with a JSON body."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def load(
    port: int, requests: Sequence[bytes], *, connections: int, total: int, seconds: float
) -> Load:
    """Send requests in turn over a few connections, until so many are sent or time is up."""
    return asyncio.run(_load(port, requests, connections, total, seconds))


async def _load(
    port: int, requests: Sequence[bytes], connections: int, total: int, seconds: float
) -> Load:
    began = time.perf_counter()
    turns = iter(range(total))
    until = began + seconds
    callers = [_caller(port, requests, turns, until) for _ in range(connections)]
    found = await asyncio.gather(*callers)
    span = time.perf_counter() - began
    times = sorted(one for times, _ in found for one in times)
    return Load(tuple(times), sum(errors for _, errors in found), span)


async def _caller(
    port: int, requests: Sequence[bytes], turns: Iterator[int], until: float
) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    errors = 0
    for turn in turns:
        sent = time.perf_counter()
        if sent > until:
            break
        writer.write(requests[turn % len(requests)])
        status = await answered(reader)
        if status == 200:
            times.append(time.perf_counter() - sent)
        else:
            errors += 1
    writer.close()
    return times, errors


async def answered(reader: asyncio.StreamReader) -> int:
    """Read one answer whole; return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
