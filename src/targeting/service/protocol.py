"""HTTP as the server speaks it, with an end to its patience.

uvicorn waits without limit for the headers of a request, and keeps as many of them as come. A
caller that sends a byte a minute, or headers without end, is let go here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEADER_BYTES = 65_536
"""Most bytes of the first line and the headers."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class PatientProtocol(HttpToolsProtocol):
    """Reads requests with uvicorn's parser, within limits of time and size."""

    _timer: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request.

        Parameters
        ----------
        transport
            The connection.
        """
        super().connection_made(transport)
        self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """Read what came, and lose patience with headers that grow too large.

        Parameters
        ----------
        data
            Bytes, however many.
        """
        super().data_received(data)
        if self.transport.is_closing() or not self._between_requests():
            return
        self._header_bytes += len(data)
        if self._header_bytes > HEADER_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._timer is None:
            self._begin_to_wait()

    def on_headers_complete(self) -> None:
        """Stop waiting: the request is there."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting: the caller is gone.

        Parameters
        ----------
        exc
            Why; None for an orderly end.
        """
        self._stop_waiting()
        super().connection_lost(exc)

    def _between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _begin_to_wait(self) -> None:
        seconds = self.app_state.get("headers_seconds", 5.0)
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        self._header_bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
