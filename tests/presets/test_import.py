"""Importing: from files written by hand to presets, strictly, and nothing left behind when something is wrong."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner

from tchexnet.cli.main import app
from tchexnet.errors import PresetError
from tchexnet.images.recipe import ARNOWENG, IMAGENET, TORCHVISION, TORCHXRAYVISION
from tchexnet.labels import NIH14
from tchexnet.presets import importing, registry, store, xrv_figures
from tchexnet.presets import preset as presets
from tests.presets import networks
from tests.presets.streams import saved


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "presets"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The weights that an import would write; the network itself is left out, so that a test takes no minute."""
    written: dict = {}

    def write(preset, weights):
        written.update(weights)
        return preset

    monkeypatch.setattr(importing, "_write", write)
    return written


def left(home: Path) -> list[Path]:
    return list(home.iterdir()) if home.is_dir() else []


def keras2(path: Path, ours: dict, whole: bool = False, heads: tuple[str, ...] = ("predictions",)) -> Path:
    """A Keras 2 file, with `conv1/conv` for the stem and `heads` for the dense layers."""
    layers: dict[str, dict] = {}
    dense = [name for name in dict.fromkeys(key.split("/")[0] for key in ours) if name.startswith(("hidden", "pred"))]
    for key, values in ours.items():
        layer, variable = key.split("/")
        layer = (
            dict(zip(dense, heads, strict=True)).get(layer, layer).replace("conv1_", "conv1/", layer[:6] == "conv1_")
        )
        layers.setdefault(layer, {})[f"{layer}/{variable}:0"] = values
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights") if whole else file
        group.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer, held in layers.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name in held]
            for name, values in held.items():
                inner[name] = values
        if whole:
            file.create_group("optimizer_weights")
            file.attrs["model_config"] = json.dumps(config(heads)).encode()
    return path


def config(heads: tuple[str, ...], **other) -> dict:
    dense = [{"class_name": "Dense", "config": {"name": h, "activation": "relu"}} for h in heads]
    dense[-1]["config"]["activation"] = "sigmoid"
    norm = {"class_name": "BatchNormalization", "config": {"name": "bn", "epsilon": 0.002}}
    start = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 96, 96, 3]}}
    return {"class_name": "Model", "config": {"layers": [start, norm, *dense, *other.values()]}}


def same(found: dict, expected: dict) -> None:
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_arnoweng_with_prefix_and_old_spelling(tmp_path: Path, made: dict, form: str) -> None:
    ours = networks.weights()
    state = networks.torch_state(ours, prefix="module.densenet121.", old=True)
    path = saved(tmp_path / "model.pth.tar", {"epoch": 7, "state_dict": state, "best_loss": 0.5}, form)
    found = importing.import_file(path, "arno")
    same(made, ours)
    assert found.preset.recipe == ARNOWENG and found.preset.labels == tuple(NIH14) and found.preset.epsilon == 1e-5
    assert "arnoweng: state dict under 'state_dict', prefix 'module.densenet121.'" in found.layout


def test_torchvision_and_its_counts(tmp_path: Path, made: dict) -> None:
    ours = networks.weights(outputs=2)
    state = networks.torch_state(ours) | {"features.norm0.num_batches_tracked": np.zeros((), "i8")}
    found = importing.import_file(saved(tmp_path / "d.pth", state), "tv", labels=("Mass", "Edema"), licence="MIT")
    same(made, ours)
    assert (found.preset.recipe, found.ignored, found.preset.licence) == (TORCHVISION, 1, "MIT")


def test_safetensors_under_both_names(tmp_path: Path, made: dict) -> None:
    ours = networks.weights()
    for name, tensors in (("ours", ours), ("theirs", networks.torch_state(ours))):
        save_file(tensors, tmp_path / f"{name}.safetensors")
        found = importing.import_file(tmp_path / f"{name}.safetensors", name)
        same(made, ours)
        assert found.preset.epsilon == (1.001e-5 if name == "ours" else 1e-5)


