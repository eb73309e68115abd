"""Fused batch normalisation computes what Keras computes."""

import keras
import numpy as np
import pytest

from tchexnet.training import backend


def network() -> keras.Model:
    layers = [keras.Input((6, 6, 5)), keras.layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5)]
    model = keras.Sequential(layers)
    random = np.random.default_rng(1)
    model.layers[0].set_weights([random.uniform(0.5, 1.5, 5).astype(np.float32) for _ in range(4)])
    return model


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("trainable", [True, False])
def test_same_values_and_same_statistics(training: bool, trainable: bool) -> None:
    plain, fused = network(), network()
    backend.fuse_batch_norm(fused)
    plain.layers[0].trainable = fused.layers[0].trainable = trainable
    batch = np.random.default_rng(2).normal(2, 3, (4, 6, 6, 5)).astype(np.float32)
    expected, found = plain(batch, training=training), fused(batch, training=training)
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)
