"""Listening: one process, and a stop that finishes what it took."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from tchexnet.errors import ConfigError
from tchexnet.web.app import build
from tchexnet.web.protocol import patient_for
from tchexnet.web.settings import Settings

_CONNECTIONS = 4
"""Connections for each request that may be in hand: browsers open several and use them by turns."""


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; a second SIGINT does not wait for the answers.

    Args:
        settings: what to serve, and where.
        announce: told the server's address once it listens.

    Raises:
        ConfigError: the address cannot be listened on.
        PresetError: a preset is missing or damaged.
        DataError: a table of the worklist cannot be used.
    """
    listener = _listen(settings)
    app = build(settings)
    config = uvicorn.Config(
        app,
        http=patient_for(settings.max_seconds),
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS * settings.max_requests + 16,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(settings.max_seconds) + 1,
    )
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    _Server(config, lambda: announce(f"http://{shown}:{port}")).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it listens, and ends in peace: uvicorn would raise the signal again after a graceful stop."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def _listen(settings: Settings) -> socket.socket:
    """A socket that holds the address; nobody is let in until the presets are loaded."""
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full: asyncio sends small answers at once (TCP_NODELAY) only on sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, settings.port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{settings.host}:{settings.port} cannot be listened on ({reason}): choose another --host or --port."
        ) from error
    return listener
