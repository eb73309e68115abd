"""The common PNG, 8-bit grey, decoded by kornia-rs: the same pixels as Pillow's in a third of the time.

Pillow stays the reference: it reads the header before, and decodes whatever this module leaves, so that every refusal
and every rare kind of PNG is Pillow's to judge. `benchmarks/decoders.py` has the figures of this and other decoders.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_kornia: Any
try:
    from kornia_rs import io as _kornia
except ImportError:  # no wheel for every platform; Pillow reads the same
    _kornia = None

# IHDR after width and height: 8 bits, grey, deflate, adaptive filters, not interlaced.
_PLAIN_GREY = bytes((8, 0, 0, 0, 0))
# Chunks that change how the pixels are to be taken.
_MEANINGFUL = {b"eXIf", b"tRNS", b"acTL"}


def grey_pixels(data: bytes, height: int, width: int) -> NDArray[np.uint8] | None:
    """(height, width) of a plain 8-bit grey PNG file, or None where Pillow must see to it."""
    if _kornia is None or data[12:16] != b"IHDR" or data[24:29] != _PLAIN_GREY:
        return None
    if not _MEANINGFUL.isdisjoint(_chunks(data)):
        return None
    try:
        pixels: NDArray[Any] = _kornia.decode_image_png_u8(data, (height, width), "mono")
    except Exception:  # kornia-rs raises Exception itself on a damaged file; what is wrong, Pillow says
        return None
    return pixels[..., 0]


def _chunks(data: bytes) -> Iterator[bytes]:
    """The types of a PNG file's chunks, as far as their lengths lead."""
    place = 8
    while place + 8 <= len(data):
        yield data[place + 4 : place + 8]
        place += 12 + int.from_bytes(data[place : place + 4])
