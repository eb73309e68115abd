"""Batches are pure functions of (seed, epoch, step), and an augmented image stays an image."""

import numpy as np
import pytest
import tensorflow as tf

from tchexnet.datasets.pipeline import Augmentation, augment, batches, normalise
from tchexnet.images.recipe import Recipe

RECIPE = Recipe(size=32)
PIXELS = np.random.default_rng(0).random((40, 32, 32)).astype(np.float16)
Y = np.arange(40, dtype=np.float32)[:, None]


def epoch(seed: int = 0, number: int = 0, first_step: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    data = batches(PIXELS, Y, RECIPE, Augmentation(), batch_size=8, seed=seed, epoch=number, first_step=first_step)
    return [(x.numpy(), y.numpy()) for x, y in data]


def test_an_epoch_shows_every_image_once() -> None:
    seen = np.concatenate([y for _, y in epoch()])
    assert sorted(seen[:, 0]) == list(range(40))


def test_starting_in_the_middle_gives_the_same_batches() -> None:
    whole, rest = epoch(), epoch(first_step=3)
    for (x, y), (again_x, again_y) in zip(whole[3:], rest, strict=True):
        np.testing.assert_array_equal(x, again_x)
        np.testing.assert_array_equal(y, again_y)


@pytest.mark.parametrize("other", [{"seed": 1}, {"number": 1}])
def test_another_seed_or_epoch_gives_others(other: dict) -> None:
    assert not np.array_equal(epoch()[0][0], epoch(**other)[0][0])


def test_normalising_here_equals_the_recipe() -> None:
    grey = np.random.default_rng(0).random((3, 32, 32), np.float32)
    np.testing.assert_allclose(
        normalise(tf.constant(grey), RECIPE).numpy(), RECIPE.normalise(grey), rtol=1e-6, atol=1e-6
    )


def test_augmentation_by_nothing_changes_nothing() -> None:
    still = Augmentation(flip=False, rotate=0, shift=0, scale=0, brightness=0, contrast=0)
    grey = tf.constant(PIXELS[:4].astype(np.float32))
    np.testing.assert_allclose(augment(grey, still, tf.constant([0, 0], tf.int64)).numpy(), grey.numpy(), atol=1e-5)


def test_flips_are_mirror_images() -> None:
    only_flip = Augmentation(flip=True, rotate=0, shift=0, scale=0, brightness=0, contrast=0)
    grey = PIXELS[:16].astype(np.float32)
    found = augment(tf.constant(grey), only_flip, tf.constant([0, 0], tf.int64)).numpy()
    same = abs(found - grey).max(axis=(1, 2)) < 1e-4
    mirrored = abs(found - grey[:, :, ::-1]).max(axis=(1, 2)) < 1e-4
    assert (same ^ mirrored).all() and same.any() and mirrored.any()


def test_an_augmented_image_keeps_shape_and_range() -> None:
    strong = Augmentation(rotate=30, shift=0.3, scale=0.4, brightness=0.5, contrast=0.9, blur=0.5)
    found = augment(tf.constant(PIXELS.astype(np.float32)), strong, tf.constant([1, 2], tf.int64)).numpy()
    assert found.shape == PIXELS.shape and found.min() >= 0 and found.max() <= 1
