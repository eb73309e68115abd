"""What a source framework computes from weights: torchvision, torchxrayvision, Keras 2 (tf-keras) and Keras 3.

Each network is built by its framework, and only weights are read into it: no framework loads a file's own program.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError
from tchexnet.presets.importers.checkpoint import TORCH_EPSILON, Checkpoint

Pair = tuple[NDArray[Any], NDArray[Any]]
"""(n, outputs) scores and (n, 1024) features."""


def torchvision(
    named: Mapping[str, NDArray[np.float32]], batch: NDArray[np.float32], epsilon: float = TORCH_EPSILON
) -> Pair:
    """torchvision's DenseNet-121 with weights under its names; `load_state_dict` is strict.

    Raises:
        PresetError: it does not take them.
    """
    import torch
    from torchvision.models import densenet121

    state = {name: torch.from_numpy(values) for name, values in named.items()}
    model = densenet121()
    model.features.conv0 = torch.nn.Conv2d(batch.shape[-1], 64, 7, 2, 3, bias=False)
    model.classifier = _classifier(state)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = epsilon
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise PresetError(f"torchvision does not take the weights: {error}.") from error
    with torch.inference_mode():
        maps = torch.relu(model.eval().features(torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())))
        features = maps.mean((2, 3))
        return torch.sigmoid(model.classifier(features)).numpy(), features.numpy()


def _classifier(state: dict[str, Any]) -> Any:
    """The layers above the features: one, or several with ReLU between them, as the names say."""
    from torch import nn

    shapes = [value.shape for name, value in state.items() if name.startswith("classifier.") and value.ndim == 2]
    layers = [layer for outputs, inputs in shapes for layer in (nn.Linear(inputs, outputs), nn.ReLU())][:-1]
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)


def op_norm(scores: NDArray[Any], points: NDArray[np.float64]) -> NDArray[Any]:
    """Scores as torchxrayvision itself shows them, bent at (outputs,) operating points."""
    import torch
    import torchxrayvision

    return torchxrayvision.models.op_norm(torch.from_numpy(scores), torch.from_numpy(points).float()).numpy()


def keras(framework: Any, path: Path, checkpoint: Checkpoint, batch: NDArray[np.float32]) -> Pair:
    """Keras's DenseNet-121 with the weights that it reads from the file itself.

    Args:
        framework: the module `tf_keras`, or Keras 3.
        checkpoint: the same file as we understand it: it says the head and epsilon.

    Raises:
        PresetError: the framework finds another network in the file.
    """
    refused: Exception | None = None
    for nested in (False, True):
        base, model = _network(framework, checkpoint, batch.shape[1:], nested)
        try:
            model.load_weights(path)
        except ValueError as error:
            refused = error
        else:
            return np.asarray(model.predict_on_batch(batch)), np.asarray(base.predict_on_batch(batch))
    raise PresetError(f"{framework.__name__} does not take the weights of {path.name}: {refused}.") from refused


def _network(framework: Any, checkpoint: Checkpoint, shape: tuple[int, ...], nested: bool) -> tuple[Any, Any]:
    """(backbone, network over the same layers); the backbone is a layer of its own, or its layers stand in the open."""
    base = framework.applications.DenseNet121(include_top=False, weights=None, input_shape=shape, pooling="avg")
    for layer in base.layers:
        if hasattr(layer, "epsilon"):
            layer.epsilon = checkpoint.epsilon
    heads = [framework.layers.Dense(units, activation="relu") for units in checkpoint.hidden]
    heads.append(framework.layers.Dense(checkpoint.outputs, activation="sigmoid"))
    if nested:
        return base, framework.Sequential([base, *heads])
    top = base.output
    for head in heads:
        top = head(top)
    return base, framework.Model(base.inputs, top)
