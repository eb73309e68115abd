"""One file from one address: with progress, going on where it stopped, and checked before it gets its name.

A partial file keeps the name `FILE.part`; it becomes `FILE` once it is whole and its hash agrees. Nothing that fails
its check is kept. Proxies are those of the environment, as urllib reads them.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from tchexnet.errors import PresetError

TRIES = 4
TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut."""

Tell = Callable[[int, int | None], None]


class _CutError(Exception):
    """The connection ended before the file did."""


def fetch(url: str, target: Path, check: Callable[[Path], str | None], tell: Tell, pause: float = 1.0) -> None:
    """Download `url` to `target`.

    Args:
        check: what is wrong with a whole file, in words; None if nothing is.
        tell: is called with the bytes there are and, if known, the bytes there will be.
        pause: seconds before the second try; doubled for each further one.

    Raises:
        PresetError: it cannot be had, or is not what it should be; the message names the address.
    """
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(TRIES):
        try:
            _go_on(url, part, tell)
            break
        except (_CutError, TimeoutError, ConnectionError, HTTPException, urllib.error.URLError) as error:
            _give_up_on(url, error)
            if attempt == TRIES - 1:
                raise PresetError(_failed(url, part, error)) from error
            time.sleep(pause * 2**attempt)
    if problem := check(part):
        part.unlink()
        raise PresetError(f"{url} gave something else than expected: {problem}. Nothing is kept.")
    part.replace(target)


def _give_up_on(url: str, error: Exception) -> None:
    """An answer of the server that no second try changes."""
    if isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code not in (408, 416, 429):
        raise PresetError(
            f"{url} answers {error.code} ({error.reason}). Is the address still right? "
            "--mirror or --offline give another."
        ) from error


def _failed(url: str, part: Path, error: Exception) -> str:
    if not part.exists():
        return f"{url} cannot be reached ({getattr(error, 'reason', error)})."
    size = part.stat().st_size
    return f"{url} was cut {TRIES} times ({error}). Give the command again: it goes on at {size:,} bytes."


def _go_on(url: str, part: Path, tell: Tell) -> None:
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "tchexnet", "Accept-Encoding": "identity"})
    if there:
        request.add_header("Range", f"bytes={there}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            _save(answer, part, there if answer.status == 206 else 0, tell)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        if _whole(error.headers.get("Content-Range")) != there:
            part.unlink()
            raise _CutError("the server's file is shorter than what there was") from error


def _save(answer: HTTPResponse, part: Path, start: int, tell: Tell) -> None:
    """Append what comes to the first `start` bytes of `part`."""
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length else None
    if answer.status == 206 and not (answer.headers.get("Content-Range") or "").startswith(f"bytes {start}-"):
        part.unlink()
        raise _CutError("the server went on at another place")
    with part.open("ab" if start else "wb") as file:
        while block := answer.read(1 << 16):
            file.write(block)
            tell(file.tell(), total)
        if total is not None and file.tell() < total:
            raise _CutError(f"{file.tell():,} of {total:,} bytes came")


def _whole(content_range: str | None) -> int | None:
    """The length that `bytes */1234` says."""
    text = (content_range or "").rpartition("/")[2]
    return int(text) if text.isdigit() else None
