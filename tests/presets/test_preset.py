"""Preset folders: what is written is read, what is damaged is refused."""

import json
from pathlib import Path

import pytest

from tchexnet.errors import PresetError
from tchexnet.images.recipe import Recipe
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.presets.preset import Preset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "presets" / "tiny"
    folder.mkdir(parents=True)
    (folder / "card.md").write_text("# tiny")
    presets.write(Preset("tiny", "chexnet", ("Mass", "Edema"), Recipe(size=64), licence="MIT", folder=folder))
    return folder


def test_a_preset_comes_back_as_it_was(folder: Path) -> None:
    preset = presets.read(folder)
    assert preset.labels == ("Mass", "Edema") and preset.recipe == Recipe(size=64)
    assert preset.card == "# tiny"
    assert preset.vocabulary.index("Edema") == 1


def test_a_changed_file_is_refused(folder: Path) -> None:
    (folder / "card.md").write_text("# tinier")
    with pytest.raises(PresetError, match=r"card.md is damaged: its sha256"):
        _ = presets.read(folder).card


def test_a_lost_file_is_refused(folder: Path) -> None:
    (folder / "card.md").unlink()
    with pytest.raises(PresetError, match="card.md is missing"):
        _ = presets.read(folder).card


def test_a_file_that_was_never_there(folder: Path) -> None:
    with pytest.raises(PresetError, match="has no weights.safetensors; it has: card.md"):
        presets.read(folder).path("weights.safetensors")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 3}', "nonsense"])
def test_a_description_that_is_none(folder: Path, text: str) -> None:
    (folder / "preset.json").write_text(text)
    with pytest.raises(PresetError):
        presets.read(folder)


def test_an_unknown_recipe_field_is_a_later_version(folder: Path) -> None:
    fields = json.loads((folder / "preset.json").read_text())
    fields["recipe"]["sharpen"] = 2
    (folder / "preset.json").write_text(json.dumps(fields))
    with pytest.raises(ValueError, match="unknown fields: sharpen"):
        presets.read(folder)


def test_presets_are_found_by_name_and_by_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCHEXNET_HOME", str(folder.parents[1]))
    assert store.find("tiny") == folder
    assert store.find(folder) == folder
    assert store.find(str(folder)) == folder
    assert "tiny" in store.names()


def test_a_wrong_name_suggests_the_nearest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCHEXNET_HOME", str(folder.parents[1]))
    with pytest.raises(PresetError, match="There is no preset 'tinny'. Did you mean 'tiny'?"):
        store.find("tinny")
