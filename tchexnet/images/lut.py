"""DICOM lookup tables: modality and VOI LUTs share one layout. Source: DICOM PS3.3 C.11.1.1 and C.11.2.1.

pydicom's own `apply_modality_lut` and `apply_voi` are not used: the first takes no table of 10, 12 or 14 bits, the
second cuts an index to eight bits where the entries have eight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tchexnet.errors import ImageError


@dataclass(frozen=True)
class LookupTable:
    """`entries[i]` is the output for the input `first + i`; inputs beside the table take its first or last entry.

    Args:
        entries: (n,) float64.
        first: the input value that the first entry belongs to.
        bits: of an output value, as the descriptor states.
    """

    entries: NDArray[np.float64]
    first: int
    bits: int

    @property
    def white(self) -> int:
        """The largest output value that `bits` allow."""
        return (1 << self.bits) - 1

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Outputs for `values` (n,), rounded to the nearest input first."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        outputs: NDArray[np.float64] = self.entries[index.astype(np.intp)]
        return outputs


def lookup_table(item: Dataset, lowest: float, highest: float, little_endian: bool, origin: str) -> LookupTable:
    """Read LUTDescriptor and LUTData.

    Args:
        item: the item of a LUT sequence.
        lowest, highest: of the values that will go in; they tell a negative first input from one above 32767, which
            one descriptor writes alike.
        little_endian: byte order of the file, for entries stored as bytes.
        origin: named in errors.

    Raises:
        ImageError: `truncated`, where entries are missing; `unsupported`, for more than 16 bits.
    """
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    if not 1 <= bits <= 16:
        raise ImageError("unsupported", f"{origin} has a lookup table of {bits} bits: export it again.")
    count = count or 1 << 16
    entries = _entries(item.LUTData, count, bits, little_endian)
    if len(entries) < count:
        found = len(entries)
        raise ImageError("truncated", f"{origin} has a lookup table of {found} entries, not {count}: copy it again.")
    if lowest < 0 and first > highest:
        first -= 1 << 16
    return LookupTable(entries[:count].astype(np.float64), first, bits)


def _entries(data: Any, count: int, bits: int, little_endian: bool) -> NDArray[Any]:
    """Entries from words or bytes. Eight-bit entries may come one a word, or packed two a word."""
    packed = bits <= 8
    if isinstance(data, bytes | bytearray):
        if packed and len(data) < 2 * count:
            return np.frombuffer(data, np.uint8)
        return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little_endian else ">u2")
    words = np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF
    if packed and len(words) < count:
        return words.astype("<u2").view(np.uint8)
    return words
