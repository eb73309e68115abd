"""tf.data: from canvases to augmented, normalised batches. Every batch is a pure function of (seed, epoch, step)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tchexnet.images.recipe import Recipe


@dataclass(frozen=True)
class Augmentation:
    """How far a training image may be moved from the truth; 0 switches a change off.

    Args:
        flip: mirror left and right, half of the images.
        rotate: degrees either way.
        shift: share of the side, either way, on both axes.
        scale: share larger or smaller.
        brightness: added to the grey values, either way.
        contrast: share more or less, about mid-grey.
        blur: share of the images that are halved in size and enlarged again, so that the sharpness of the source file
            (which differs between parts of a data set) tells less.
    """

    flip: bool = True
    rotate: float = 10.0
    shift: float = 0.06
    scale: float = 0.1
    brightness: float = 0.1
    contrast: float = 0.2
    blur: float = 0.0


def epoch_order(n: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of n records in an epoch (0, 1, ...)."""
    return np.random.default_rng((seed, epoch)).permutation(n)


def batches(
    canvases: np.ndarray,
    y: NDArray[np.float32],
    recipe: Recipe,
    augmentation: Augmentation | None,
    *,
    batch_size: int,
    seed: int,
    epoch: int,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Training batches of one epoch, from `first_step` on; the incomplete last batch is left out.

    Yields (inputs (b, size, size, channels) float32, labels (b, L) float32).
    """
    order = epoch_order(len(canvases), seed, epoch)
    steps = len(order) // batch_size

    def generate():  # type: ignore[no-untyped-def]
        for step in range(first_step, steps):
            rows = np.sort(order[step * batch_size : (step + 1) * batch_size])
            yield canvases[rows].astype(np.float32), y[rows], np.array([seed, epoch * 1_000_000 + step], np.int64)

    size = canvases.shape[1]
    signature = (
        tf.TensorSpec((batch_size, size, size), tf.float32),
        tf.TensorSpec((batch_size, y.shape[1]), tf.float32),
        tf.TensorSpec((2,), tf.int64),
    )

    def prepare(grey: tf.Tensor, labels: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        changed = grey if augmentation is None else augment(grey, augmentation, key)
        return normalise(changed, recipe), labels

    return tf.data.Dataset.from_generator(generate, output_signature=signature).map(prepare).prefetch(4)


def in_order(
    canvases: np.ndarray, recipe: Recipe, augmentation: Augmentation | None, *, batch_size: int, seed: int, copy: int
) -> Iterator[NDArray[np.float32]]:
    """Every image once, in file order: (b, size, size, channels) float32, the last batch as short as it is.

    Args:
        augmentation: changes by (seed, copy, batch); None shows each image as it is.
    """
    for step, start in enumerate(range(0, len(canvases), batch_size)):
        grey = canvases[start : start + batch_size].astype(np.float32)
        if augmentation is not None:
            key = tf.constant([seed, copy * 1_000_000 + step], tf.int64)
            grey = augment(tf.constant(grey), augmentation, key).numpy()
        yield recipe.normalise(grey)


def normalise(grey: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """`Recipe.normalise`, on the accelerator's side: (b, h, w) in [0, 1] to (b, h, w, channels)."""
    scaled = (recipe.low + grey * (recipe.high - recipe.low))[..., None]
    return (scaled - tf.constant(recipe.mean, tf.float32)) / tf.constant(recipe.std, tf.float32)


def augment(grey: tf.Tensor, settings: Augmentation, key: tf.Tensor) -> tf.Tensor:
    """(b, h, w) float32 in [0, 1] to the same, changed at random by `key` (2,) int64."""
    batch, size = grey.shape[0], grey.shape[1]
    draws = tf.random.stateless_uniform((8, batch), key, -1.0, 1.0)
    if settings.blur:
        grey = tf.where((draws[7] < 2 * settings.blur - 1)[:, None, None], _halved(grey), grey)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=grey[..., None],
        transforms=_transforms(draws, settings, float(size)),
        output_shape=(size, size),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )[..., 0]
    contrast = 1 + settings.contrast * draws[5][:, None, None]
    brightness = settings.brightness * draws[6][:, None, None]
    return tf.clip_by_value((moved - 0.5) * contrast + 0.5 + brightness, 0.0, 1.0)


def _halved(grey: tf.Tensor) -> tf.Tensor:
    size = grey.shape[1]
    small = tf.nn.avg_pool2d(grey[..., None], 2, 2, "VALID")
    return tf.image.resize(small, (size, size), "bilinear")[..., 0]


def _transforms(draws: tf.Tensor, settings: Augmentation, size: float) -> tf.Tensor:
    angle = draws[0] * settings.rotate * math.pi / 180
    zoom = 1 + settings.scale * draws[1]
    mirror = tf.where(draws[4] < 0, -1.0, 1.0) if settings.flip else tf.ones_like(zoom)
    a, b = tf.cos(angle) * zoom * mirror, -tf.sin(angle) * zoom
    c, d = tf.sin(angle) * zoom * mirror, tf.cos(angle) * zoom
    centre = (size - 1) / 2
    x = centre - a * centre - b * centre + draws[2] * settings.shift * size
    y = centre - c * centre - d * centre + draws[3] * settings.shift * size
    none = tf.zeros_like(a)
    return tf.stack([a, b, x, c, d, y, none, none], axis=1)