def test_torchxrayvision_drops_untrained_outputs(tmp_path: Path, made: dict) -> None:
    ours = networks.weights(channels=1, outputs=18)
    _, file, points = xrv_figures.FILES["xrv-chex"]
    found = importing.import_file(saved(tmp_path / file, networks.torch_state(ours)), "xrv")
    keep = [i for i, label in enumerate(xrv_figures.labels(points)) if label]
    np.testing.assert_array_equal(made["predictions/bias"], ours["predictions/bias"][keep])
    assert found.preset.recipe == TORCHXRAYVISION and "Infiltration" not in found.preset.labels and found.dropped == 7
    assert found.preset.operating_points["Pneumothorax"] == 0.0531293
    assert "by its file name only" in found.identity


def test_scores_bent_at_their_operating_points() -> None:
    scores, points = np.float32([[0.05, 0.1, 0.55, 1.0]]), np.array([0.1, 0.1, 0.1, np.nan])
    np.testing.assert_allclose(xrv_figures.normalised(scores, points), [[0.25, 0.5, 0.75, 0.5]], rtol=1e-6)


HEADS = {
    "14": ((), 14, ("predictions",), ()),
    "512-1": ((512,), 1, ("dense_1", "dense_2"), ()),
    "512-6": ((512,), 6, ("dense_1", "dense_2"), ("a", "b", "c", "d", "e", "f")),
    "512-256-6": ((512, 256), 6, ("dense_3", "dense_4", "dense_5"), ("a", "b", "c", "d", "e", "f")),
}


@pytest.mark.parametrize(
    ("head", "whole"), [("14", False), ("14", True), ("512-1", False), ("512-6", False), ("512-256-6", True)]
)
def test_keras_2(tmp_path: Path, made: dict, head: str, whole: bool) -> None:
    hidden, outputs, names, labels = HEADS[head]
    ours = networks.weights(hidden=hidden, outputs=outputs)
    path = keras2(tmp_path / "w.h5", ours, whole, names)
    found = importing.import_file(path, "k", labels=labels or None)
    same(made, ours)
    assert found.preset.units == hidden and found.preset.recipe.size == (96 if whole else IMAGENET.size)
    assert found.preset.epsilon == (0.002 if whole else 1.001e-5)
    assert found.preset.labels == (labels or (tuple(NIH14) if outputs == 14 else ("Pneumothorax",)))


def test_six_outputs_need_names(tmp_path: Path, made: dict) -> None:
    path = keras2(tmp_path / "w.h5", networks.weights(outputs=6))
    with pytest.raises(PresetError, match="6 outputs, whose names are not known; give them in order with --labels"):
        importing.import_file(path, "k")


def test_imagenet_classes_are_no_findings(tmp_path: Path, made: dict) -> None:
    state = networks.torch_state(networks.weights(outputs=1000))
    with pytest.raises(PresetError, match="1000 ImageNet classes, not findings"):
        importing.import_file(saved(tmp_path / "d.pth", state), "tv")


def changed(kind: str, state: dict) -> dict:
    stem = "features.conv0.weight"
    if kind == "missing":
        return {
            name: values for name, values in state.items() if name != "features.denseblock2.denselayer3.conv1.weight"
        }
    if kind == "extra":
        return state | {"features.extra.weight": np.zeros(3, "f4")}
    if kind == "misshaped":
        return state | {"features.norm5.bias": np.zeros(1023, "f4")}
    if kind == "channels":
        return state | {stem: np.zeros((64, 2, 7, 7), "f4")}
    return state | {"features.norm5.bias": np.full(1024, np.nan, "f4")}


