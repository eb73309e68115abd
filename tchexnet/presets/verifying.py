"""Verify a preset: its files by their hashes, its engines against each other, its source by its own framework."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.presets import frameworks, xrv_figures
from tchexnet.presets import preset as presets
from tchexnet.presets.frameworks import Pair
from tchexnet.presets.importers import reading
from tchexnet.presets.importers.checkpoint import Checkpoint
from tchexnet.presets.importers.network import torch_named
from tchexnet.presets.preset import Preset
from tchexnet.runtime.openvino_engine import OpenVINOEngine

SCORES, FEATURES = 1e-5, 1e-4
"""Largest differences that count as the same: of a score, and of a feature relative to the largest one."""


def verify(preset: Preset, against: Path | None = None, images: Sequence[Path] = ()) -> dict[str, str]:
    """What was checked, and what came out.

    Args:
        against: the checkpoint that the preset was made from. Its framework computes the same images; the largest
            differences are written into the preset's `source`.
        images: radiographs to compute; without any, synthetic ones.

    Raises:
        PresetError: a file is damaged, or the numbers differ.
    """
    for name in preset.files:
        preset.path(name)
    found = {"files": f"{len(preset.files)} agree with their sha256"}
    batch = inputs(preset, 4, images)
    network = preset.path(presets.NETWORK)
    preset.path(presets.NETWORK_DATA)
    ours = OpenVINOEngine(network).run(batch)
    found |= _compared("keras", (ours.scores, ours.features), _keras(preset, batch))
    if against is not None:
        name, theirs = _source(preset, against, batch)
        said = _compared(name, (ours.scores, ours.features), theirs) | _bent(preset, ours.scores, theirs[0])
        _note(preset, {"framework": name, "images": len(batch), **said})
        found |= said
    return found


def inputs(preset: Preset, count: int, images: Sequence[Path] = ()) -> NDArray[np.float32]:
    """Network input: (n, size, size, channels) float32, of radiographs or of smooth random grey."""
    if images:
        return np.concatenate([preset.recipe.apply(read(path)) for path in images])
    random = np.random.default_rng(0)
    coarse = random.random((count, 16, 16), np.float32)
    grey = coarse.repeat(16, axis=1).repeat(16, axis=2)
    one_view = replace(preset.recipe, views="one")
    return np.concatenate([one_view.apply(Radiograph(pixels, 8, "synthetic", "array")) for pixels in grey])


def _keras(preset: Preset, batch: NDArray[np.float32]) -> Pair:
    from tchexnet.models import densenet
    from tchexnet.presets import keras_weights

    outputs = densenet.tapped(keras_weights.build(preset)).predict_on_batch(batch)
    return np.asarray(outputs[0]), np.asarray(outputs[1])


def _compared(name: str, ours: Pair, theirs: Pair) -> dict[str, str]:
    scores = float(abs(ours[0] - theirs[0]).max())
    features = float(abs(ours[1] - theirs[1]).max() / max(abs(theirs[1]).max(), 1e-12))
    if not (scores <= SCORES and features <= FEATURES):
        raise PresetError(
            f"The preset differs from {name}: scores by {scores:.2g}, features by {features:.2g} (relative)."
        )
    return {name: f"scores within {scores:.2g}, features within {features:.2g} (relative)"}


def _source(preset: Preset, path: Path, batch: NDArray[np.float32]) -> tuple[str, Pair]:
    """The framework's name, and what it computes from the file for the outputs that the preset has."""
    with reading.opened(path) as checkpoint:
        name, (scores, features) = _computed(path, checkpoint, batch)
    kept = preset.source.get("outputs", range(scores.shape[1]))
    if len(kept) != len(preset.labels):
        raise PresetError(f"{path.name} has {scores.shape[1]} outputs and {preset.name!r} has {len(preset.labels)}.")
    return name, (scores[:, list(kept)], features)


def _computed(path: Path, checkpoint: Checkpoint, batch: NDArray[np.float32]) -> tuple[str, Pair]:
    """The framework's name, and what it makes of the whole file."""
    if checkpoint.layout.startswith("tchexnet"):
        raise PresetError(f"{path.name} was written by tchexnet itself; verify without --against compares its engines.")
    name, install = "torchvision", "torch torchvision"
    try:
        if checkpoint.layout.startswith("Keras 2"):
            name, install = "tf-keras", "tf-keras"
            import tf_keras

            return name, frameworks.keras(tf_keras, path, checkpoint, batch)
        if checkpoint.layout.startswith("Keras 3"):
            from tchexnet.presets import keras_weights

            return "keras 3", frameworks.keras(keras_weights.framework(), path, checkpoint, batch)
        return name, frameworks.torchvision(torch_named(checkpoint.weights()), batch, checkpoint.epsilon)
    except ImportError as error:
        raise PresetError(f"The comparison needs {name} ({error}): pip install {install}.") from error


def _bent(preset: Preset, ours: NDArray[Any], theirs: NDArray[Any]) -> dict[str, str]:
    """How far the scores are apart once they are bent at the operating points, as torchxrayvision shows them."""
    if importlib.util.find_spec("torchxrayvision") is None or set(preset.operating_points) != set(preset.labels):
        return {}
    points = np.array([preset.operating_points[label] for label in preset.labels])
    difference = abs(xrv_figures.normalised(ours, points) - frameworks.op_norm(theirs, points)).max()
    return {"torchxrayvision": f"op-normalised scores within {difference:.2g}"}


def _note(preset: Preset, said: dict[str, Any]) -> None:
    path = preset.folder / presets.DESCRIPTION
    fields = json.loads(path.read_text("utf-8"))
    fields.setdefault("source", {})["verified"] = said
    path.write_text(json.dumps(fields, indent=2) + "\n", "utf-8")
