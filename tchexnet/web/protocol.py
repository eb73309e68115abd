"""HTTP/1.1 for impatient servers: a connection that says nothing, or ever so slowly, is closed.

uvicorn times idle connections between requests only; one that never finishes its first header line would stay for good.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

GRACE = 2.0
"""Seconds for the app's own answer to a late body to leave, before the connection is cut."""


def patient_for(seconds: float) -> type[asyncio.Protocol]:
    """A protocol class for uvicorn that gives each request `seconds` to arrive."""

    class Protocol(_Patient):
        patience = seconds

    return Protocol


class _Patient(H11Protocol):
    patience: float
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_alarm(self.patience)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_alarm()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits until the client has read its answer, which it may never do.
        self._set_alarm(self.patience)

    def _watch(self) -> None:
        """The alarm runs while a request is on its way, from its first byte to its last."""
        state = self.conn.their_state
        if state is h11.SEND_BODY or (state is h11.IDLE and self.conn.trailing_data[0]):
            if self._alarm is None:
                self._set_alarm(self.patience)
        elif not self.transport.is_closing():
            self._stop_alarm()

    def _set_alarm(self, seconds: float) -> None:
        self._stop_alarm()
        self._alarm = self.loop.call_later(seconds, self._late)

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _late(self) -> None:
        self._alarm = None
        if self.transport.is_closing():
            self.transport.abort()
        elif self.conn.their_state is h11.SEND_BODY and self.conn.our_state is not h11.DONE:
            self._alarm = self.loop.call_later(GRACE, self._close)
        else:
            self._close(late_header=self.conn.their_state is h11.IDLE)

    def _close(self, late_header: bool = False) -> None:
        if late_header and self.conn.our_state is h11.IDLE:
            response = h11.Response(status_code=408, headers=[("connection", "close"), ("content-length", "0")])
            for event in (response, h11.EndOfMessage()):
                self.transport.write(cast(Any, self.conn.send(event)))
        self.transport.close()
        self._set_alarm(GRACE)
