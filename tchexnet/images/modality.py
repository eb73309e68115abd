"""Modality LUT or rescale: from stored values to what the detector measured. Source: DICOM PS3.3 C.11.1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tchexnet.errors import ImageError
from tchexnet.images.dicom_pixels import StoredPixels
from tchexnet.images.grey import fitting_bits
from tchexnet.images.lut import lookup_table


@dataclass(frozen=True)
class Modality:
    """The modality transform, tabulated.

    Args:
        outputs: (2 ** BitsStored,) float64, by bit pattern.
        slope, intercept: of the rescale; None where a lookup table was used.
        bits: of the range that outputs may take: BitsStored, or the table's.
    """

    outputs: NDArray[np.float64]
    slope: float | None
    intercept: float
    bits: int

    def used_range(
        self, values: NDArray[np.int64], used: NDArray[np.bool_], stored: StoredPixels
    ) -> tuple[float, float, int]:
        """Lowest and highest output of the smallest usual depth that holds the image, and that depth in bits.

        Args:
            values: (2 ** BitsStored,) stored value by bit pattern.
            used: (2 ** BitsStored,) whether it occurs in the image, padding apart.
            stored: the image, for its sign.
        """
        if self.slope is None:
            bits = _depth(self.outputs[used], False, self.bits)
            return 0.0, float((1 << bits) - 1), bits
        low, high, bits = _stored_range(values[used], stored)
        ends = sorted((low * self.slope + self.intercept, high * self.slope + self.intercept))
        return ends[0], ends[1], bits


def modality_transform(dataset: Dataset, values: NDArray[np.int64], origin: str) -> Modality:
    """The modality LUT if there is one, else the rescale, else the values themselves.

    Raises:
        ImageError: `truncated` or `unsupported`, for a damaged lookup table or rescale.
    """
    bits = len(values).bit_length() - 1
    sequence = dataset.get("ModalityLUTSequence")
    if sequence:
        table = lookup_table(sequence[0], float(values.min()), float(values.max()), is_little_endian(dataset), origin)
        return Modality(table(values), None, 0.0, table.bits)
    slope, intercept = _number(dataset, "RescaleSlope", 1.0), _number(dataset, "RescaleIntercept", 0.0)
    if not math.isfinite(slope * intercept) or slope == 0 or max(abs(slope), abs(intercept)) > 1e12:
        given = f"slope {slope}, intercept {intercept}"
        raise ImageError("unsupported", f"{origin} has an impossible rescale ({given}): export it again.")
    return Modality(values.astype(np.float64) * slope + intercept, slope, intercept, bits)


def is_little_endian(dataset: Dataset) -> bool:
    """The byte order that the data set was read in, or little where it was never written."""
    return dataset.original_encoding[1] is not False


def _number(dataset: Dataset, keyword: str, default: float) -> float:
    value = dataset.get(keyword)
    return default if value is None or value == "" else float(value)


def _stored_range(used: NDArray[np.int64], stored: StoredPixels) -> tuple[int, int, int]:
    negative = len(used) > 0 and int(used.min()) < 0
    bits = _depth(used, negative, stored.bits)
    if stored.signed and (negative or bits == stored.bits):
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1, bits
    return 0, (1 << bits) - 1, bits


def _depth(used: NDArray[Any], negative: bool, bits: int) -> int:
    """Bits that the used values need, of 8, 10, 12, 14, and at most `bits`."""
    if len(used) == 0:
        return bits
    largest = int(used.max())
    if negative:
        largest = max(largest, -int(used.min()) - 1) * 2 + 1
    return min(bits, fitting_bits(largest))