FAULTS = {
    "missing": r"Layer 'conv3_block3_1_conv' expects a kernel of shape \(1, 1, 192, 128\); the checkpoint holds none",
    "extra": r"1 tensors that the network has no place for: features.extra.weight",
    "misshaped": r"Layer 'bn' expects a beta of shape \(1024,\); the checkpoint holds \(1023,\)",
    "channels": r"'conv1_conv' takes 2 channels",
    "not a number": r"'features.norm5.bias' does not hold finite",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_one_sentence_and_nothing_is_left(tmp_path: Path, home: Path, made: dict, kind: str) -> None:
    path = saved(tmp_path / "d.pth", changed(kind, networks.torch_state(networks.weights())))
    with pytest.raises(PresetError, match=FAULTS[kind]):
        importing.import_file(path, "tv")
    assert left(home) == [] and made == {}


NO_CHECKPOINTS = {
    "page.h5": (b"<!DOCTYPE html><html>", "is a web page, not a checkpoint"),
    "pointer.h5": (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    "empty.pt": (b"", "is empty"),
    "text.pt": (b"hello, world", "first bytes are those of no checkpoint"),
    "cut.h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "HDF5 file is damaged"),
    "cut.pt": (b"PK\x03\x04" + bytes(90), "archive is damaged or cut short"),
    "cut.safetensors": (b"\x40" + bytes(7) + b'{"a":' + bytes(90), "safetensors file is damaged"),
    "attack.pt": (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "asks for 'os.system'"),
}


@pytest.mark.parametrize("name", NO_CHECKPOINTS)
def test_the_command_refuses_in_one_sentence(tmp_path: Path, home: Path, name: str) -> None:
    data, sentence = NO_CHECKPOINTS[name]
    (tmp_path / name).write_bytes(data)
    ran = CliRunner().invoke(app, ["presets", "import", str(tmp_path / name), "--as", "x"])
    assert ran.exit_code == 1 and isinstance(ran.exception, PresetError)
    assert sentence in str(ran.exception) and str(ran.exception).startswith(f"{name} is refused: ")
    assert left(home) == []


def test_links_out_of_an_hdf5_file_are_refused(tmp_path: Path, made: dict) -> None:
    path = keras2(tmp_path / "w.h5", networks.weights())
    with h5py.File(path, "a") as file:
        del file["bn/bn/gamma:0"]
        file["bn/bn/gamma:0"] = h5py.ExternalLink("/etc/other.h5", "/a")
    with pytest.raises(PresetError, match=r"a link at '/bn/bn/gamma:0' that points elsewhere"):
        importing.import_file(path, "k")


def test_a_dataset_larger_than_the_file_is_refused(tmp_path: Path, made: dict) -> None:
    path = keras2(tmp_path / "w.h5", networks.weights())
    with h5py.File(path, "a") as file:
        del file["bn/bn/gamma:0"]
        file.create_dataset("bn/bn/gamma:0", (1 << 40,), "f4", chunks=(1024,))
    with pytest.raises(PresetError, match="which the file does not hold"):
        importing.import_file(path, "k")


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ({"class_name": "Lambda", "config": {"function": "evil"}}, "a layer of the class 'Lambda'"),
        ({"class_name": "Dense", "config": {"name": "d", "activation": "softmax"}}, "has the activation"),
    ],
)
def test_a_configuration_of_another_network_is_refused(tmp_path: Path, made: dict, layer: dict, sentence: str) -> None:
    path = keras2(tmp_path / "w.h5", networks.weights(), whole=True)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps(config(("predictions",), other=layer))
    with pytest.raises(PresetError, match=sentence):
        importing.import_file(path, "k")


@pytest.mark.parametrize("name", ["", "../x", ".x", "a/b", "a b", "x" * 65])
def test_a_name_that_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(PresetError, match="is no name for a preset"):
        importing.import_file(tmp_path / "a.pt", name)


def test_the_hashes_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    found = importing.identify(tmp_path / "a")
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
    assert [folder.name for folder in left(home)] == ["mine"]
    monkeypatch.setattr(importing, "_write", lambda preset, weights: preset)
    copied = importing.import_file(preset.folder, "copy").preset
    assert (copied.labels, copied.recipe, copied.epsilon) == (preset.labels, preset.recipe, 0.002)
    assert CliRunner().invoke(app, ["presets", "remove", "mine"]).exit_code == 0
    assert "mine" not in store.names()


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, home: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.placed("x", fill)
    assert left(home) == []


def test_only_installed_presets_are_removed(home: Path) -> None:
    with pytest.raises(PresetError, match="There is no preset"):
        store.remove("nothing")
    with pytest.raises(PresetError):
        store.remove("../presets")
