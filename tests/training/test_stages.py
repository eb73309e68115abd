"""Stages: who learns, and how fast."""

import keras
import numpy as np
import pytest

from tchexnet.errors import ConfigError
from tchexnet.models import tchexnet
from tchexnet.training.schedules import learning_rate
from tchexnet.training.stages import Stage, open_layers


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return tchexnet.build((32, 32, 3))


def learners(model: keras.Model) -> set[str]:
    return {layer.name for layer in model.layers if layer.weights and layer.trainable}


def test_the_head_alone(model: keras.Model) -> None:
    open_layers(model, "head")
    assert learners(model) == {"hidden", "predictions"}


def test_the_last_block_and_its_batch_norm_stays(model: keras.Model) -> None:
    open_layers(model, "conv5")
    names = learners(model)
    assert "conv5_block1_1_conv" in names and "conv5_block16_2_conv" in names and "hidden" in names
    assert not any(name.startswith(("conv1", "conv2", "conv3", "conv4")) for name in names)
    assert not any(name.endswith("bn") for name in names)


def test_batch_norm_learns_when_asked(model: keras.Model) -> None:
    open_layers(model, "conv5", "train")
    assert "conv5_block1_0_bn" in learners(model) and "conv4_block1_0_bn" not in learners(model)
    open_layers(model, "all", "train")
    assert learners(model) == {layer.name for layer in model.layers if layer.weights}


def test_an_unknown_layer_is_named(model: keras.Model) -> None:
    with pytest.raises(ConfigError, match="'conv6' is no layer of tchexnet"):
        open_layers(model, "conv6")


def test_one_cycle_rises_to_the_peak_and_falls_to_nothing() -> None:
    rates = [learning_rate(Stage("a", "all", 1, 2e-3), step, 100) for step in range(100)]
    assert np.argmax(rates) == 25 and rates[25] == 2e-3
    assert rates[0] == pytest.approx(2e-3 / 25) and rates[-1] < 2e-6
    assert all(np.diff(rates[:26]) > 0) and all(np.diff(rates[25:]) < 0)


def test_constant_is_constant() -> None:
    stage = Stage("a", "all", 1, 2e-3, schedule="constant")
    assert {learning_rate(stage, step, 10) for step in range(10)} == {2e-3}
