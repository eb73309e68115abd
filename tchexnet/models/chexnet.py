"""CheXNet: DenseNet-121 and one sigmoid a finding. Source: Rajpurkar et al. 2017, section 2."""

from __future__ import annotations

import keras

from tchexnet.labels import NIH14
from tchexnet.models import densenet


def build(
    input_shape: tuple[int, int, int] = (224, 224, 3), outputs: int = len(NIH14), name: str = "chexnet"
) -> keras.Model:
    """CheXNet with random weights, 121 weight layers: (n, h, w, c) float32 to (n, outputs) float32 scores in [0, 1].

    Example:
        >>> model = build()
        >>> model.output_shape
        (None, 14)
    """
    trunk = densenet.backbone(input_shape)
    scores = keras.layers.Dense(outputs, activation="sigmoid", dtype="float32", name=densenet.SCORES)(trunk.output)
    return keras.Model(trunk.inputs, scores, name=name)
