"""Where a stage's batches come from: canvases through the whole network, or cached activations through its suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets import pipeline
from tchexnet.datasets.policies import multiclass_scores
from tchexnet.images.recipe import Recipe
from tchexnet.training import cache
from tchexnet.training.stages import Stage

Batch = tuple[Any, Any]
PREDICTED_AT_ONCE = 64


class Source(Protocol):
    """Training batches and validation inputs of one stage."""

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        ...

    def batches(self, epoch: int, first_step: int) -> Iterable[Batch]:
        """(inputs, labels) of an epoch, from a step on: a pure function of (seed, epoch, step)."""
        ...

    def valid(self) -> Iterator[NDArray[np.float32]]:
        """Inputs of the validation images, in file order."""
        ...


@dataclass(frozen=True)
class Canvases:
    """Batches from canvases (n, size, size) float16, augmented and normalised on the way."""

    pixels: NDArray[np.float16]
    y: NDArray[np.float32]
    valid_pixels: NDArray[np.float16]
    recipe: Recipe
    stage: Stage
    batch_size: int
    seed: int

    @property
    def steps(self) -> int:
        return len(self.pixels) // self.batch_size

    def batches(self, epoch: int, first_step: int) -> Iterable[Batch]:
        return pipeline.batches(
            self.pixels,
            self.y,
            self.recipe,
            self.stage.augmentation,
            batch_size=self.batch_size,
            seed=self.seed,
            epoch=epoch,
            first_step=first_step,
        )

    def valid(self) -> Iterator[NDArray[np.float32]]:
        return pipeline.in_order(
            self.valid_pixels, self.recipe, None, batch_size=PREDICTED_AT_ONCE, seed=self.seed, copy=0
        )


@dataclass(frozen=True)
class Activations:
    """Batches from cached activations: (copies, n, ...) to train on, (1, n, ...) to validate on."""

    train: NDArray[np.floating]
    y: NDArray[np.float32]
    validation: NDArray[np.floating]
    batch_size: int
    seed: int

    @property
    def steps(self) -> int:
        return self.train.shape[1] // self.batch_size

    def batches(self, epoch: int, first_step: int) -> Iterable[Batch]:
        return cache.batches(
            self.train, self.y, batch_size=self.batch_size, seed=self.seed, epoch=epoch, first_step=first_step
        )

    def valid(self) -> Iterator[NDArray[np.float32]]:
        only = self.validation[0]
        for start in range(0, len(only), PREDICTED_AT_ONCE):
            yield only[start : start + PREDICTED_AT_ONCE].astype(np.float32)


def cached(source: Canvases, frozen: keras.Model, folder: Path, progress: Callable[[int, int], None]) -> Activations:
    """The same batches behind the frozen layers, whose output is computed once and kept in `folder`."""
    stage = source.stage
    assert stage.cache is not None
    prefix = cache.Prefix(frozen, stage.cache)
    train = cache.activations(
        prefix,
        source.pixels,
        source.recipe,
        folder,
        augmentation=stage.augmentation,
        seed=source.seed,
        progress=progress,
    )
    valid = cache.activations(prefix, source.valid_pixels, source.recipe, folder, progress=progress)
    return Activations(train, source.y, valid, source.batch_size, source.seed)


def predict(model: keras.Model, recipe: Recipe, pixels: NDArray[np.float16]) -> NDArray[np.float32]:
    """(n, L) float32 scores for canvases (n, size, size), one view each."""
    return scores(model, pipeline.in_order(pixels, recipe, None, batch_size=PREDICTED_AT_ONCE, seed=0, copy=0))


def scores(model: keras.Model, inputs: Iterator[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(n, L) float32 scores; those of a three-way head are p1 / (p0 + p1)."""
    # Several devices each predict the whole batch, and Keras puts the answers one behind the other.
    answers = [np.asarray(model.predict_on_batch(batch), np.float32)[: len(batch)] for batch in inputs]
    found = np.concatenate(answers)
    return multiclass_scores(found).astype(np.float32) if found.ndim == 3 else found
