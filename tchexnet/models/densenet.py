"""The DenseNet-121 backbone, flat, and the three things one forward pass gives.

`keras.applications` pads the stem as torchvision does, so that weights of both worlds land on the same pixel grid.
Source: Huang et al. 2017, table 1.
"""

from __future__ import annotations

import keras

FEATURES = "avg_pool"
FEATURE_MAP = "relu"
SCORES = "predictions"


def backbone(input_shape: tuple[int, int, int] = (224, 224, 3)) -> keras.Model:
    """DenseNet-121 without a head, random weights: (n, h, w, c) float32 to (n, 1024) float32 features.

    The returned model is meant to be extended through its `output`, so that the final network stays flat: staged
    unfreezing names layers, heatmaps tap layers.
    """
    return keras.applications.DenseNet121(include_top=False, weights=None, input_shape=input_shape, pooling="avg")


def set_epsilon(model: keras.Model, epsilon: float) -> None:
    """Let every batch normalisation of `model` add `epsilon` to variances; before anything is traced or exported."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.epsilon = epsilon


def tapped(model: keras.Model) -> keras.Model:
    """The same network with the outputs scores (n, labels), features (n, 1024), feature map (n, h/32, w/32, 1024)."""
    taps = [model.get_layer(name).output for name in (SCORES, FEATURES, FEATURE_MAP)]
    return keras.Model(model.inputs, taps, name=f"{model.name}_tapped")
