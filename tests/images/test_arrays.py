"""Arrays and Pillow images: the type states the range, and what does not fit is refused with the likely reason."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tchexnet.errors import ImageError
from tchexnet.images.limits import Limits
from tchexnet.images.read import read

from .dicom_files import dataset, written
from .samples import chest, encoded

GREY = chest()


@pytest.mark.parametrize(
    ("array", "bits", "atol"),
    [
        (np.rint(GREY * 255).astype(np.uint8), 8, 0.5 / 255),
        (np.rint(GREY * 65535).astype(np.uint16), 16, 1e-5),
        (np.rint(GREY * 65535).astype(">u2"), 16, 1e-5),
        (np.rint(GREY * 4095).astype(np.uint16), 12, 1e-3),
        (GREY, 16, 1e-6),
        (GREY.astype(np.float32), 16, 1e-6),
        (GREY.astype(np.float16), 16, 1e-3),
        (GREY.astype(np.float32)[..., None], 16, 1e-6),
        (np.repeat(np.rint(GREY * 255).astype(np.uint8)[..., None], 3, 2), 8, 0.5 / 255),
        (np.repeat(GREY[..., None], 3, 2), 16, 1e-6),
        (np.repeat(np.rint(GREY * 65535).astype(np.uint16)[..., None], 3, 2), 16, 1e-5),
        (np.asfortranarray(GREY), 16, 1e-6),
    ],
)
def test_arrays_are_read_by_their_type(array: NDArray[np.generic], bits: int, atol: float) -> None:
    image = read(array)
    np.testing.assert_allclose(image.pixels, GREY, atol=atol)
    assert (image.bit_depth, image.format, image.origin) == (bits, "array", "<array>")
    assert image.pixels.dtype == np.float32


def test_a_black_and_white_array() -> None:
    image = read(GREY > 0.5)
    assert image.bit_depth == 1
    assert set(np.unique(image.pixels)) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("array", "kind", "said"),
    [
        ((GREY - 0.5) / 0.25, "out of range", "already normalised"),
        (GREY * 2048 - 1024, "out of range", "torchxrayvision"),
        (GREY * 255, "out of range", "divide it by 255"),
        (GREY * 4095, "out of range", "divide it by 4095"),
        (GREY * 1e6, "out of range", "scale it"),
        (np.where(GREY > 0.9, np.nan, GREY), "out of range", "not a number"),
        (np.where(GREY > 0.9, np.inf, GREY), "out of range", "infinite"),
        (np.rint(GREY * 255).astype(np.int64), "unsupported", "int64"),
        (GREY.astype(complex), "unsupported", "complex"),
        (np.full((40, 40), "a"), "unsupported", "<U1"),
        (np.moveaxis(np.repeat(GREY[..., None], 3, 2), 2, 0), "unsupported", "moveaxis"),
        (GREY[None, ..., None], "unsupported", "one image at a time"),
        (GREY.ravel(), "unsupported", "(height, width)"),
        (np.zeros((0, 5)), "empty", "(0, 5)"),
        (GREY[:20, :20], "too small", "20 x 20"),
        (np.stack([GREY, GREY * 0.5, GREY], 2), "coloured", "channels"),
        (np.full((64, 64), 0.5), "constant", "0.50"),
        (GREY * 0.04, "near-black", "almost black"),
    ],
)
def test_refused_arrays(array: NDArray[np.generic], kind: str, said: str) -> None:
    with pytest.raises(ImageError) as caught:
        read(array)
    assert caught.value.kind == kind
    assert said in str(caught.value)


def test_a_rounding_error_beside_the_range_is_forgiven() -> None:
    image = read(GREY.astype(np.float32) * np.float32(1 + 5e-6) - np.float32(2e-6))
    assert 0.0 <= image.pixels.min() <= image.pixels.max() <= 1.0


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "I;16", "I", "F", "1"])
def test_pillow_images_are_read_and_left_alone(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.rint(GREY * 65535).astype(np.uint16))
    elif mode in ("I", "F"):
        image = Image.fromarray(np.rint(GREY * 65535).astype(np.int32) if mode == "I" else GREY.astype(np.float32))
    else:
        image = Image.fromarray(np.rint(GREY * 255).astype(np.uint8)).convert(mode)
    before = image.tobytes()
    result = read(image)
    assert image.mode == mode
    assert image.tobytes() == before
    assert (result.origin, result.format) == ("<Pillow image>", "array")
    if mode != "1":
        np.testing.assert_allclose(result.pixels, GREY, atol=0.51 / 255)


def test_a_radiograph_passes_unchanged() -> None:
    image = read(GREY)
    assert read(image) is image


def test_limits_are_an_argument() -> None:
    with pytest.raises(ImageError) as caught:
        read(GREY, Limits(max_pixels=1000))
    assert caught.value.kind == "too large"
    assert read(GREY[:24, :24], Limits(min_side=16)).height == 24


def test_png_dicom_bytes_and_array_agree_within_a_grey_level() -> None:
    deep = np.rint(GREY * 4095).astype(np.uint16)
    grey = np.rint(GREY * 255).astype(np.uint8)
    images = [
        read(encoded(Image.fromarray(grey))),
        read(Image.fromarray(grey)),
        read(grey),
        read(GREY),
        read(written(dataset(grey, 8))),
        read(written(dataset(deep, 12))),
        read(written(dataset(4095 - deep, 12, PhotometricInterpretation="MONOCHROME1"))),
        read(encoded(Image.fromarray(deep))),
    ]
    for image in images[1:]:
        assert np.abs(image.pixels - images[0].pixels).max() <= 1 / 255
