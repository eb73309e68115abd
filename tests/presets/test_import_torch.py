"""Importing checkpoints of torch and safetensors: names undone, axes turned, the recipe of their family."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tchexnet.errors import PresetError
from tchexnet.images.recipe import ARNOWENG, TORCHVISION, TORCHXRAYVISION
from tchexnet.labels import NIH14
from tchexnet.presets import importing, xrv_figures
from tests.presets import networks
from tests.presets.streams import saved


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_arnoweng_with_prefix_and_old_spelling(tmp_path: Path, made: dict, form: str) -> None:
    ours = networks.weights()
    state = networks.torch_state(ours, prefix="module.densenet121.", old=True)
    path = saved(tmp_path / "model.pth.tar", {"epoch": 7, "state_dict": state, "best_loss": 0.5}, form)
    found = importing.import_file(path, "arno")
    networks.same(made, ours)
    assert found.preset.recipe == ARNOWENG and found.preset.labels == tuple(NIH14) and found.preset.epsilon == 1e-5
    assert "arnoweng: state dict under 'state_dict', prefix 'module.densenet121.'" in found.layout


def test_torchvision_and_its_counts(tmp_path: Path, made: dict) -> None:
    ours = networks.weights(outputs=2)
    state = networks.torch_state(ours) | {"features.norm0.num_batches_tracked": np.zeros((), "i8")}
    found = importing.import_file(saved(tmp_path / "d.pth", state), "tv", labels=("Mass", "Edema"), licence="MIT")
    networks.same(made, ours)
    assert (found.preset.recipe, found.ignored, found.preset.licence) == (TORCHVISION, 1, "MIT")


def test_safetensors_under_both_names(tmp_path: Path, made: dict) -> None:
    ours = networks.weights()
    for name, tensors in (("ours", ours), ("theirs", networks.torch_state(ours))):
        save_file(tensors, tmp_path / f"{name}.safetensors")
        found = importing.import_file(tmp_path / f"{name}.safetensors", name)
        networks.same(made, ours)
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


def test_imagenet_classes_are_no_findings(tmp_path: Path, made: dict) -> None:
    state = networks.torch_state(networks.weights(outputs=1000))
    with pytest.raises(PresetError, match="1000 ImageNet classes, not findings"):
        importing.import_file(saved(tmp_path / "d.pth", state), "tv")
