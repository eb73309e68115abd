"""Export and verify: one small random preset, every format that this machine has the library for."""

import importlib.util
import json
import subprocess
import sys
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
from tchexnet.runtime.openvino_engine import OpenVINOEngine
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


def test_safetensors_have_torchvisions_names_and_axes(
    light: Preset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # as where torchvision is not installed
    assert exporting.export(light, "safetensors", tmp_path / "a.safetensors") == (0, "a weight")
    with reading.opened(tmp_path / "a.safetensors") as checkpoint:
        assert checkpoint.tensors["conv1_conv/kernel"].origin == "features.conv0.weight"
        np.testing.assert_array_equal(
            checkpoint.weights()["predictions/kernel"], networks.weights(outputs=2)["predictions/kernel"]
        )


@pytest.mark.slow
def test_openvino_is_the_same_network(preset: Preset, tmp_path: Path) -> None:
    assert exporting.export(preset, "openvino", tmp_path / "a.xml").difference <= 1e-6
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
    ("form", "suffix", "library"),
    [("keras", "keras", "keras"), ("onnx", "onnx", "onnxruntime"), ("litert", "tflite", "ai_edge_litert")],
)
def test_other_formats_score_the_same(
    preset: Preset, tmp_path: Path, form: str, suffix: str, library: str, record_property
) -> None:
    if importlib.util.find_spec(library) is None:
        with pytest.raises(PresetError, match=r"pip install 'tchexnet\[export\]'"):
            exporting.export(preset, form, tmp_path / f"a.{suffix}")
        pytest.skip(f"the format {form} needs {library}: pip install 'tchexnet[export]'")
    with pytest.raises(PresetError, match=rf"ends with \.{suffix}, not 'a.bin'"):
        exporting.export(preset, form, tmp_path / "a.bin")
    parity = exporting.export(preset, form, tmp_path / f"a.{suffix}")
    record_property("parity", parity.difference)
    assert parity.of == "a score" and parity.difference <= 1e-5


STRICT = """
import sys
import numpy as np, torch
from safetensors.torch import load_file
from torchvision.models import densenet121
file, folder, outputs, epsilon = sys.argv[1:]
model = densenet121(num_classes=int(outputs))
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.eps = float(epsilon)
model.load_state_dict(load_file(file), strict=True)
with torch.inference_mode():
    batch = torch.from_numpy(np.load(f"{folder}/batch.npy").transpose(0, 3, 1, 2).copy())
    np.save(f"{folder}/scores.npy", torch.sigmoid(model.eval()(batch)).numpy())
"""


@pytest.mark.slow
def test_torchvision_loads_the_safetensors_strictly(preset: Preset, tmp_path: Path, record_property) -> None:
    """With the library's own loader, in a process of its own: beside TensorFlow, torch may crash."""
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed: pip install 'tchexnet[import-test]'")
    out = tmp_path / "out.safetensors"
    parity = exporting.export(preset, "safetensors", out)
    assert parity.of == "a score in torchvision" and parity.difference <= 1e-5
    record_property("parity", parity.difference)
    batch = verifying.inputs(preset, 2)
    np.save(tmp_path / "batch.npy", batch)
    command = [sys.executable, "-c", STRICT, str(out), str(tmp_path), str(len(preset.labels)), str(preset.epsilon)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    ours = OpenVINOEngine(preset.path(presets.NETWORK)).run(batch).scores
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), ours, atol=1e-5)
