"""Backbones: DenseNet-121 without a head, which training puts one of its own upon."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.presets import digests, download, installing
from tchexnet.presets.importers import reading
from tchexnet.presets.registry import IMAGENET


@dataclass(frozen=True, eq=False)
class Backbone:
    """Weights below the pooled features.

    Args:
        name: `imagenet`, or the file's name.
        weights: `layer/variable` to its values, in Keras's order of axes.
        epsilon: what its batch normalisation adds to variances.
        source: the file and its hashes.
    """

    name: str
    weights: dict[str, NDArray[np.float32]]
    epsilon: float
    source: dict[str, Any] = field(default_factory=dict)


def read(path: Path) -> Backbone:
    """The backbone in a checkpoint of any known layout; a head in it is left aside.

    Raises:
        PresetError: the file is refused, or its backbone is not DenseNet-121's.
    """
    with reading.opened(path) as checkpoint:
        weights, epsilon, layout = checkpoint.backbone(), checkpoint.epsilon, checkpoint.layout
    hashes = digests.identify(path)
    name = IMAGENET.name if hashes["md5"] == IMAGENET.md5 else path.name
    return Backbone(name, weights, epsilon, {"file": path.name, **hashes, "layout": layout})


def imagenet(
    *,
    mirror: str | None = None,
    offline: Path | None = None,
    tell: download.Tell = lambda done, total: None,
    pause: float = 1.0,
) -> Backbone:
    """Keras's own ImageNet weights: from Keras's folder where it fetched them before, or downloaded and checked.

    Args:
        mirror, offline, tell, pause: see `installing.install`.

    Raises:
        PresetError: the file cannot be had, or is another one; the message says which file to put where.
    """
    kept = _keras_home() / "models" / IMAGENET.file
    if offline is None and kept.is_file() and installing.wrong(IMAGENET, kept) is None:
        return read(kept)
    return read(installing.file_of(IMAGENET, mirror, offline, tell, pause))


def _keras_home() -> Path:
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
