"""The grey scale of a DICOM image, as one table from stored value to grey. Source: DICOM PS3.3 C.7.6.3, C.8.11.3, C.11.

Every step of the standard works on one pixel at a time, so it is enough to send each possible stored value (at most
65,536) through the steps once, in float64: modality LUT or rescale; VOI LUT or window, the first of several;
presentation LUT shape; one inversion; padding. Ranges are those of the transform, never the image's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tchexnet.images.dicom_header import text
from tchexnet.images.dicom_pixels import StoredPixels
from tchexnet.images.modality import modality_transform
from tchexnet.images.voi import voi_transform


@dataclass(frozen=True)
class GreyTable:
    """Grey by bit pattern.

    Args:
        table: (2 ** BitsStored,) float32 in [0, 1], 0 black.
        bits: a pixel that the file really uses.
        warnings: what a reader of the scores should know.
    """

    table: NDArray[np.float32]
    bits: int
    warnings: tuple[str, ...]


def grey_table(dataset: Dataset, stored: StoredPixels, origin: str) -> GreyTable:
    """Send every possible stored value through the transforms that `dataset` states.

    Where it states neither VOI LUT nor window, the full range after the modality transform becomes 0 to 1; an image
    whose values fit 8, 10, 12 or 14 of its bits is scaled by that depth, with a warning, as 16-bit PNG are.

    Raises:
        ImageError: `truncated` or `unsupported`, for a damaged lookup table.
    """
    values = stored.values()
    padding = padding_mask(dataset, values, stored)
    modality = modality_transform(dataset, values, origin)
    grey, warnings = voi_transform(dataset, modality, origin)
    bits = stored.bits
    if grey is None:
        used = stored.present() & ~padding
        low, high, bits = modality.used_range(values, used, stored)
        grey = np.clip((modality.outputs - low) / ((high - low) or 1.0), 0.0, 1.0)
        if bits < modality.bits:
            warnings += (f"{origin} has no window and uses {bits} of {modality.bits} bits: scaled to {bits} bits.",)
    inverted, conflicts = inversion(dataset, origin)
    grey = np.where(padding, 0.0, 1.0 - grey if inverted else grey)
    return GreyTable(grey.astype(np.float32), bits, warnings + conflicts)


def padding_mask(dataset: Dataset, values: NDArray[np.int64], stored: StoredPixels) -> NDArray[np.bool_]:
    """Which stored values are padding, not image; they become black. Source: PS3.3 C.7.5.1.1.2."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return np.zeros(len(values), np.bool_)
    limit = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted(_as_stored(v, stored) for v in (first, first if limit is None else limit))
    return (values >= low) & (values <= high)


def _as_stored(value: Any, stored: StoredPixels) -> int:
    """Signed padding is often written as an unsigned number."""
    number = int(value)
    return number - (1 << 16) if stored.signed and number >= 1 << 15 else number


def inversion(dataset: Dataset, origin: str) -> tuple[bool, tuple[str, ...]]:
    """Whether to invert, and a warning where the header contradicts itself.

    In a DX image INVERSE restates MONOCHROME1 (PS3.3 C.8.11.3.1.2), so both together invert once, not twice.
    """
    white_is_low = text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    shape = text(dataset, "PresentationLUTShape")
    conflict = shape in ("INVERSE", "IDENTITY") and white_is_low != (shape == "INVERSE")
    said = "MONOCHROME1 and Presentation LUT Shape IDENTITY" if white_is_low else "MONOCHROME2 and Shape INVERSE"
    warnings: tuple[str, ...] = ()
    if conflict:
        warnings += (f"{origin} states {said}, which disagree: it was inverted once.",)
    if dataset.get("PresentationLUTSequence"):
        warnings += (f"{origin} holds a presentation LUT sequence: it was ignored.",)
    return white_is_low or shape == "INVERSE", warnings
