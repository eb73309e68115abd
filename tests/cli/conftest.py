"""Commands as processes, in the checkout, as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(repo: Path):
    """Run Python with these arguments; the exit code must be `code`."""

    def start(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=repo,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "120"},
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    return start


@pytest.fixture
def tool(run):
    """Run `tchexnet` with these arguments."""
    return lambda *arguments, **expected: run("-c", "from tchexnet.cli import main; main()", *arguments, **expected)
