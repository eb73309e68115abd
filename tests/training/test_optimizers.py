"""Rates by block, decay and averages, against the same steps by hand."""

import keras
import numpy as np
import pytest

from tchexnet.training import optimizers
from tchexnet.training.stages import Stage, block

from .plans import one_stage

X, Y = np.float32([[1.0, 2.0]]), np.float32([[0.0]])


def network() -> keras.Model:
    inputs = keras.Input((2,))
    inner = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones", name="conv5_block1_1_conv")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="hidden")(inner))


def after(steps: int = 1, rates: dict[str, float] | None = None, **settings: object) -> list[np.ndarray]:
    """The two kernels after so many steps at a rate of 0.01."""
    model = network()
    stage = Stage("a", "all", 1, 1e-2, rates=rates or {})
    optimizer = optimizers.build(one_stage({}, **settings), stage, model)
    model.compile(optimizer, loss="mse", jit_compile=False)
    optimizer.learning_rate.assign(1e-2)
    for _ in range(steps):
        model.train_on_batch(X, Y)
    with optimizers.averaged(optimizer):
        return model.get_weights()


def test_sgd_by_hand() -> None:
    inner, outer = after(optimizer="sgd", momentum=0.0)
    np.testing.assert_allclose(inner, 1 - 0.01 * 12 * np.array([[1, 1], [2, 2]]), rtol=1e-5)  # d/dw (6)^2
    np.testing.assert_allclose(outer, 1 - 0.01 * 12 * 3 * np.ones((2, 1)), rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_slow_block_moves_less_and_decays_less(optimizer: str) -> None:
    whole = after(optimizer=optimizer, momentum=0.0, weight_decay=0.1)
    slow = after(optimizer=optimizer, momentum=0.0, weight_decay=0.1, rates={"conv5": 0.1})
    decay = 1 - 0.01 * 0.1
    # the decay comes first and the step adds to it: w = 1 * decay - step
    np.testing.assert_allclose(1 - 0.1 * 0.001 - slow[0], 0.1 * (decay - whole[0]), rtol=2e-3)
    np.testing.assert_allclose(slow[1], whole[1], rtol=1e-6)


def test_the_average_is_what_is_seen_within_and_gone_afterwards() -> None:
    one, two = after(1, optimizer="sgd", momentum=0.0), after(2, optimizer="sgd", momentum=0.0)
    seen = after(2, optimizer="sgd", momentum=0.0, ema=0.75)
    for first, second, average in zip(one, two, seen, strict=True):
        np.testing.assert_allclose(average, 0.75 * first + 0.25 * second, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        ("conv1_conv", "conv1"),
        ("pool2_conv", "conv2"),
        ("pool4_bn", "conv4"),
        ("conv5_block16_2_conv", "conv5"),
        ("bn", "conv5"),
        ("hidden", "head"),
        ("predictions", "head"),
    ],
)
def test_every_layer_has_its_block(layer: str, found: str) -> None:
    assert block(layer) == found
