"""Apps in this process for most tests, and real server processes for what only a socket shows."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from tchexnet.web.app import build
from tchexnet.web.settings import Settings

RUN = "from tchexnet.cli import main; main()"


class Running(NamedTuple):
    """A server process and where it listens."""

    process: subprocess.Popen[str]
    address: str
    port: int


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The app with every limit small."""
    settings = Settings(max_bytes=600_000, max_pixels=500_000, max_files=3)
    with TestClient(build(settings), base_url="http://127.0.0.1") as client:
        yield client


@contextmanager
def started(repo: Path, folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """`tchexnet serve` on a free port, with `folder` to work in."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "serve", "--port", "0", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(repo), **environment},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+:(\d+)", line)
        assert found, line + process.stderr.read()
        yield Running(process, found[0], int(found[1]))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def serve(repo: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `tchexnet serve`, as often as asked; every one is ended after the test."""
    with ExitStack() as stack:

        def start(*arguments: str, **environment: str) -> Running:
            return stack.enter_context(started(repo, tmp_path, *arguments, **environment))

        yield start
