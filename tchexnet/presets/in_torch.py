"""The process that `frameworks` starts for torch: python -m tchexnet.presets.in_torch WORK ASKED.npz ANSWER.npz"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def torchvision(given: Arrays) -> Arrays:
    """Scores and features of torchvision's DenseNet-121, of the weights beside `batch` and `epsilon`."""
    import torch
    from torchvision.models import densenet121

    batch, epsilon = given.pop("batch"), float(given.pop("epsilon"))
    state = {name: torch.from_numpy(values) for name, values in given.items()}
    model = densenet121()
    model.features.conv0 = torch.nn.Conv2d(batch.shape[-1], 64, 7, 2, 3, bias=False)
    model.classifier = _classifier(state)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = epsilon
    model.load_state_dict(state)
    with torch.inference_mode():
        maps = torch.relu(model.eval().features(torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())))
        features = maps.mean((2, 3))
        return {"scores": torch.sigmoid(model.classifier(features)).numpy(), "features": features.numpy()}


def op_norm(given: Arrays) -> Arrays:
    """torchxrayvision's own bending of `scores` at `points`."""
    import torch
    import torchxrayvision

    scores, points = torch.from_numpy(given["scores"]), torch.from_numpy(given["points"]).float()
    return {"scores": torchxrayvision.models.op_norm(scores, points).numpy()}


def _classifier(state: dict[str, Any]) -> Any:
    """The layers above the features: one, or several with ReLU between them, as the names say."""
    from torch import nn

    shapes = [value.shape for name, value in state.items() if name.startswith("classifier.") and value.ndim == 2]
    layers = [layer for outputs, inputs in shapes for layer in (nn.Linear(inputs, outputs), nn.ReLU())][:-1]
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)


if __name__ == "__main__":
    name, asked, answer = sys.argv[1:]
    with np.load(asked, allow_pickle=False) as arrays:
        found = {"torchvision": torchvision, "op_norm": op_norm}[name](dict(arrays))
    np.savez(answer, allow_pickle=False, **found)
