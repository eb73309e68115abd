"""What a run starts from: its epsilon, its backbone, its new head, and what the finished preset says of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tchexnet.cli import train_origin
from tchexnet.cli.main import app
from tchexnet.errors import ConfigError
from tchexnet.images.recipe import Recipe
from tchexnet.presets import contamination, keras_weights, registry, seen
from tchexnet.presets import preset as presets
from tchexnet.presets.backbones import Backbone
from tchexnet.presets.preset import Preset
from tchexnet.training import finish, network, start
from tchexnet.training.trainer import Trainer

from .plans import one_stage

EPSILON = 0.3  # large, so that whoever forgets it computes something else


@pytest.fixture(scope="module")
def parent(small_network, tmp_path_factory: pytest.TempPathFactory) -> Preset:
    """A preset with another head and another epsilon than the run's configuration."""
    folder = tmp_path_factory.mktemp("parent") / "old"
    made = Preset("old", "chexnet", ("Mass",), Recipe(size=32), epsilon=EPSILON, folder=folder)
    model = keras_weights.empty(made)
    random = np.random.default_rng(0)
    for layer in model.layers:
        if "moving_variance" in {weight.name for weight in layer.weights}:
            width = layer.gamma.shape[0]
            layer.set_weights([random.uniform(0.5, 1.5, width) for _ in range(4)])
    keras_weights.export(model, made, half=False)
    return presets.write(made)


def epsilons(model) -> set[float]:
    return {layer.epsilon for layer in model.layers if hasattr(layer, "epsilon")}


@pytest.mark.parametrize("stage", [{"cache": True}, {"first": "all", "batch_norm": "train"}])
def test_a_run_keeps_the_epsilon_of_its_start(parent: Preset, parts, tmp_path: Path, stage: dict) -> None:
    plan = start.settled(one_stage({**stage, "epochs": 1}), parent)
    assert plan.epsilon == EPSILON
    model = Trainer(plan, *parts, tmp_path, start.initial_weights(plan, parent)).run()
    assert epsilons(model) == {EPSILON}
    preset = finish.write_preset(model, plan, *parts, tmp_path, parent, "MIT")
    assert preset.epsilon == EPSILON and presets.read(preset.folder).epsilon == EPSILON
    assert epsilons(keras_weights.build(preset)) == {EPSILON}
    assert preset.training["start"] == {"name": "old", "weights_sha256": parent.files["weights.safetensors"]}


def test_the_frozen_layers_compute_as_in_the_parent(parent: Preset, parts, tmp_path: Path) -> None:
    """Trained behind the pooled features alone, the features are the parent's: the same weights and epsilon."""
    import tchexnet

    plan = start.settled(one_stage({"cache": True, "epochs": 1}), parent)
    model = Trainer(plan, *parts, tmp_path, start.initial_weights(plan, parent)).run()
    preset = finish.write_preset(model, plan, *parts, tmp_path, parent, "MIT")
    images = [str(parts[1].path(row)) for row in range(2)]
    ours, theirs = (tchexnet.load(folder).features(images) for folder in (preset.folder, parent.folder))
    np.testing.assert_allclose(ours, theirs, rtol=2e-2, atol=1e-2)  # kernels are rounded to float16


def test_an_epsilon_of_ones_own_is_not_overruled_silently(parent: Preset) -> None:
    with pytest.raises(ConfigError, match=r"sets epsilon = 0.001, but 'old' was trained with 0.3; leave epsilon out"):
        start.settled(one_stage({}, epsilon=1e-3), parent)
    assert start.settled(one_stage({}, epsilon=EPSILON), parent).epsilon == EPSILON
    assert start.settled(one_stage({}, epsilon=1e-3), None).epsilon == 1e-3
    with pytest.raises(ConfigError, match="epsilon must be above 0 and below 1, not 2"):
        one_stage({}, epsilon=2)


def test_a_folded_three_way_head_keeps_it(small_network) -> None:
    plan = one_stage({}, head="three-way", epsilon=EPSILON)
    assert epsilons(network.published(network.build(plan, 32), plan)) == {EPSILON}


