"""A home of presets that is empty, and imports that take no minute."""

from pathlib import Path

import pytest

from tchexnet.presets import importing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of installed presets, which is not there yet."""
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "presets"


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """The weights that an import would write; the network itself is left out, so that a test takes no minute."""
    written: dict = {}

    def write(preset, weights):
        written.update(weights)
        return preset

    monkeypatch.setattr(importing, "_write", write)
    return written
