"""What a DICOM header must say for an image to be read, and what it may say about the view."""

from __future__ import annotations

import math
import re
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID

from tchexnet.errors import ImageError
from tchexnet.images.views import is_lateral

_RADIOGRAPHY = ("CR", "DX", "RG")
_CAPTURES = ("SC", "OT")
_NAMES = {
    "CT": "a CT slice",
    "MR": "an MR slice",
    "US": "an ultrasound image",
    "SR": "a structured report",
    "MG": "a mammogram",
    "PT": "a PET slice",
    "NM": "a nuclear medicine image",
    "XA": "an angiogram",
    "RF": "a fluoroscopy image",
    "PX": "a panoramic dental image",
    "IO": "an intra-oral dental image",
    "RTIMAGE": "a radiotherapy image",
    "RTDOSE": "a radiotherapy dose",
    "RTPLAN": "a radiotherapy plan",
    "RTSTRUCT": "a radiotherapy structure set",
    "ECG": "a waveform",
    "PR": "a presentation state",
    "SEG": "a segmentation",
    "KO": "a key object selection",
    "DOC": "a document",
}
_CODE = re.compile(r"[A-Z0-9 ._/,-]{0,64}")
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "PALETTE COLOR", "YBR", "HSV", "ARGB", "CMYK")
_CHEST = ("", "CHEST", "THORAX", "LUNG", "TORAX", "CHEST_PA", "CHEST_AP")


def text(dataset: Dataset, keyword: str) -> str:
    """The element as upper-case text without padding, the first value of several; "" where it is absent.

    "?" where it is longer, or holds other characters, than such an element may: a damaged header can run a patient's
    name into it, and what this returns is shown in errors and kept in the Radiograph.
    """
    value = dataset.get(keyword)
    if value is None or isinstance(value, Dataset):
        return ""
    if not isinstance(value, str) and hasattr(value, "__len__"):
        value = value[0] if len(value) else ""
    stated = str(value).strip(" \x00").upper()
    return stated if _CODE.fullmatch(stated) else "?"


def check_header(dataset: Dataset, origin: str) -> None:
    """Refuse what is not one grey radiograph.

    Raises:
        ImageError: `unsupported` (modality, no pixels, several frames, pixel format), `coloured` or `truncated`.
    """
    _check_modality(dataset, origin)
    _check_has_pixels(dataset, origin)
    frames = _integer(dataset, "NumberOfFrames", 1)
    if frames > 1:
        raise ImageError("unsupported", f"{origin} has {frames} frames: export the one radiograph by itself.")
    interpretation = text(dataset, "PhotometricInterpretation")
    if interpretation.startswith(_COLOUR) or _integer(dataset, "SamplesPerPixel", 1) != 1:
        shown = interpretation or "several samples a pixel"
        raise ImageError("coloured", f"{origin} is a colour DICOM image ({shown}): give the grey original.")
    if interpretation not in _GREY:
        shown = f"PhotometricInterpretation {interpretation!r}" if interpretation else "no PhotometricInterpretation"
        raise ImageError("unsupported", f"{origin} has {shown}: MONOCHROME1 and MONOCHROME2 are read.")
    _check_bits(dataset, origin)


def _check_modality(dataset: Dataset, origin: str) -> None:
    modality = text(dataset, "Modality")
    if modality in (*_RADIOGRAPHY, *_CAPTURES, ""):
        return
    what = _NAMES.get(modality, f"of modality {modality!r}")
    raise ImageError("unsupported", f"{origin} is {what} (Modality {modality}): give a CR, DX or RG radiograph.")


def _check_has_pixels(dataset: Dataset, origin: str) -> None:
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise ImageError("unsupported", f"{origin} stores floating-point pixels: give 8 to 16 bit integers.")
    if "PixelData" not in dataset and "Rows" not in dataset:
        stated = UID(text(dataset, "SOPClassUID"))
        what = f" ({stated.name})" if stated.name != stated else ""
        raise ImageError("unsupported", f"{origin} is a DICOM object without an image{what}: give a radiograph.")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        if not dataset.get(keyword):
            raise ImageError("truncated", f"{origin} is a DICOM file without {keyword}: copy or export it again.")


def _check_bits(dataset: Dataset, origin: str) -> None:
    allocated = _integer(dataset, "BitsAllocated", 0)
    stored = _integer(dataset, "BitsStored", allocated)
    high = _integer(dataset, "HighBit", stored - 1)
    if allocated not in (8, 16):
        raise ImageError("unsupported", f"{origin} has {allocated} bits allocated a pixel: 8 and 16 are read.")
    if not (1 <= stored <= allocated and stored - 1 <= high < allocated):
        raise ImageError(
            "unsupported",
            f"{origin} has an impossible pixel format (bits allocated {allocated}, stored {stored}, high bit {high}): "
            "export it again.",
        )


def _integer(dataset: Dataset, keyword: str, default: int) -> int:
    value: Any = dataset.get(keyword)
    return default if value is None or value == "" else int(value)


def view_position(dataset: Dataset) -> str | None:
    """ViewPosition, such as PA, AP or LL; else what ViewCodeSequence means, in capitals; else None."""
    stated = text(dataset, "ViewPosition")
    if stated and stated != "?":
        return stated
    for item in dataset.get("ViewCodeSequence") or ():
        meaning = text(item, "CodeMeaning")
        return None if meaning in ("", "?") else meaning
    return None


def laterality(dataset: Dataset) -> str | None:
    """ImageLaterality, else Laterality: L, R, B or U; None where neither says one of these."""
    stated = text(dataset, "ImageLaterality") or text(dataset, "Laterality")
    return stated if stated in ("L", "R", "B", "U") else None


def spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Millimetres a pixel (row, column): PixelSpacing, else ImagerPixelSpacing; None where neither has two lengths."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        value = dataset.get(keyword)
        if value is not None and not isinstance(value, str) and hasattr(value, "__len__") and len(value) == 2:
            row, column = float(value[0]), float(value[1])
            if math.isfinite(row + column) and row > 0 and column > 0:
                return row, column
    return None


def warnings(dataset: Dataset, origin: str) -> tuple[str, ...]:
    """What the header says that a reader of the scores should know."""
    found = []
    modality, view, body = text(dataset, "Modality"), view_position(dataset), text(dataset, "BodyPartExamined")
    if modality in _CAPTURES:
        found.append(f"{origin} is a secondary capture or the like (Modality {modality}): its grey scale may differ.")
    if not modality:
        found.append(f"{origin} states no modality: it was read as a radiograph.")
    if is_lateral(view):
        found.append(f"{origin} is a lateral view ({view}): the models were trained on frontal views.")
    if body not in _CHEST and "CHEST" not in body:
        found.append(f"{origin} is said to show {body}, not a chest.")
    return tuple(found)
