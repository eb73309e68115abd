"""Fit a preset's guard on its training images, and record how common its findings were among them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets import splits
from tchexnet.datasets.records import Records
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.presets import guard
from tchexnet.presets import preset as presets
from tchexnet.presets.guard import Guard
from tchexnet.presets.preset import Preset

IMAGES, COPIED = 3000, 500
"""Training images that are looked at, and those of them that are also turned and inverted."""

BATCH = 64

Floats = NDArray[np.float32]
Features = Callable[[Sequence[Radiograph]], Floats]
Progress = Callable[[int, int], None]

DISTURBED: dict[str, Callable[[Floats], Floats]] = {
    "turned left": lambda pixels: np.rot90(pixels),
    "turned right": lambda pixels: np.rot90(pixels, 3),
    "upside down": lambda pixels: np.rot90(pixels, 2),
    "inverted": lambda pixels: 1 - pixels,
}
"""What the guard learns to recognise."""


def parts(preset: Preset, records: Records) -> tuple[Records, Records]:
    """(training, validation) images, split by patient as the preset's own training split them."""
    config = preset.training.get("config", {})
    return splits.split_by_patient(records, config.get("validation", 0.1), config.get("split_seed", 0))


def fit(
    preset: Preset, features: Features, train: Records, valid: Records, rate: float = 0.01, tell: Progress | None = None
) -> tuple[Preset, Guard]:
    """Fit, write guard.safetensors, and seal the preset again.

    Args:
        features: radiographs to (n, 1024), by the preset's own network.
        train, valid: of `parts`; of `train`, an even share of `IMAGES` is read.
        rate: of false alarms on `valid`.
        tell: called with (done, of all) as images are read.

    Raises:
        DataError: there are too few images.
        ImageError: one of them cannot be read.
    """
    chosen, copied = _evenly(train, IMAGES), _evenly(train, COPIED)
    total = len(chosen) + len(DISTURBED) * len(copied) + len(valid)
    steps = _Steps(total, tell)
    clean = _features(features, chosen, None, steps)
    copies = [_features(features, copied, change, steps) for change in DISTURBED.values()]
    held = _features(features, [valid.path(row) for row in range(len(valid))], None, steps)
    made = guard.fit(clean, np.concatenate(copies), held, rate)
    guard.write(preset, made)
    return presets.write(_with_prevalence(preset, train)), made


def changed(radiograph: Radiograph, change: Callable[[Floats], Floats]) -> Radiograph:
    """The same radiograph with other pixels."""
    return replace(radiograph, pixels=np.ascontiguousarray(change(radiograph.pixels), np.float32))


class _Steps:
    """Counts images over several passes."""

    def __init__(self, total: int, tell: Progress | None) -> None:
        self._done, self._total, self._tell = 0, total, tell

    def add(self, count: int) -> None:
        self._done += count
        if self._tell is not None:
            self._tell(self._done, self._total)


def _evenly(records: Records, count: int) -> list[Path]:
    rows = np.unique(np.linspace(0, len(records) - 1, min(count, len(records))).astype(int))
    return [records.path(int(row)) for row in rows]


def _features(
    features: Features, paths: Sequence[Path], change: Callable[[Floats], Floats] | None, steps: _Steps
) -> Floats:
    found = []
    for start in range(0, len(paths), BATCH):
        some = [read(path) for path in paths[start : start + BATCH]]
        found.append(features(some if change is None else [changed(one, change) for one in some]))
        steps.add(len(some))
    return np.concatenate(found)


def _with_prevalence(preset: Preset, train: Records) -> Preset:
    """The preset with the prevalences of its training images, where these are the images it was trained on."""
    names = "\n".join(sorted(train.names)).encode()
    described = preset.training.get("train", {})
    if described.get("list_sha256") != hashlib.sha256(names).hexdigest():
        return preset
    shares = {label: share for label, share in train.prevalence().items() if label in preset.labels}
    return replace(preset, training={**preset.training, "train": {**described, "prevalence": shares}})
