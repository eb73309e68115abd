"""PNG for the page: the radiograph in grey, at its own depth, and a heatmap that is transparent where it is cold."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tchexnet.images.radiograph import Radiograph

LONGEST = 4096
"""Pixels on the longer side of a radiograph for the page; what is larger is reduced."""
HEAT_LONGEST = 512
COLOURS = "plasma"


def grey(radiograph: Radiograph) -> bytes:
    """The radiograph as 8-bit grey PNG, or 16-bit where it has more than 8 bits; white is the most."""
    pixels = reduced(radiograph.pixels, LONGEST)
    if radiograph.bit_depth > 8:
        return _png(np.rint(pixels * 65535).astype(np.uint16))
    return _png(np.rint(pixels * 255).astype(np.uint8))


def heat(values: NDArray[np.float32]) -> bytes:
    """(H, W) heat in [0, 1] as RGBA PNG of the same shape, small: colour and opacity grow with heat."""
    import matplotlib  # slow to load, and few requests ask for it

    small = reduced(np.asarray(values, np.float32), HEAT_LONGEST)
    colours = matplotlib.colormaps[COLOURS](small)
    colours[..., 3] = small
    return _png(np.rint(255 * colours).astype(np.uint8))


def reduced(pixels: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """(H, W) with the longer side at most `longest`, by averaging."""
    height, width = pixels.shape
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.BOX))


def _png(values: NDArray[np.unsignedinteger[Any]]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
