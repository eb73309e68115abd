"""The gate: who may ask, how much, how many at once, and how long a request may take to arrive."""

from __future__ import annotations

import asyncio
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tchexnet.web.problems import Problem
from tchexnet.web.settings import Settings, is_loopback

API = "/v1/"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
"""Sent with every answer: nothing is loaded from elsewhere, and nobody frames the page."""


class Gate:
    """ASGI middleware around the whole app.

    The token guards `/v1/`; the page itself, its scripts and `/healthz` hold nothing of anybody's.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        send = self._with_headers(scope, send)
        guarded = scope["path"].startswith(API)
        try:
            self._check_origin(Headers(scope=scope))
            if not guarded:
                return await self.app(scope, self._bounded(receive), send)
            self._check_token(Headers(scope=scope))
            await self._admitted(scope, receive, send)
        except Problem as problem:
            await problem.response()(scope, receive, send)

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self.settings.max_requests
        if self._in_hand >= most:
            raise Problem(
                "too many requests", f"{most} requests are in hand, the most at once: try again.", {"retry-after": "1"}
            )
        self._check_length(Headers(scope=scope))
        self._in_hand += 1
        try:
            await self.app(scope, self._bounded(receive), send)
        finally:
            self._in_hand -= 1

    def _check_origin(self, headers: Headers) -> None:
        """Another site's page must not use a visitor's browser to reach this machine, by whatever name."""
        host = headers.get("host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if not self.settings.token and name != self.settings.host and not is_loopback(name):
            raise Problem("foreign page", f"This server is not called {host!r}: use 127.0.0.1 or localhost.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Problem("foreign page", f"A page of {origin!r} may not use this server: open its own page.")

    def _check_token(self, headers: Headers) -> None:
        if self.settings.token is None:
            return
        given = headers.get("authorization", "").encode("utf-8")
        if not hmac.compare_digest(given, f"Bearer {self.settings.token}".encode()):
            sentence = "Send the server's token: Authorization: Bearer TOKEN."
            raise Problem("no token", sentence, {"www-authenticate": "Bearer"})

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self.settings.max_bytes:
            raise self._too_long()

    def _too_long(self) -> Problem:
        most = self.settings.max_bytes
        return Problem("too many bytes", f"The request is longer than {most:,} bytes: send fewer or smaller files.")

    def _bounded(self, receive: Receive) -> Receive:
        """`receive`, until the body is too long or too late."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.max_seconds
        length, whole = 0, False

        async def bounded() -> Message:
            nonlocal length, whole
            if whole:  # only a disconnection can come now, and it may take as long as the answer
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise Problem(
                    "too slow to send", f"The request did not arrive within {self.settings.max_seconds:g} seconds."
                ) from None
            length += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if length > self.settings.max_bytes:
                raise self._too_long()
            return message

        return bounded

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        private = scope["path"].startswith(API)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["cache-control"] = "no-store" if private else "no-cache"
            async with asyncio.timeout(self.settings.max_seconds):  # a client that never reads holds nothing up
                await send(message)

        return sending
