"""The prefix cache: a frozen prefix is a pure function of the image, so it runs once, not once an epoch.

Activations are kept memory-mapped, under a key of everything that they depend on: the frozen weights, the recipe, the
content of the canvases, augmentation and seed, engine, precision and versions.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets import disk, pipeline
from tchexnet.datasets.pipeline import Augmentation
from tchexnet.images.recipe import Recipe
from tchexnet.presets import keras_weights
from tchexnet.runtime.cores import cores
from tchexnet.runtime.openvino_engine import Mapping
from tchexnet.training.stages import Cache

BATCH = 8
"""Images computed at once."""


class Prefix:
    """The frozen layers and what runs them.

    Args:
        model: the frozen layers, in float32.
        settings: engine and precision, and how the output is kept.
    """

    def __init__(self, model: keras.Model, settings: Cache) -> None:
        self.model, self.settings = model, settings

    def outputs(self, inputs: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Activations of batches of network input, in order, float32.

        Keras takes one batch at a time. OpenVINO takes as many as there are cores, each on one thread.

        Raises:
            EngineError: the engine does not compute in the precision here.
        """
        if self.settings.engine == "keras":
            return (np.asarray(self.model.predict_on_batch(batch), np.float32) for batch in inputs)
        return side_by_side(self._network.run, inputs, cores())

    @cached_property
    def _network(self) -> Mapping:
        """Made on first use, which takes seconds."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "prefix.xml"
            keras_weights.export_network(self.model, path)
            return Mapping(path, self.settings.precision, streams=cores())


def activations(
    prefix: Prefix,
    pixels: NDArray[np.float16],
    recipe: Recipe,
    folder: Path,
    *,
    augmentation: Augmentation | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> np.memmap:
    """(copies, n, ...) of the cache's dtype: the prefix's output for n canvases, computed on first use.

    Args:
        pixels: (n, size, size) canvases.
        augmentation: None keeps one copy, of the images as they are.
        seed: of the augmentation.
        progress: told (images done, images in all).

    Raises:
        DataError: the disk has no room; the message says how much is needed.
        EngineError: the engine does not compute in the precision here.
    """
    copies = prefix.settings.copies if augmentation else 1
    path = folder / f"prefix-{_key(prefix, pixels, recipe, augmentation, seed, copies)}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shape = (copies, len(pixels), *prefix.model.output_shape[1:])
        partial = path.with_suffix(".partial")
        kept = disk.new_array(
            partial, prefix.settings.dtype, shape, f"The cached activations of {copies * len(pixels)} images"
        )
        inputs = (
            batch
            for copy in range(copies)
            for batch in pipeline.in_order(pixels, recipe, augmentation, batch_size=BATCH, seed=seed, copy=copy)
        )
        _fill(kept.reshape(-1, *shape[2:]), prefix.outputs(inputs), progress)
        kept.flush()
        partial.replace(path)
    return np.load(path, mmap_mode="r")


def batches(
    kept: NDArray[np.floating],
    y: NDArray[np.float32],
    *,
    batch_size: int,
    seed: int,
    epoch: int,
    first_step: int = 0,
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Training batches of one epoch from cached activations, in the same order as `pipeline.batches`.

    Args:
        kept: (copies, n, ...); epoch e takes copy e modulo copies.
    """
    copy = kept[epoch % len(kept)]
    order = pipeline.epoch_order(len(copy), seed, epoch)
    for step in range(first_step, len(order) // batch_size):
        rows = np.sort(order[step * batch_size : (step + 1) * batch_size])
        yield copy[rows].astype(np.float32), y[rows]


def side_by_side(work: Callable[[Any], Any], items: Iterable[Any], threads: int) -> Iterator[Any]:
    """`map` on so many threads, in order; at most two items a thread are begun before the first result is taken."""
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _fill(
    target: NDArray[np.floating], parts: Iterator[NDArray[np.float32]], progress: Callable[[int, int], None]
) -> None:
    done = 0
    for part in parts:
        target[done : done + len(part)] = part
        done += len(part)
        progress(done, len(target))


def _key(
    prefix: Prefix,
    pixels: NDArray[np.float16],
    recipe: Recipe,
    augmentation: Augmentation | None,
    seed: int,
    copies: int,
) -> str:
    described = {
        "recipe": recipe.to_dict(),
        "cache": {**asdict(prefix.settings), "copies": copies},
        "augmentation": {**asdict(augmentation), "seed": seed} if augmentation else None,
        "output": [prefix.model.layers[-1].name, *prefix.model.output_shape[1:]],
        "epsilon": sorted({norm.epsilon for norm in prefix.model.layers if hasattr(norm, "epsilon")}),
        "batch": BATCH,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "openvino", "pillow")},
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for weight in prefix.model.get_weights():
        digest.update(np.ascontiguousarray(weight).data)
    for start in range(0, len(pixels), 256):
        digest.update(np.ascontiguousarray(pixels[start : start + 256]).data)
    return digest.hexdigest()[:24]
