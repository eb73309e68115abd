"""The recipe's resize is Pillow's, by value."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tchexnet.images.read import read
from tchexnet.images.resampling import FILTERS, resize

sides = st.integers(1, 300)


def by_pillow(pixels: np.ndarray, height: int, width: int, interpolation: str) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), FILTERS[interpolation][0]))


@settings(deadline=None, max_examples=200)
@given(before=st.tuples(sides, sides), after=st.tuples(sides, sides), how=st.sampled_from(sorted(FILTERS)))
def test_any_size_becomes_any_other_as_in_pillow(before, after, how) -> None:
    pixels = np.random.default_rng(0).random(before, np.float32)
    found = resize(pixels, *after, how)
    assert found.shape == after and found.dtype == np.float32 and found.flags.c_contiguous
    np.testing.assert_allclose(found, by_pillow(pixels, *after, how), atol=2e-6)


@pytest.mark.parametrize("how", sorted(FILTERS))
@pytest.mark.parametrize("before", [(3050, 2539), (224, 4001), (2048, 160)], ids=str)
def test_sizes_of_detectors(before: tuple[int, int], how: str) -> None:
    pixels = np.random.default_rng(1).random(before, np.float32)
    np.testing.assert_allclose(resize(pixels, 224, 224, how), by_pillow(pixels, 224, 224, how), atol=2e-6)


def test_real_radiographs_come_out_as_from_pillow(shared_data) -> None:
    paths = sorted((shared_data / "nih" / "images_1024").glob("*.png"))
    assert len(paths) >= 10
    for path in paths:
        pixels = read(path).pixels
        for side in (128, 224, 320):
            found = resize(pixels, side, side, "bilinear")
            np.testing.assert_allclose(found, by_pillow(pixels, side, side, "bilinear"), atol=5e-7)


def test_the_same_image_gives_the_same_bytes_on_any_thread() -> None:
    pixels = np.random.default_rng(2).random((1500, 1301), np.float32)
    alone, others = resize(pixels, 224, 224, "bilinear").tobytes(), []
    threads = [
        threading.Thread(target=lambda: others.append(resize(pixels, 224, 224, "bilinear").tobytes())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert others == [alone] * 8


def test_the_image_itself_is_left_as_it_is() -> None:
    pixels = np.asfortranarray(np.random.default_rng(3).random((50, 60), np.float32))
    copy = pixels.copy()
    assert np.array_equal(resize(pixels, 50, 60, "box"), copy)
    resize(pixels, 20, 30, "bilinear")
    assert np.array_equal(pixels, copy)
