"""A Radiograph from a NumPy array whose range is stated by its type: uint8 0-255, uint16 0-65535, float 0-1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import ImageError
from tchexnet.images.grey import from_channels, from_integers, scaled
from tchexnet.images.limits import Limits
from tchexnet.images.radiograph import Radiograph

# Float32 arithmetic that ends a rounding error beside 0 or 1 is no mistake of the caller's.
_ROUNDING = 1e-5


def from_array(array: NDArray[Any], origin: str, limits: Limits) -> Radiograph:
    """Read (H, W), (H, W, 1), or (H, W, 3) or (H, W, 4) with equal channels; a fourth channel is alpha and is ignored.

    Args:
        array: bool, uint8 (0 black, 255 white), uint16 (the 16-bit rule of `grey.from_integers`) or float in [0, 1].
        origin: what errors call it.
        limits: bounds on its size.

    Raises:
        ImageError: `empty`, `too small`, `too large`, `coloured`, `out of range`, or `unsupported` (shape or type).
    """
    values = _channels_last(array, origin)
    limits.check_size(values.shape[0], values.shape[1], origin)
    grey, bits, warnings = _from_values(values, origin)
    return Radiograph(grey, bits, origin, "array", warnings=warnings)


def _channels_last(array: NDArray[Any], origin: str) -> NDArray[Any]:
    if array.size == 0:
        raise ImageError("empty", f"{origin} of shape {array.shape} holds nothing: give an array of pixels.")
    if array.ndim == 2:
        return array
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        return array[..., 0] if array.shape[2] == 1 else array[..., :3]
    hint = "give (height, width)"
    if array.ndim == 3 and array.shape[0] in (1, 3):
        hint = "move the channels last, numpy.moveaxis(array, 0, -1)"
    elif array.ndim == 4:
        hint = "give one image at a time"
    raise ImageError("unsupported", f"{origin} has the shape {array.shape}, not one grey image's: {hint}.")


def _from_values(values: NDArray[Any], origin: str) -> tuple[NDArray[np.float32], int, tuple[str, ...]]:
    if values.dtype.kind == "f":
        return _from_floats(values, origin)
    if values.dtype == bool:
        return values.astype(np.float32) if values.ndim == 2 else _equal(values, origin).astype(np.float32), 1, ()
    if values.dtype.kind != "u" or values.dtype.itemsize > 2:
        raise ImageError(
            "unsupported",
            f"{origin} is of type {values.dtype}, whose white is not defined: "
            "convert it to uint8 (white 255), uint16 (white 65535) or float32 (white 1).",
        )
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.ndim == 2:
        return from_integers(values, origin)
    if values.dtype == np.uint8:
        luma, warnings = from_channels(values, origin)
        return scaled(luma, 255), 8, warnings
    return from_integers(_equal(values, origin), origin)


def _from_floats(values: NDArray[Any], origin: str) -> tuple[NDArray[np.float32], int, tuple[str, ...]]:
    low, high = float(values.min()), float(values.max())
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # written so that NaN is refused too
        raise ImageError(
            "out of range", f"{origin} has values from {low:.4g} to {high:.4g}, not 0 to 1: {_likely(low, high)}."
        )
    grey = (values if values.ndim == 2 else _equal(values, origin)).astype(np.float32)
    return np.clip(grey, 0.0, 1.0), 8 * min(values.dtype.itemsize, 2), ()


def _likely(low: float, high: float) -> str:
    if not np.isfinite(low + high):
        return "replace what is not a number, or infinite"
    if low >= 0:
        white = next((w for w in (255, 1023, 4095, 16383, 65535) if high <= w), None)
        return f"divide it by {white}" if white else "scale it to 0 (black) to 1 (white)"
    if low >= -4 and high <= 4:
        return "it looks already normalised by a mean and a standard deviation, which the recipe does; give plain grey"
    if low >= -1024 and high <= 1024:
        return "it looks scaled to [-1024, 1024] as torchxrayvision does; give (array + 1024) / 2048"
    return "scale it to 0 (black) to 1 (white)"


def _equal(values: NDArray[Any], origin: str) -> NDArray[Any]:
    first = values[..., 0]
    for channel in range(1, values.shape[2]):
        if not np.array_equal(first, values[..., channel]):
            raise ImageError("coloured", f"{origin} has channels that differ: give one grey channel.")
    return first
