"""Pillow's resize of a float image, as the two matrix products that it is: the same values, in less time.

`Image.resize` averages columns, then rows, with weights that depend on nothing but two lengths and a filter. Pillow is
asked for these weights once, by what it makes of unit vectors, and NumPy's BLAS does the averaging; the image is not
copied into Pillow's memory first. The last digit of a float32 may differ from Pillow's, which adds in float64.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILTERS = {
    "bilinear": (Image.Resampling.BILINEAR, 1.0),
    "bicubic": (Image.Resampling.BICUBIC, 2.0),
    "lanczos": (Image.Resampling.LANCZOS, 3.0),
    "box": (Image.Resampling.BOX, 0.5),
}
"""By the recipe's name: Pillow's filter, and how far it reaches to either side, in pixels of the smaller image."""

_ROWS = 4
_ONE_THREAD = 1 << 18
"""Multiplications in a product that OpenBLAS does not yet split among threads: the workers of a scoring run are enough,
and what is not split does not depend on how many cores there are."""

Floats = NDArray[np.float32]


def resize(pixels: Floats, height: int, width: int, interpolation: str) -> Floats:
    """(h, w) float32 to (height, width) float32, antialiased, not clipped.

    Args:
        interpolation: a key of `FILTERS`.
    """
    tall = _averaged(np.ascontiguousarray(pixels), height, interpolation)
    return np.ascontiguousarray(_averaged(tall.T, width, interpolation).T)


class _Band(NamedTuple):
    """A few neighbouring rows of the result: what they are made of, and with what weights."""

    rows: slice
    sources: slice
    weights: Floats


def _averaged(values: Floats, length: int, interpolation: str) -> Floats:
    """The first axis brought to `length`."""
    if len(values) == length:
        return values
    result = np.empty((length, values.shape[1]), np.float32)
    for rows, sources, weights in _bands(len(values), length, interpolation):
        step = max(1, _ONE_THREAD // weights.size)
        for first in range(0, values.shape[1], step):
            part = slice(first, first + step)
            np.matmul(weights, values[sources, part], out=result[rows, part])
    return result


@lru_cache(maxsize=128)
def _bands(before: int, after: int, interpolation: str) -> tuple[_Band, ...]:
    """How `before` rows become `after`."""
    method, reach = FILTERS[interpolation]
    scale = before / after
    margin = reach * max(scale, 1.0) + 1
    rows = [slice(first, min(first + _ROWS, after)) for first in range(0, after, _ROWS)]
    sources = [
        slice(
            max(0, math.floor((some.start + 0.5) * scale - margin)),
            min(before, math.ceil((some.stop - 0.5) * scale + margin)),
        )
        for some in rows
    ]
    # Source rows that are `period` apart are never in one band: so a column can stand for all of them.
    period = max(some.stop - some.start for some in sources)
    units = np.zeros((before, period), np.float32)
    units[np.arange(before), np.arange(before) % period] = 1
    weights = np.asarray(Image.fromarray(units).resize((period, after), method))
    columns = [np.arange(some.start, some.stop) % period for some in sources]
    parts = [np.ascontiguousarray(weights[some][:, column]) for some, column in zip(rows, columns, strict=True)]
    return tuple(_Band(*each) for each in zip(rows, sources, parts, strict=True))
