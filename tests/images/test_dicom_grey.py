"""The grey scale of DICOM: photometric interpretation x bits x sign x LUT or window, against NumPy from the standard.

The expectation here works on the image, pixel by pixel, from the formulas of PS3.3; the package works on a table.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels import apply_windowing

from tchexnet.images.read import read
from tchexnet.images.voi import window

from .dicom_files import dataset, lut, written
from .samples import chest

BITS = (8, 10, 12, 14, 16)
TRANSFORMS = (
    "none",
    "rescale",
    "negative slope",
    "linear",
    "several windows",
    "linear exact",
    "sigmoid",
    "rescale and linear",
    "modality LUT",
    "VOI LUT",
    "rescale and VOI LUT",
    "VOI LUT and window",
)


def stored_chest(bits: int, signed: bool) -> NDArray[Any]:
    values = np.rint(chest() * (2**bits - 1)).astype(np.int64) - signed * 2 ** (bits - 1)
    kind = "i" if signed else "u"
    return values.astype(f"{kind}{1 if bits == 8 else 2}")


def gamma(count: int, bits: int) -> NDArray[np.int64]:
    """LUT entries that rise to their full range along a curve."""
    return np.rint(np.linspace(0, 1, count) ** 1.7 * (2**bits - 1)).astype(np.int64)


def linear(x: NDArray[np.float64], center: float, width: float) -> NDArray[np.float64]:
    """PS3.3 C.11.2.1.2.1, as its pseudo-code has it, for an output from 0 to 1."""
    out = ((x - (center - 0.5)) / (width - 1)) + 0.5
    out = np.where(x <= center - 0.5 - (width - 1) / 2, 0.0, out)
    return np.where(x > center - 0.5 + (width - 1) / 2, 1.0, out)


def case(name: str, bits: int, signed: bool) -> tuple[dict[str, Any], Any]:
    """DICOM tags, and the grey values (0 to 1) they mean for stored values."""
    low = -(2 ** (bits - 1)) if signed else 0
    high = low + 2**bits - 1
    span = high - low
    center, width = low + 0.45 * span, 0.6 * span
    windowed = {"WindowCenter": center, "WindowWidth": width}

    def through(x: NDArray[Any], entries: NDArray[np.int64], first: int, out_bits: int) -> NDArray[np.float64]:
        return entries[np.clip(x - first, 0, len(entries) - 1).astype(int)] / (2**out_bits - 1)

    voi_first = low + span // 8
    voi = gamma(span // 2, 12)
    voi_tags = {"VOILUTSequence": lut(voi, voi_first, 12, signed)}
    modality = gamma(span + 1 if span < 65535 else 65535, 16)
    doubled = gamma(span, 10)
    return {
        "none": ({}, lambda x: (x - low) / span),
        "rescale": ({"RescaleSlope": 2.5, "RescaleIntercept": -100.0}, lambda x: (x - low) / span),
        "negative slope": ({"RescaleSlope": -1, "RescaleIntercept": high}, lambda x: (high - x) / span),
        "linear": (windowed, lambda x: linear(x, center, width)),
        "several windows": (
            {"WindowCenter": [center, 1.0, 2.0], "WindowWidth": [width, 5.0, 7.0]},
            lambda x: linear(x, center, width),
        ),
        "linear exact": (
            windowed | {"VOILUTFunction": "LINEAR_EXACT"},
            lambda x: np.clip((x - center) / width + 0.5, 0, 1),
        ),
        "sigmoid": (
            windowed | {"VOILUTFunction": "SIGMOID"},
            lambda x: 1 / (1 + np.exp(-4 * (x - center) / width)),
        ),
        "rescale and linear": (
            {"RescaleSlope": 2, "RescaleIntercept": -7, "WindowCenter": 2 * center - 7, "WindowWidth": 2 * width},
            lambda x: linear(2 * x - 7, 2 * center - 7, 2 * width),
        ),
        "modality LUT": (
            {"ModalityLUTSequence": lut(modality, low, 16, signed)},
            lambda x: through(x, modality, low, 16),
        ),
        "VOI LUT": (voi_tags, lambda x: through(x, voi, voi_first, 12)),
        "rescale and VOI LUT": (
            {"RescaleSlope": 0.5, "RescaleIntercept": 10, "VOILUTSequence": lut(doubled, 10, 10, signed)},
            lambda x: through(np.rint(0.5 * x + 10), doubled, 10, 10),
        ),
        "VOI LUT and window": (voi_tags | windowed, lambda x: through(x, voi, voi_first, 12)),
    }[name]


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_grey_scale_follows_the_standard(photometric: str, bits: int, signed: bool, name: str) -> None:
    stored = stored_chest(bits, signed)
    tags, formula = case(name, bits, signed)
    image = read(written(dataset(stored, bits, PhotometricInterpretation=photometric, **tags)))
    expected = formula(stored.astype(np.float64))
    expected = 1 - expected if photometric == "MONOCHROME1" else expected
    assert image.pixels.dtype == np.float32
    np.testing.assert_allclose(image.pixels, expected, atol=2e-6)
    assert image.bit_depth == (16 if name == "modality LUT" else bits)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_windows_agree_with_pydicom(function: str) -> None:
    ds = Dataset()
    ds.PhotometricInterpretation, ds.BitsStored, ds.PixelRepresentation = "MONOCHROME2", 12, 0
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = 1800.0, 2200.0, function
    values = np.arange(4096)
    ours = window(values.astype(np.float64), 1800.0, 2200.0, function)
    np.testing.assert_allclose(ours, apply_windowing(values, ds) / 4095, atol=1e-12)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted", "warns"),
    [
        ("MONOCHROME1", "INVERSE", True, False),
        ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME1", "IDENTITY", True, True),
        ("MONOCHROME2", "INVERSE", True, True),
    ],
)
def test_inverted_once(photometric: str, shape: str, inverted: bool, warns: bool) -> None:
    stored = stored_chest(12, False)
    image = read(dataset(stored, 12, PhotometricInterpretation=photometric, PresentationLUTShape=shape))
    expected = stored / 4095
    np.testing.assert_allclose(image.pixels, 1 - expected if inverted else expected, atol=1e-6)
    assert any("disagree" in warning for warning in image.warnings) == warns


def test_inversion_uses_the_stored_range_not_the_images_own() -> None:
    stored = (stored_chest(12, False) // 2 + 1100).astype(np.uint16)
    image = read(dataset(stored, 12, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_allclose(image.pixels, 1 - stored / 4095, atol=1e-6)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("limit", [None, 40])
def test_padding_is_black(photometric: str, signed: bool, limit: int | None) -> None:
    stored = stored_chest(12, signed)
    padding = -2048 if signed else 0
    low, high = sorted((padding, padding if limit is None else padding + limit))
    stored[:10] = padding
    stored[10, :] = high
    tags = {"PhotometricInterpretation": photometric, "PixelPaddingValue": padding}
    ds = dataset(stored, 12, **tags)
    if limit is not None:
        ds.PixelPaddingRangeLimit = padding + limit
    image = read(written(ds))
    padded = (stored >= low) & (stored <= high)
    assert np.all(image.pixels[padded] == 0)
    expected = (stored.astype(float) + 2048 * signed) / 4095
    expected = 1 - expected if photometric == "MONOCHROME1" else expected
    np.testing.assert_allclose(image.pixels[~padded], expected[~padded], atol=1e-6)


@pytest.mark.parametrize("used", [8, 10, 12, 14])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_without_window_a_shallower_image_is_scaled_by_its_depth(used: int, photometric: str, signed: bool) -> None:
    stored = np.rint(chest() * (2**used - 1)).astype(np.int16 if signed else np.uint16)
    stored -= np.int16(2 ** (used - 1)) if signed else np.uint16(0)
    image = read(dataset(stored, 16, PhotometricInterpretation=photometric))
    expected = (stored + signed * 2.0 ** (used - 1)) / (2**used - 1)
    np.testing.assert_allclose(image.pixels, 1 - expected if photometric == "MONOCHROME1" else expected, atol=1e-6)
    assert image.bit_depth == used
    assert f"uses {used} of 16 bits" in image.warnings[0]


def test_bits_beside_the_stored_value_are_ignored() -> None:
    stored = stored_chest(12, False)
    overlay = (np.arange(stored.size).reshape(stored.shape) % 16).astype(np.uint16)
    low = dataset((stored << 4) | overlay, 16, BitsStored=12, HighBit=15)
    high = dataset(stored | (overlay << 12), 16, BitsStored=12, HighBit=11)
    for ds in (low, high):
        np.testing.assert_allclose(read(written(ds)).pixels, stored / 4095, atol=1e-6)


@pytest.mark.parametrize("as_bytes", [True, False], ids=["OW", "US"])
def test_eight_bit_tables_packed_two_a_word(as_bytes: bool) -> None:
    stored, entries = stored_chest(10, False), gamma(1024, 8)
    packed = entries.astype(np.uint8).view("<u2").astype(np.int64)
    sequence = lut(packed, 0, 8, as_bytes=as_bytes)
    sequence[0].LUTDescriptor = [1024, 0, 8]
    image = read(written(dataset(stored, 10, VOILUTSequence=sequence)))
    np.testing.assert_allclose(image.pixels, entries[stored] / 255, atol=1e-6)


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": 100, "WindowWidth": 0},
        {"WindowCenter": 100, "WindowWidth": -5},
        {"WindowCenter": 100, "WindowWidth": 50, "VOILUTFunction": "CUBIC"},
        {"WindowCenter": "1e400", "WindowWidth": 50},
    ],
)
def test_an_impossible_window_is_ignored_with_a_warning(tags: dict[str, Any]) -> None:
    stored = stored_chest(12, False)
    image = read(dataset(stored, 12, **tags))
    np.testing.assert_allclose(image.pixels, stored / 4095, atol=1e-6)
    assert "impossible window" in image.warnings[0]
