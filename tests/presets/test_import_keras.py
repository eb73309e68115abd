"""Importing files of Keras 2: any head, weights or whole models, and nothing from outside the file."""

import json
from pathlib import Path

import h5py
import pytest

from tchexnet.errors import PresetError
from tchexnet.images.recipe import IMAGENET
from tchexnet.labels import NIH14
from tchexnet.presets import importing
from tests.presets import networks
from tests.presets.keras_files import config, keras2

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
    networks.same(made, ours)
    assert found.preset.units == hidden and found.preset.recipe.size == (96 if whole else IMAGENET.size)
    assert found.preset.epsilon == (0.002 if whole else 1.001e-5)
    assert found.preset.labels == (labels or (tuple(NIH14) if outputs == 14 else ("Pneumothorax",)))


def test_six_outputs_need_names(tmp_path: Path, made: dict) -> None:
    path = keras2(tmp_path / "w.h5", networks.weights(outputs=6))
    with pytest.raises(PresetError, match="6 outputs, whose names are not known; give them in order with --labels"):
        importing.import_file(path, "k")


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
