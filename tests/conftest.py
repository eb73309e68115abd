"""What every test shares: the checkout, and the radiographs that lie beside it on a developer's machine."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The same examples on every run, and no deadline: a busy two-core machine is no failure.
settings.register_profile("tchexnet", derandomize=True, deadline=None)
settings.load_profile("tchexnet")

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder `shared/data` beside the checkout; a test that asks for it is skipped where it is missing."""
    folder = REPO.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the radiographs in {folder}, which is missing")
    return folder
