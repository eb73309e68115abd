"""Stages: who learns, and how fast."""

import keras
import pytest

from tchexnet.errors import ConfigError
from tchexnet.models import tchexnet
from tchexnet.training.stages import open_layers


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
