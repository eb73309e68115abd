"""The common PNG, 8 bits a channel, decoded by kornia-rs: the same pixels as Pillow's in less time.

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

# IHDR after width and height: 8 bits, the colour type, deflate, adaptive filters, not interlaced.
_PLAIN = {bytes((8, 0, 0, 0, 0)): "mono", bytes((8, 2, 0, 0, 0)): "rgb", bytes((8, 6, 0, 0, 0)): "rgba"}
# Chunks that change how the pixels are to be taken.
_MEANINGFUL = {b"eXIf", b"tRNS", b"acTL"}


def plain_pixels(data: bytes, height: int, width: int) -> NDArray[np.uint8] | None:
    """An opaque 8-bit PNG's pixels, or None where Pillow must see to it.

    Returns:
        (height, width) of a grey PNG, (height, width, 3) of one with colours.
    """
    mode = _PLAIN.get(data[24:29])
    if _kornia is None or mode is None or data[12:16] != b"IHDR" or not _MEANINGFUL.isdisjoint(_chunks(data)):
        return None
    try:
        pixels: NDArray[Any] = _kornia.decode_image_png_u8(data, (height, width), mode)
    except Exception:  # kornia-rs raises Exception itself on a damaged file; what is wrong, Pillow says
        return None
    if mode == "mono":
        return pixels[..., 0]
    return pixels[..., :3] if mode == "rgb" or pixels[..., 3].min() == 255 else None


def _chunks(data: bytes) -> Iterator[bytes]:
    """The types of a PNG file's chunks, as far as their lengths lead."""
    place = 8
    while place + 8 <= len(data):
        yield data[place + 4 : place + 8]
        place += 12 + int.from_bytes(data[place : place + 4])
