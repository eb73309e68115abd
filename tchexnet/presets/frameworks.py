"""What a source framework computes from weights: torchvision, torchxrayvision, Keras 2 (tf-keras) and Keras 3.

Each network is built by its framework, and only weights are read into it: no framework loads a file's own program.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError
from tchexnet.presets import in_torch
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
    found = _in_torch("torchvision", batch=batch, epsilon=np.array(epsilon), **named)
    return found["scores"], found["features"]


def op_norm(scores: NDArray[Any], points: NDArray[np.float64]) -> NDArray[Any]:
    """Scores as torchxrayvision itself shows them, bent at (outputs,) operating points."""
    return _in_torch("op_norm", scores=scores, points=points)["scores"]


def _in_torch(work: str, **given: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What a process of its own computes with torch.

    In one process, torch 2.14 with triton 3.8 crashes where TensorFlow 2.21 was imported before it.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "asked.npz", Path(folder) / "answer.npz"
        np.savez(asked, allow_pickle=False, **given)
        command = [sys.executable, "-m", in_torch.__name__, work, str(asked), str(answer)]
        path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        ran = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            last = ran.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise PresetError(f"{work} in torch does not take the weights: {last[0]}.")
        with np.load(answer, allow_pickle=False) as found:
            return dict(found)


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
