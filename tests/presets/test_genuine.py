"""Checkpoints written by the libraries themselves, random weights with lively statistics, compared on real images.

Each library runs in a process of its own, as users' files come from elsewhere; it writes the checkpoint and what it
computes. Needs the extra `import-test`; a library that is missing is named as the reason to skip.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tchexnet.images.read import read
from tchexnet.presets import importing, registry, verifying, xrv_figures
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset
from tchexnet.runtime.openvino_engine import OpenVINOEngine
from tests.presets import networks
from tests.presets.streams import saved

TORCH = """
import collections, sys
import numpy as np, torch
from torch import nn
from torchvision.models import densenet121
kind, path, batch, out = sys.argv[1:]
torch.manual_seed(0)

def lively(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5); nn.init.normal_(module.bias, 0, 0.2)
            module.running_mean.normal_(0, 0.2); module.running_var.uniform_(0.5, 1.5)
    return model.eval()

if kind == "xrv":
    import torchxrayvision
    model = lively(torchxrayvision.models.DenseNet(num_classes=18, in_channels=1))
    model.targets = list(torchxrayvision.datasets.default_pathologies)
    model.op_threshs = torch.tensor([0.1] * 18)
    torch.save(model, path)
    with torch.inference_mode():
        normalised = model(torch.from_numpy(np.load(batch).transpose(0, 3, 1, 2).copy())).numpy()
    model.op_threshs = None
    core = model
else:
    core = lively(densenet121(num_classes=1 if kind == "one" else 14))
    if kind in ("arnoweng", "reproduce", "legacy"):
        core.classifier = nn.Sequential(nn.Linear(1024, 14), nn.Sigmoid())
    if kind == "arnoweng":
        state = collections.OrderedDict()
        for name, value in core.state_dict().items():
            for part in ("norm1", "norm2", "conv1", "conv2"):
                name = name.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
            if "num_batches" not in name:
                state["module.densenet121." + name] = value
        optimizer = torch.optim.Adam(core.parameters())
        torch.save({"epoch": 3, "arch": "d", "state_dict": state, "optimizer": optimizer.state_dict(),
                    "best_loss": np.float64(0.2)}, path, _use_new_zipfile_serialization=False)
    elif kind in ("reproduce", "legacy"):
        torch.save({"model": core, "best_loss": 0.1, "epoch": 2, "rng_state": torch.get_rng_state(), "LR": 0.01},
                   path, _use_new_zipfile_serialization=kind == "reproduce")
    else:
        torch.save(core.state_dict(), path)
x = torch.from_numpy(np.load(batch).transpose(0, 3, 1, 2).copy())
with torch.inference_mode():
    features = torch.relu(core.features(x)).mean((2, 3))
    scores = core.classifier(features)
    if not isinstance(core.classifier, nn.Sequential):
        scores = torch.sigmoid(scores)
np.savez(out, scores=scores.numpy(), features=features.numpy(), normalised=normalised if kind == "xrv" else 0)
"""

KERAS = """
import sys
import numpy as np, tf_keras as keras
kind, path, batch, out = sys.argv[1:]
keras.utils.set_random_seed(0)
base = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
head, how = kind.split("_")
top = base.output
*hidden, last = map(int, head.split("-"))
for units in hidden:
    top = keras.layers.Dense(units, activation="relu")(top)
scores = keras.layers.Dense(last, activation="sigmoid", name="predictions" if not hidden else None)(top)
model = keras.Model(base.input, scores)
random = np.random.default_rng(0)
for layer in model.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        n = layer.gamma.shape[0]
        layer.set_weights([random.uniform(0.5, 1.5, n), random.normal(0, 0.2, n), random.normal(0, 0.2, n),
                           random.uniform(0.5, 1.5, n)])
if how == "nested":
    outer = keras.Sequential([base, keras.layers.Dense(last, activation="sigmoid")])
    outer.layers[1].set_weights(model.layers[-1].get_weights())
    outer.save_weights(path)
elif how == "whole":
    model.compile("adam", "binary_crossentropy")
    model.save(path)
else:
    model.save_weights(path)
