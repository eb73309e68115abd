"""The networks: how many weight layers, what comes out, and that nothing in them belongs to TensorFlow alone."""

import keras
import numpy as np
import pytest

from tchexnet.models import chexnet, densenet, tchexnet


def weight_layers(model: keras.Model) -> dict[str, int]:
    kinds = [type(layer).__name__ for layer in model.layers]
    return {kind: kinds.count(kind) for kind in ("Conv2D", "Dense")}


def test_chexnet_has_121_weight_layers() -> None:
    assert weight_layers(chexnet.build()) == {"Conv2D": 120, "Dense": 1}


def test_tchexnet_has_122_weight_layers() -> None:
    model = tchexnet.build()
    assert weight_layers(model) == {"Conv2D": 120, "Dense": 2}
    assert model.get_layer("hidden").units == 512
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize("build", [chexnet.build, tchexnet.build])
def test_the_network_is_flat(build) -> None:
    assert not any(isinstance(layer, keras.Model) for layer in build((64, 64, 3)).layers)


def test_one_pass_gives_scores_features_and_map() -> None:
    model = densenet.tapped(chexnet.build((64, 64, 1)))
    scores, features, feature_map = model.predict_on_batch(np.random.default_rng(0).random((2, 64, 64, 1), np.float32))
    assert scores.shape == (2, 14) and features.shape == (2, 1024) and feature_map.shape == (2, 2, 2, 1024)
    np.testing.assert_allclose(feature_map.mean(axis=(1, 2)), features, rtol=1e-5, atol=1e-6)
    assert feature_map.min() >= 0


def test_the_backbone_is_adopted_and_the_heads_stay() -> None:
    source, model = chexnet.build((64, 64, 3)), tchexnet.build((64, 64, 3))
    head = model.get_layer("predictions").get_weights()[0]
    tchexnet.adopt_backbone(model, source)
    for name in ("conv1_conv", "conv5_block16_2_conv", "bn"):
        for ours, theirs in zip(model.get_layer(name).get_weights(), source.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.get_layer("predictions").get_weights()[0], head)
