"""RLE Lossless: PackBits, one run of bytes for each byte of a sample, the high byte first. Source: DICOM PS3.5, annex G.

Decoded here because pylibjpeg-rle panics on damaged data, with a stack trace on the console, and pydicom's own decoder
lets a damaged frame grow without bound.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct("<16L")


def decode_rle(frame: bytes, rows: int, columns: int, sample_bytes: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
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
    samples = np.zeros(rows * columns, np.uint8 if sample_bytes == 1 else np.uint16)
    for start, end in zip(offsets[:count], ends, strict=True):
        samples <<= 8 * (sample_bytes - 1)
        samples |= np.frombuffer(_unpack_bits(frame[start:end], rows * columns), np.uint8)
    return samples.reshape(rows, columns)


def _unpack_bits(packed: bytes, size: int) -> bytes:
    """The first `size` bytes of a PackBits segment; never more are made."""
    parts: list[bytes] = []
    made = at = 0
    last = len(packed) - 1
    while made < size:
        if at >= last:
            raise ValueError("an RLE segment ends early")
        control = packed[at]
        if control < 128:
            part = packed[at + 1 : at + 2 + control]
            at += 2 + control
        else:
            part = packed[at + 1 : at + 2] * (257 - control) if control > 128 else b""
            at += 2 if control > 128 else 1
        parts.append(part)
        made += len(part)
    return b"".join(parts)[:size]