tapped = keras.Model(base.input, [scores, base.output])
got = tapped.predict_on_batch(np.load(batch))
np.savez(out, scores=got[0], features=got[1])
"""

TORCH_KINDS = {
    "arnoweng": "arnoweng",
    "reproduce": "reproduce-chexnet",
    "legacy": "reproduce-chexnet",
    "torchvision": "torchvision",
    "one": "torchvision",
    "xrv": "torchxrayvision",
}
KERAS_KINDS = ["14_weights", "14_whole", "14_nested", "512-1_weights", "512-6_whole", "512-256-6_weights"]
SIX = ("a", "b", "c", "d", "e", "f")


def needs(*libraries: str) -> None:
    missing = [library for library in libraries if importlib.util.find_spec(library) is None]
    if missing:
        pytest.skip(f"the checkpoint is written by {', '.join(missing)}: pip install 'tchexnet[import-test]'")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path / "home"))


def genuine(script: str, kind: str, path: Path, batch: np.ndarray) -> dict[str, np.ndarray]:
    """Let the library write the checkpoint `path`; returns what it computes for `batch`."""
    np.save(path.with_name("batch.npy"), batch)
    out = path.with_name("out.npz")
    ran = subprocess.run(
        [sys.executable, "-c", script, kind, str(path), str(path.with_name("batch.npy")), str(out)],
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return dict(np.load(out))


def radiographs(repo: Path) -> list[Path]:
    """Real radiographs where the data lie beside the checkout; else the mean chest that ships."""
    found = sorted((repo.parent / "shared" / "data" / "nih" / "images_1024").glob("*.png"))[:3]
    return found or [repo / "hello_world_images" / "mean_chest.png"]


def batch_of(repo: Path, recipe) -> np.ndarray:
    """Radiographs as network input, with one mirrored and one darker for variety."""
    views = np.concatenate([recipe.apply(read(path))[:1] for path in radiographs(repo)])
    return np.concatenate([views, views[:1, :, ::-1], views[:1] * 0.5])


def compare(preset: Preset, batch: np.ndarray, expected: dict[str, np.ndarray], record) -> None:
    got = OpenVINOEngine(preset.path("network.xml")).run(batch)
    scores = abs(got.scores - expected["scores"]).max()
    features = abs(got.features - expected["features"]).max() / abs(expected["features"]).max()
    record("layout", preset.source["layout"])
    record("scores", f"{scores:.2g}")
    record("features", f"{features:.2g}")
    assert expected["scores"].std() > 1e-4, "the scores do not differ: the comparison says nothing"
    assert scores <= 1e-5 and features <= 1e-4, (scores, features)


def verified(preset: Preset, path: Path, framework: str, repo: Path, record) -> dict[str, str]:
    """`presets verify --against`: the framework's own computation agrees and is noted in the preset."""
    found = verifying.verify(preset, path, radiographs(repo)[:1])
    record("verify", found[framework])
    assert presets.read(preset.folder).source["verified"][framework] == found[framework]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", TORCH_KINDS)
def test_torch(kind: str, tmp_path: Path, repo: Path, record_property) -> None:
    needs("torch", "torchvision", *(["torchxrayvision"] if kind == "xrv" else []))
    family = TORCH_KINDS[kind]
    batch = batch_of(repo, importing.RECIPES[family])
    expected = genuine(TORCH, kind, tmp_path / "model.pt", batch)
    made = importing.import_file(tmp_path / "model.pt", "it")
    assert made.layout.startswith(family) and made.mapped == 606 and made.preset.epsilon == 1e-5
    assert made.preset.recipe == importing.RECIPES[family]
    compare(made.preset, batch, expected, record_property)
    said = verified(made.preset, tmp_path / "model.pt", "torchvision", repo, record_property)
    if kind == "one":
        assert made.preset.labels == ("Pneumothorax",)
    if kind == "xrv":
        points = np.array([made.preset.operating_points[label] for label in made.preset.labels])
        np.testing.assert_allclose(points, 0.1, rtol=1e-6)
        scores = OpenVINOEngine(made.preset.path("network.xml")).run(batch).scores
        np.testing.assert_allclose(xrv_figures.normalised(scores, points), expected["normalised"], atol=1e-4)
        assert said["torchxrayvision"].startswith("op-normalised scores within")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KERAS_KINDS)
def test_keras_2(kind: str, tmp_path: Path, repo: Path, record_property) -> None:
    needs("tf_keras")
    batch = batch_of(repo, importing.RECIPES["keras"])
    expected = genuine(KERAS, kind, tmp_path / "w.h5", batch)
    made = importing.import_file(tmp_path / "w.h5", "it", labels=SIX if "6_" in kind else None)
    assert made.preset.epsilon == 1.001e-5
    compare(made.preset, batch, expected, record_property)
    verified(made.preset, tmp_path / "w.h5", "tf-keras", repo, record_property)


@pytest.mark.slow
def test_an_output_that_is_dropped_is_no_hindrance_to_verifying(tmp_path: Path, repo: Path, record_property) -> None:
    needs("torch", "torchvision", "torchxrayvision")
    path = saved(tmp_path / "xrv.pt", networks.torch_state(networks.weights(channels=1, outputs=18)))
    made = importing.import_file(path, "it", known=registry.get("xrv-chex"))
    assert made.dropped == 7
    said = verified(made.preset, path, "torchvision", repo, record_property)
    assert said["torchxrayvision"].startswith("op-normalised scores within")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["it.keras", "it.weights.h5"])
def test_keras_3(name: str, tmp_path: Path, repo: Path, record_property) -> None:
    from tchexnet.models import densenet, tchexnet

    batch = batch_of(repo, importing.RECIPES["keras"])
    model = tchexnet.build(units=(16, 8))
    model.save(tmp_path / name) if name.endswith(".keras") else model.save_weights(tmp_path / name)
    outputs = [np.asarray(output) for output in densenet.tapped(model).predict_on_batch(batch)]
    made = importing.import_file(tmp_path / name, "it")
    assert made.preset.units == (16, 8)
    compare(made.preset, batch, {"scores": outputs[0], "features": outputs[1]}, record_property)
    verified(made.preset, tmp_path / name, "keras 3", repo, record_property)
