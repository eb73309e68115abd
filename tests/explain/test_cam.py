"""Class activation maps: by hand, against their own sums, and against the gradients that Keras computes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tchexnet.explain import cam


def head(*widths: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random dense layers from widths[0] inputs to widths[-1] labels."""
    random = np.random.default_rng(seed)
    return [
        (random.normal(size=pair).astype("f4"), random.normal(size=pair[1]).astype("f4")) for pair in pairwise(widths)
    ]


def test_cam_by_hand() -> None:
    """Two cells, two channels: (1, 0) and (3, 4); weights (2, -1), bias 0.5. Logit: 2 x 2 - 1 x 2 + 0.5 = 2.5."""
    feature_map = np.array([[[1, 0], [3, 4]]], np.float32)
    linear = [(np.array([[2], [-1]], np.float32), np.array([0.5], np.float32))]
    np.testing.assert_array_equal(cam.cam(feature_map, linear, 0), [[1, 1]])
    assert cam.offset(feature_map, linear, 0) == 0.5
    assert cam.logits(linear, feature_map.mean((0, 1))) == 2.5


def test_grad_cam_by_hand() -> None:
    """Features (2, 2). Hidden: 2 + 1 = 3 is active, -2 is not; the logit is 2 x 3 + 1 = 7, its gradient (2, 0)."""
    feature_map = np.array([[[1, 0], [3, 4]]], np.float32)
    hidden = (np.array([[1, -1], [0, 0]], np.float32), np.array([1, 0], np.float32))
    top = (np.array([[2], [5]], np.float32), np.array([1], np.float32))
    np.testing.assert_array_equal(cam.gradient([hidden, top], np.array([2, 2], np.float32), 0), [2, 0])
    np.testing.assert_array_equal(cam.cam(feature_map, [hidden, top], 0), [[1, 3]])
    assert cam.offset(feature_map, [hidden, top], 0) == 3


def test_odds_by_hand() -> None:
    """A prevalence of a half has logit 0; the cells' own logits are 2 + 0.5 and 6 - 4 + 0.5."""
    feature_map = np.array([[[1, 0], [3, 4]]], np.float32)
    linear = [(np.array([[2], [-1]], np.float32), np.array([0.5], np.float32))]
    np.testing.assert_array_equal(cam.odds(feature_map, linear, 0, 0.5), [[2.5, 2.5]])
    np.testing.assert_allclose(cam.odds(feature_map, linear, 0, 0.2), [[2.5 + np.log(4)] * 2], rtol=1e-6)


@given(
    arrays.arrays(np.float32, (3, 3, 5), elements=st.floats(0, 4, width=32)),
    st.sampled_from([(5, 2), (5, 4, 2), (5, 4, 3, 2)]),
    st.integers(0, 99),
)
def test_the_sum_and_the_offset_are_the_logit(feature_map, widths, seed) -> None:
    layers = head(*widths, seed=seed)
    logit = cam.logits(layers, feature_map.mean((0, 1)))[1]
    total = cam.cam(feature_map, layers, 1).sum() + cam.offset(feature_map, layers, 1)
    assert total == pytest.approx(logit, abs=1e-3)


@pytest.mark.parametrize("widths", [(6, 3), (6, 8, 3), (6, 8, 5, 3)])
def test_gradients_are_those_of_keras(widths) -> None:
    import keras
    import tensorflow as tf

    layers = head(*widths)
    entry = keras.Input((4, 4, widths[0]))
    top = keras.layers.GlobalAveragePooling2D()(entry)
    for width in widths[1:-1]:
        top = keras.layers.Dense(width, activation="relu")(top)
    model = keras.Model(entry, keras.layers.Dense(widths[-1])(top))
    model.set_weights([array for layer in layers for array in layer])
    feature_map = np.random.default_rng(1).random((4, 4, widths[0]), np.float32)
    batch = tf.constant(feature_map[None])
    with tf.GradientTape() as tape:
        tape.watch(batch)
        logit = model(batch)[0, 2]
    weights = tape.gradient(logit, batch).numpy()[0].mean((0, 1))
    np.testing.assert_allclose(cam.cam(feature_map, layers, 2), feature_map @ weights, atol=1e-5)
