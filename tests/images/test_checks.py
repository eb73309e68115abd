"""Colour, near-black, constant, inverted, upside down: each numeric rule from both sides."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tchexnet.errors import ImageError
from tchexnet.images.quiet import quiet_decoders
from tchexnet.images.read import read
from tchexnet.images.upright import POLARITY, UPRIGHT, thumbnail

from .dicom_files import dataset
from .samples import encoded


def coloured(grey: NDArray[np.uint8], share: float, by: int) -> bytes:
    """PNG in which `share` of the pixels, from the top, have a red channel `by` levels above the others."""
    channels = np.minimum(np.repeat(grey[..., None], 3, 2), 255 - by)
    channels[: round(share * grey.shape[0]), :, 0] += np.uint8(by)
    return encoded(Image.fromarray(channels))


@pytest.mark.parametrize(("share", "by"), [(0.5, 60), (0.05, 25), (1.0, 10)])
def test_coloured_images_are_refused(grey8: NDArray[np.uint8], share: float, by: int) -> None:
    with pytest.raises(ImageError) as caught:
        read(coloured(grey8, share, by))
    assert caught.value.kind == "coloured"


@pytest.mark.parametrize(("share", "by", "count"), [(1.0, 6, 0), (0.3, 20, 0), (0.0, 0, 0)])
def test_a_slight_tint_is_no_colour(grey8: NDArray[np.uint8], share: float, by: int, count: int) -> None:
    assert len(read(coloured(grey8, share, by)).warnings) == count


def test_a_coloured_marker_gives_a_warning(grey8: NDArray[np.uint8]) -> None:
    channels = np.repeat(grey8[..., None], 3, 2)
    channels[2:8, 2:10] = (255, 0, 0)
    (warning,) = read(channels).warnings
    assert "a few coloured pixels" in warning


@pytest.mark.parametrize("value", [0, 77, 255])
def test_constant_images_are_refused(value: int) -> None:
    flat = np.full((128, 128), value, np.uint8)
    flat[5, 5] = 128  # a dead pixel makes no picture
    with pytest.raises(ImageError) as caught:
        read(flat)
    assert caught.value.kind == "constant"


def test_near_black_images_are_refused(grey8: NDArray[np.uint8]) -> None:
    dark = (grey8 // 21).astype(np.uint8)
    dark[0, 0] = 255
    with pytest.raises(ImageError) as caught:
        read(dark)
    assert caught.value.kind == "near-black"
    assert read((grey8 // 12).astype(np.uint8)).bit_depth == 8


def test_a_window_beside_the_image_is_refused_as_what_it_shows(grey8: NDArray[np.uint8]) -> None:
    with pytest.raises(ImageError, match="window") as caught:
        read(dataset(grey8, 8, WindowCenter=4000, WindowWidth=100))
    assert caught.value.kind == "constant"


def test_turned_images_are_warned_about(grey8: NDArray[np.uint8]) -> None:
    assert read(grey8).warnings == ()
    assert "looks inverted" in read(255 - grey8).warnings[0]
    assert "looks upside down" in read(grey8[::-1]).warnings[0]
    assert len(read(255 - grey8[::-1]).warnings) == 2


def test_a_twice_inverted_monochrome1_is_noticed(grey8: NDArray[np.uint8]) -> None:
    right = dataset(255 - grey8, 8, PhotometricInterpretation="MONOCHROME1")
    twice = dataset(grey8, 8, PhotometricInterpretation="MONOCHROME1")
    assert read(right).warnings == ()
    assert "looks inverted" in read(twice).warnings[0]


def test_lateral_views_are_not_judged_as_frontal_ones(grey8: NDArray[np.uint8]) -> None:
    (warning,) = read(dataset(grey8[::-1], 8, ViewPosition="LL")).warnings
    assert "lateral view" in warning


def test_orientation_scores_change_sign_with_the_image(grey8: NDArray[np.uint8]) -> None:
    cells = thumbnail((grey8 / 255).astype(np.float32))
    np.testing.assert_allclose(thumbnail((1 - grey8 / 255).astype(np.float32)), -cells, atol=1e-4)
    assert np.vdot(POLARITY, cells) == -np.vdot(POLARITY, -cells)
    np.testing.assert_allclose(UPRIGHT, -UPRIGHT[::-1], atol=0.011)


def test_only_decoders_are_silenced_and_only_within() -> None:
    with quiet_decoders(), pytest.warns(UserWarning, match="ours"):
        warnings.warn("ours", stacklevel=1)
    before = list(warnings.filters)
    with quiet_decoders(), quiet_decoders():
        warnings.warn_explicit("theirs", UserWarning, "x.py", 1, module="pydicom.values")
    assert list(warnings.filters) == before
