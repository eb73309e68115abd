"""tCheXNet: the CheXNet backbone, Dense 512, Dense 1; 122 weight layers. It scores pneumothorax."""

from __future__ import annotations

import keras

from tchexnet.models import densenet

HIDDEN = "hidden"


def build(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    outputs: int = 1,
    units: int | tuple[int, ...] = 512,
    name: str = "tchexnet",
) -> keras.Model:
    """tCheXNet with random weights: (n, h, w, c) float32 to (n, outputs) float32 scores in [0, 1].

    Several `units` make several hidden layers: `hidden`, `hidden_2`, and so on.
    `adopt_backbone` brings the convolutions of a trained CheXNet.
    """
    trunk = densenet.backbone(input_shape)
    hidden = trunk.output
    for place, width in enumerate((units,) if isinstance(units, int) else units, 1):
        name_ = HIDDEN if place == 1 else f"{HIDDEN}_{place}"
        hidden = keras.layers.Dense(width, activation="relu", name=name_)(hidden)
    scores = keras.layers.Dense(outputs, activation="sigmoid", dtype="float32", name=densenet.SCORES)(hidden)
    return keras.Model(trunk.inputs, scores, name=name)


def adopt_backbone(model: keras.Model, source: keras.Model) -> None:
    """Copy every backbone weight of `source` into `model`; the heads stay as they are.

    Raises:
        ValueError: the two networks differ below the pooled features.
    """
    for layer in source.layers:
        if layer.weights and layer.name != densenet.SCORES and not layer.name.startswith(HIDDEN):
            model.get_layer(layer.name).set_weights(layer.get_weights())
