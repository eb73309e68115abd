"""DICOM: which objects are chest radiographs, what their header says, and how they become a Radiograph.

Only the tags in `_TAGS` are ever parsed, so no name, birth date or number of a patient enters the program.
"""

from __future__ import annotations

import io
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword

from tchexnet.errors import ImageError
from tchexnet.images.deflated import check_inflated
from tchexnet.images.dicom_grey import grey_table
from tchexnet.images.dicom_header import check_header, laterality, spacing, view_position
from tchexnet.images.dicom_header import warnings as header_warnings
from tchexnet.images.dicom_pixels import stored_pixels
from tchexnet.images.limits import Limits
from tchexnet.images.quiet import quiet_decoders
from tchexnet.images.radiograph import Radiograph

_KEYWORDS = """
    SOPClassUID Modality ViewPosition ViewCodeSequence Laterality ImageLaterality PatientOrientation BodyPartExamined
    PixelSpacing ImagerPixelSpacing NumberOfFrames Rows Columns SamplesPerPixel PhotometricInterpretation
    PlanarConfiguration BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue PixelPaddingRangeLimit
    RescaleSlope RescaleIntercept ModalityLUTSequence VOILUTSequence WindowCenter WindowWidth VOILUTFunction
    PresentationLUTShape PresentationLUTSequence ExtendedOffsetTable ExtendedOffsetTableLengths PixelData FloatPixelData
    DoubleFloatPixelData
""".split()
_TAGS: list[Any] = [tag_for_keyword(keyword) for keyword in _KEYWORDS]


def from_bytes(data: bytes, origin: str, limits: Limits) -> Radiograph:
    """Read a whole DICOM file, with or without its preamble.

    Raises:
        ImageError: `truncated`, `unsupported`, `coloured`, `too small`, `too large` or `not an image`.
    """
    return _guarded(lambda: _read(_parsed(data, origin, limits), origin, limits), origin)


def from_dataset(dataset: Dataset, origin: str, limits: Limits) -> Radiograph:
    """Read a pydicom data set that holds pixel data; it is left as it is.

    Raises:
        ImageError: as `from_bytes`.
    """
    return _guarded(lambda: _read(dataset, origin, limits), origin)


def _guarded(reading: Any, origin: str) -> Radiograph:
    try:
        with quiet_decoders():
            radiograph: Radiograph = reading()
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("too large", f"{origin} needs more memory than there is: make it smaller.") from error
    except Exception as error:  # pydicom and the codecs raise a dozen types on damaged files, RecursionError among them
        # The error's own text is left out: it may quote the header, and the header names the patient.
        message = f"{origin} is a DICOM file that ends early or is damaged ({type(error).__name__}): copy it again."
        raise ImageError("truncated", message) from error
    return radiograph


def _parsed(data: bytes, origin: str, limits: Limits) -> Dataset:
    check_inflated(data, origin, limits)
    dataset = dcmread(io.BytesIO(data), force=True, specific_tags=_TAGS)
    if data[128:132] != b"DICM" and not ("Rows" in dataset or "SOPClassUID" in dataset or "Modality" in dataset):
        raise ImageError("not an image", f"{origin} is no PNG, JPEG, TIFF or DICOM image: give one of these.")
    return dataset


def _read(dataset: Dataset, origin: str, limits: Limits) -> Radiograph:
    check_header(dataset, origin)
    limits.check_size(int(dataset.Rows), int(dataset.Columns), origin)
    stored = stored_pixels(dataset, origin)
    grey = grey_table(dataset, stored, origin)
    return Radiograph(
        pixels=stored.through(grey.table),
        bit_depth=grey.bits,
        origin=origin,
        format="DICOM",
        view_position=view_position(dataset),
        laterality=laterality(dataset),
        spacing=spacing(dataset),
        warnings=header_warnings(dataset, origin) + grey.warnings,
    )
