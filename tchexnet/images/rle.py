"""RLE Lossless: PackBits, one segment for each byte of a sample, the high byte first. Source: DICOM PS3.5, annex G.

Decoded here because pylibjpeg-rle panics on damaged data, with a stack trace on the console, and pydicom's own decoder
lets a damaged frame grow without bound.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct("<16L")


def decode_rle(frame: bytes, rows: int, columns: int, sample_bytes: int) -> NDArray[Any]:
    """(rows, columns) samples, uint8 or uint16, of one frame.

    Raises:
        ValueError: the frame's header is damaged, or a segment ends before the image does.
    """
    if len(frame) < _HEADER.size:
        raise ValueError("the RLE header is incomplete")
    count, *offsets = _HEADER.unpack_from(frame)
    if count != sample_bytes:
        raise ValueError(f"{count} RLE segments for samples of {sample_bytes} bytes")
    ends = [*offsets[1:count], len(frame)]
    samples: NDArray[Any] = np.zeros(rows * columns, np.uint8 if sample_bytes == 1 else np.uint16)
    for start, end in zip(offsets[:count], ends, strict=True):
        samples <<= 8 * (sample_bytes - 1)
        samples |= np.frombuffer(_unpack_bits(frame[start:end], rows * columns), np.uint8)
    return samples.reshape(rows, columns)


def _unpack_bits(packed: bytes, size: int) -> bytearray:
    """The first `size` bytes of a PackBits segment; at most 127 more are made."""
    made = bytearray()
    at = 0
    try:
        while len(made) < size:
            control = packed[at]
            if control < 128:
                made += packed[at + 1 : at + 2 + control]
                at += 2 + control
            else:
                if control > 128:
                    made += packed[at + 1 : at + 2] * (257 - control)
                at += 2 if control > 128 else 1
    except IndexError as error:
        raise ValueError("an RLE segment ends early") from error
    return made[:size]