@pytest.mark.parametrize("settings", [{}, {"head": "three-way"}, {"architecture": "tchexnet"}])
def test_a_backbone_gets_a_new_head(small_network, settings: dict) -> None:
    plan = one_stage({}, **settings)
    given = {
        name: np.full_like(values, 0.5)
        for name, values in keras_weights.tensors(network.build(plan, 32)).items()
        if not name.startswith(("predictions", "hidden"))
    }
    model = network.build(plan, 32)
    model.set_weights(start.initial_weights(plan, Backbone("imagenet", given, plan.epsilon)))
    for name, values in keras_weights.tensors(model).items():
        if name in given:
            np.testing.assert_array_equal(values, 0.5)
        elif name.endswith("kernel"):
            assert values.std() > 0.01


def test_what_was_seen_is_written_and_handed_on(parent: Preset, parts, small_network, tmp_path: Path) -> None:
    plan = one_stage({"epochs": 1})
    runs = []
    for name in ("first", "second"):
        run = tmp_path / name
        origin = runs[0] if runs else None
        model = Trainer(plan, *parts, run, start.initial_weights(plan, origin)).run()
        runs.append(finish.write_preset(model, replace(plan, name=name), *parts, run, origin, "MIT"))
    counts = {part: sum(row.part == part for row in seen.read(runs[1].path(seen.FILE))) for part in contamination._SAID}
    assert counts == {"train": len(parts[0]), "parent": len(parts[0]), "valid": len(parts[1])}
    assert "'second' was trained on 36 of the 36 images" in contamination.warnings(runs[1], parts[0].images)[0]
    assert "by which the epoch of 'second' was chosen" in contamination.warnings(runs[1], parts[1].images)[0]


def test_the_command_says_what_to_get_where_it_is_offline(parts, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TCHEXNET_OFFLINE", str(tmp_path))
    table = tmp_path / "my.csv"
    table.write_text("image,patient,Mass\n" + "".join(f"{parts[0].path(i)},{i},{i % 2}\n" for i in range(20)))
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'name="t"\narchitecture="chexnet"\nlabels=["Mass"]\n[[stages]]\nname="a"\nfirst="head"\nepochs=1\nlearning_rate=1e-3\n'
    )
    words = ["train", str(plan), "--data", str(table), "--out", str(tmp_path / "run"), "--from", "imagenet"]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 1
    assert f"{registry.IMAGENET.file}, the file of 'imagenet'. Get it from https://" in str(ran.exception)
    assert not (tmp_path / "run").exists()


def test_nothing_and_a_preset_by_name() -> None:
    assert train_origin.read(None) is None
    assert train_origin.read("chexnet").name == "chexnet"


@pytest.mark.slow
def test_from_a_file_through_the_command(records, tmp_path: Path) -> None:
    """DenseNet-121 itself: the untrained layers of the finished preset are the file's."""
    from tests.presets import networks
    from tests.presets.keras_files import keras2

    ours = networks.weights()
    path = keras2(tmp_path / "notop.h5", {name: v for name, v in ours.items() if not name.startswith("predictions")})
    table = tmp_path / "my.csv"
    rows = zip(records.images, records.patients, records.y[:, 0], strict=True)
    table.write_text("image,patient,Mass\n" + "".join(f"{records.root / i},{p},{y:.0f}\n" for i, p, y in rows))
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'name = "t"\narchitecture = "chexnet"\nlabels = ["Mass"]\nbatch_size = 8\nrecipe = { size = 32 }\n[[stages]]\n'
        'name = "head"\nfirst = "head"\nepochs = 1\nlearning_rate = 1e-3\naugmentation = false\ncache = true\n'
    )
    words = ["train", str(plan), "--data", str(table), "--out", str(tmp_path / "run"), "--from", str(path)]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 0, ran.output
    assert "starting from the backbone in notop.h5 (Keras 2 HDF5, weights (save_weights))" in ran.stderr
    preset = presets.read(tmp_path / "run" / "preset")
    kept = keras_weights.tensors(keras_weights.build(preset))
    np.testing.assert_array_equal(kept["conv1_conv/kernel"], ours["conv1_conv/kernel"].astype("f2").astype("f4"))
    np.testing.assert_array_equal(kept["bn/moving_mean"], ours["bn/moving_mean"])
    assert preset.parent == "notop.h5" and preset.training["start"]["md5"]
