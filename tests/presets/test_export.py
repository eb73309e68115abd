"""Export and verify: one small random preset, every format that this machine has the library for."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tchexnet.errors import PresetError
from tchexnet.images.recipe import Recipe
from tchexnet.presets import exporting, verifying
from tchexnet.presets import preset as presets
from tchexnet.presets.importers import reading
from tchexnet.presets.preset import Preset
from tests.presets import networks


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Preset:
    from tchexnet.presets import keras_weights

    folder = tmp_path_factory.mktemp("presets") / "small"
    made = Preset("small", "chexnet", ("Mass", "Edema"), Recipe(size=64), epsilon=1e-5, folder=folder)
    model = keras_weights.empty(made)
    keras_weights.assign(model, networks.weights(outputs=2))
    keras_weights.export(model, made, half=False)
    return presets.write(made)


@pytest.fixture
def light(tmp_path: Path) -> Preset:
    """A preset of weights alone, made without a framework."""
    made = Preset("light", "chexnet", ("Mass", "Edema"), Recipe(size=64), epsilon=1e-5, folder=tmp_path / "light")
    made.folder.mkdir()
    save_file(networks.weights(outputs=2), made.folder / presets.WEIGHTS)
    return presets.write(made)


def test_safetensors_have_torchvisions_names_and_axes(light: Preset, tmp_path: Path) -> None:
    assert exporting.export(light, "safetensors", tmp_path / "a.safetensors") == 0
    with reading.opened(tmp_path / "a.safetensors") as checkpoint:
        assert checkpoint.tensors["conv1_conv/kernel"].origin == "features.conv0.weight"
        np.testing.assert_array_equal(
            checkpoint.weights()["predictions/kernel"], networks.weights(outputs=2)["predictions/kernel"]
        )


@pytest.mark.slow
def test_openvino_is_the_same_network(preset: Preset, tmp_path: Path) -> None:
    assert exporting.export(preset, "openvino", tmp_path / "a.xml") <= 1e-6
    with pytest.raises(PresetError, match=r"ends with .xml, not 'a.bin'"):
        exporting.export(preset, "openvino", tmp_path / "a.bin")


def test_an_unknown_format_is_named(light: Preset, tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="'tflite' is no format; use keras, openvino, onnx, litert, safetensors"):
        exporting.export(light, "tflite", tmp_path / "a")


def test_epsilon_is_part_of_the_description(light: Preset) -> None:
    assert json.loads((light.folder / "preset.json").read_text("utf-8"))["epsilon"] == 1e-5
    assert presets.read(light.folder).epsilon == 1e-5


@pytest.mark.slow
def test_the_engines_agree_and_a_changed_file_is_found(preset: Preset) -> None:
    found = verifying.verify(preset)
    assert found["files"].startswith("3 agree") and "scores within" in found["keras"]
    card = preset.folder / "network.xml"
    text = card.read_text()
    card.write_text(text + " ")
    with pytest.raises(PresetError, match="is damaged"):
        verifying.verify(preset)
    card.write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "library"), [("keras", "keras"), ("onnx", "onnxruntime"), ("litert", "ai_edge_litert")]
)
def test_other_formats_score_the_same(preset: Preset, tmp_path: Path, form: str, library: str) -> None:
    if importlib.util.find_spec(library) is None:
        with pytest.raises(PresetError, match=r"pip install 'tchexnet\[export\]'"):
            exporting.export(preset, form, tmp_path / f"a.{form}")
        pytest.skip(f"the format {form} needs {library}: pip install 'tchexnet[export]'")
    assert exporting.export(preset, form, tmp_path / f"a.{form}") <= 1e-5
