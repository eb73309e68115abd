"""What `tchexnet serve` is told: where to listen, what to serve, and how much of it at most."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from tchexnet.errors import ConfigError

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """One server. Every limit has its own answer; docs/serve.md lists them.

    Args:
        presets: names or folders, the first being the default; all are loaded before the server listens.
        host, port: where to listen; port 0 takes a free one.
        token: what a client must send as `Authorization: Bearer TOKEN`, or None for anybody on this machine.
        keep: a folder for what is uploaded and answered, or None: nothing is written.
        browse: a table of scores to page through, or None.
        images: the folder that the table's paths are relative to; nothing outside it is read.
        labels: a table of what is true of those images, or None.
        max_bytes: a request's body, hence a file's. 413.
        max_pixels: height x width of an image. 422.
        max_files: images a request. 413.
        max_requests: requests in hand at once. 429.
        max_seconds: for sending a request (408), and again for answering it (503).

    Raises:
        ConfigError: a limit below 1, or a host that others can reach and no token.
    """

    presets: tuple[str, ...] = ("chexnet", "tchexnet")
    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    keep: Path | None = None
    browse: Path | None = None
    images: Path | None = None
    labels: Path | None = None
    max_bytes: int = 64 * MEBIBYTE
    max_pixels: int = 36_000_000
    max_files: int = 16
    max_requests: int = 64
    max_seconds: float = 60.0

    def __post_init__(self) -> None:
        limits = ("max_bytes", "max_pixels", "max_files", "max_requests", "max_seconds")
        for name in limits:
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be above 0.")
        if not self.presets:
            raise ConfigError("No preset was named; give at least one.")
        if (self.browse is None) != (self.images is None) or (self.labels is not None and self.browse is None):
            raise ConfigError("A worklist needs a table of scores and the folder of its images: --browse and --images.")
        if not is_loopback(self.host) and not self.token:
            raise ConfigError(
                f"{self.host} can be reached from other machines, and no token was given: set TCHEXNET_TOKEN, or "
                "listen on 127.0.0.1."
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; a name other than localhost might be anybody's."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
