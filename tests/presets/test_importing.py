"""Importing: what a file is known by, one import through the command, and removing it again."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tchexnet.cli.main import app
from tchexnet.errors import PresetError
from tchexnet.presets import digests, importing, registry, store
from tchexnet.presets import preset as presets
from tests.presets import networks
from tests.presets.keras_files import keras2

pytestmark = pytest.mark.usefixtures("home")


def test_the_hashes_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    found = digests.identify(tmp_path / "a")
    assert found["git_blob"] == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert found["sha256"] == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


def test_a_public_file_is_recognised_by_its_blob() -> None:
    known, by = registry.recognise("", "14922ae7de18767793f6ac85cf51df950327d96c", "renamed.tar")
    assert known is not None and known.name == "arnoweng" and by == "by its hash"
    assert registry.recognise("", "", "model.pth.tar") == (None, "")


def test_whole_way_and_back(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One real import: the command's words, the files, the scores, and a second import under the same name."""
    import tchexnet

    path = keras2(tmp_path / "w.h5", networks.weights(hidden=(8, 4), outputs=2), True, heads=("a", "b", "c"))
    arguments = ["presets", "import", str(path), "--labels", "Mass,Edema", "--licence", "MIT"]
    ran = CliRunner().invoke(app, [*arguments, "--as", "mine"])
    assert ran.exit_code == 0, ran.output
    assert "tensors mapped\t610; 1 ignored" in ran.stdout and "labels\tMass, Edema" in ran.stdout
    preset = presets.read(store.find("mine"))
    assert preset.units == (8, 4) and preset.source["file"] == "w.h5" and preset.licence == "MIT"
    grey = np.random.default_rng(0).random((64, 64)).astype("f4")
    assert set(tchexnet.load("mine").predict(grey)) == {"Mass", "Edema"}
    again = CliRunner().invoke(app, [*arguments, "--as", "mine"])
    assert again.exit_code == 1 and "There is a preset 'mine' already" in str(again.exception)
    assert [folder.name for folder in home.iterdir()] == ["mine"]
    monkeypatch.setattr(importing, "_write", lambda preset, weights: preset)
    copied = importing.import_file(preset.folder, "copy").preset
    assert (copied.labels, copied.recipe, copied.epsilon) == (preset.labels, preset.recipe, 0.002)
    assert CliRunner().invoke(app, ["presets", "remove", "mine"]).exit_code == 0
    assert "mine" not in store.names()


def test_only_installed_presets_are_removed(home: Path) -> None:
    with pytest.raises(PresetError, match="There is no preset"):
        store.remove("nothing")
    with pytest.raises(PresetError):
        store.remove("../presets")
