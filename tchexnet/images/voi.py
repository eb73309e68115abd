"""VOI LUT or window: from measured values to grey. Source: DICOM PS3.3 C.11.2.

pydicom's `apply_windowing` follows the same formulas; it returns the stored range, raises on a damaged window and
copies the whole image to float64, so they are written out here for a table. A test holds the two together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tchexnet.images.dicom_header import text
from tchexnet.images.grey import fitting_bits
from tchexnet.images.lut import lookup_table
from tchexnet.images.modality import Modality, is_little_endian

_EXTREME = 700.0  # exp(700) is still finite in float64


def voi_transform(
    dataset: Dataset, modality: Modality, origin: str
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Grey (2 ** BitsStored,) in [0, 1] before any inversion, or None where there is no usable VOI; and warnings.

    A VOI LUT goes before a window; of several, the first is taken.

    Raises:
        ImageError: `truncated` or `unsupported`, for a damaged lookup table.
    """
    sequence = dataset.get("VOILUTSequence")
    if sequence:
        return _through_table(sequence[0], modality, is_little_endian(dataset), origin)
    center, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
    if center is None or width is None:
        return None, ()
    function = text(dataset, "VOILUTFunction") or "LINEAR"
    known = function in ("LINEAR", "LINEAR_EXACT", "SIGMOID")
    if not known or not math.isfinite(center + width) or width < (1 if function == "LINEAR" else 0) or width == 0:
        return None, (f"{origin} has an impossible window ({function[:16]}, center {center}, width {width}): ignored.",)
    return window(modality.outputs, center, width, function), ()


def window(values: NDArray[np.float64], center: float, width: float, function: str) -> NDArray[np.float64]:
    """Grey in [0, 1] for `values`. Source: PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (exact).

    Args:
        values: (n,) after the modality transform.
        center, width: width at least 1 for LINEAR, above 0 otherwise.
        function: `LINEAR`, `LINEAR_EXACT` or `SIGMOID`.
    """
    if function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - center) / width, -_EXTREME, _EXTREME)
        return 1.0 / (1.0 + np.exp(exponent))
    if function == "LINEAR":
        center, width = center - 0.5, width - 1.0
    if width == 0:
        return np.where(values > center, 1.0, 0.0)
    return np.clip((values - center) / width + 0.5, 0.0, 1.0)


def _through_table(
    item: Dataset, modality: Modality, little_endian: bool, origin: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    outputs = modality.outputs
    table = lookup_table(item, float(outputs.min()), float(outputs.max()), little_endian, origin)
    bits = min(table.bits, fitting_bits(int(table.entries.max())))
    warnings: tuple[str, ...] = ()
    if bits < table.bits:
        warnings = (f"{origin} has a VOI LUT of {table.bits} bits that uses {bits}: it was scaled to {bits} bits.",)
    return np.minimum(table(outputs) / ((1 << bits) - 1), 1.0), warnings


def _first(value: Any) -> float | None:
    """The first of one or several numbers; None for none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) and hasattr(value, "__len__"):
        return float(value[0]) if len(value) else None
    return float(value)
