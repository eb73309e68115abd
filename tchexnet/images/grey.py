"""Integers of any depth, and several channels, to one grey image: float32 in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import ImageError

COMMON_BITS = (8, 10, 12, 14, 16)
"""Depths that detectors and film scanners use."""

_CHUNK = 1 << 20
COLOUR_SPREAD = 24
COLOUR_SHARE = 0.01
COLOUR_MEAN = 8.0
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def fitting_bits(maximum: int) -> int:
    """The smallest of 8, 10, 12, 14 and 16 bits that `maximum` fits; 0 <= maximum < 65536."""
    return next(bits for bits in COMMON_BITS if maximum < 1 << bits)


def from_integers(values: NDArray[Any], origin: str) -> tuple[NDArray[np.float32], int, tuple[str, ...]]:
    """Grey values 0 to 1, their depth in bits, and warnings, from unsigned integers of 8 or 16 bits.

    Sixteen-bit values whose maximum fits 8, 10, 12 or 14 bits are divided by the largest value of that depth, not by
    65535, and a warning says so: scanners and converters store 12-bit detectors in 16-bit files.

    Args:
        values: (height, width) uint8 or uint16.
        origin: named in the warning.
    """
    if values.dtype == np.uint8:
        return scaled(values, 255), 8, ()
    bits = fitting_bits(int(values.max()))
    grey = scaled(values, (1 << bits) - 1)
    if bits == 16:
        return grey, 16, ()
    return grey, bits, (f"{origin} stores 16 bits a pixel but uses {bits}: values were divided by {(1 << bits) - 1}.",)


def scaled(values: NDArray[Any], white: int) -> NDArray[np.float32]:
    """`values / white` as float32. Divided, not multiplied by 1 / white, so that white is 1 and never above it."""
    return np.divide(values, np.float32(white), dtype=np.float32)


def from_channels(values: NDArray[np.uint8], origin: str) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """One grey channel from red, green and blue, if they agree.

    A pixel's spread is the largest channel less the smallest. The image is coloured where more than 1 % of the pixels
    have a spread above 24 of 255 (a photograph, a heat map), or where the mean spread is above 8 (a tinted film).
    Chroma noise of a grey JPEG stays below both. Fewer coloured pixels than that, such as a marker, give a warning.

    Args:
        values: (height, width, 3) uint8.
        origin: named in the error.

    Returns:
        (height, width) uint8 luma (ITU-R BT.601), and warnings.

    Raises:
        ImageError: `coloured`.
    """
    if np.array_equal(values[..., 0], values[..., 1]) and np.array_equal(values[..., 1], values[..., 2]):
        return np.ascontiguousarray(values[..., 0]), ()
    luma = np.empty(values.shape[:2], np.uint8)
    total = many = 0
    for rows in row_chunks(luma.shape):
        part = values[rows]
        spread = part.max(axis=2) - part.min(axis=2)
        total, many = total + int(spread.sum()), many + int(np.count_nonzero(spread > COLOUR_SPREAD))
        luma[rows] = np.rint(part @ _LUMA)
    mean, share = total / luma.size, many / luma.size
    if share > COLOUR_SHARE or mean > COLOUR_MEAN:
        raise ImageError(
            "coloured",
            f"{origin} is in colour ({share:.1%} of its pixels; channels differ by {mean:.0f} of 255 on average): "
            "give the grey radiograph.",
        )
    return luma, (f"{origin} has a few coloured pixels ({share:.2%}): its luma was taken.",) if share else ()


def row_chunks(shape: tuple[int, ...]) -> list[slice]:
    """Slices of about a million pixels' rows each, so that what is made on the way stays small beside the image."""
    step = max(1, _CHUNK // shape[1])
    return [slice(top, top + step) for top in range(0, shape[0], step)]
