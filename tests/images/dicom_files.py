"""DICOM files in memory, written by pydicom from stored values, for the tests of reading."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileDataset, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


def dataset(stored: NDArray[Any], bits: int, syntax: str = ExplicitVRLittleEndian, **tags: Any) -> FileDataset:
    """A DX image of `stored` (height, width) integers of `bits`, signed if any dtype of theirs is; `tags` go on top."""
    meta = Dataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["tchexnet"])
    ds = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Doe^Jane", "SECRET-7", "19600101"
    ds.Modality, ds.ViewPosition, ds.ImageLaterality, ds.ImagerPixelSpacing = "DX", "PA", "U", [0.14, 0.15]
    ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = 8 if bits <= 8 else 16
    ds.BitsStored, ds.HighBit = bits, bits - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    ds.PixelData = stored.astype(f"{order}{stored.dtype.kind}{ds.BitsAllocated // 8}").tobytes()
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    return ds


def compressed(stored: NDArray[Any], bits: int, syntax: str, plugin: str = "", **tags: Any) -> FileDataset:
    """The same, with its frame compressed by pydicom's own encoder."""
    ds = dataset(stored, bits, **tags)
    ds.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
    return ds


def encapsulated(frame: bytes, stored: NDArray[Any], bits: int, syntax: str, **tags: Any) -> FileDataset:
    """The same, with a frame that something else has compressed."""
    ds = dataset(stored, bits, syntax, **tags)
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].is_undefined_length = True
    return ds


def written(ds: FileDataset) -> bytes:
    """The file, as bytes."""
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def bare(ds: FileDataset) -> bytes:
    """The file without preamble and file meta group: implicit VR, little endian."""
    copy = Dataset()
    copy.update(ds)
    buffer = io.BytesIO()
    dcmwrite(buffer, copy, implicit_vr=True, little_endian=True)
    return buffer.getvalue()


def lut(entries: NDArray[np.int64], first: int, bits: int, signed: bool = False, as_bytes: bool = True) -> Sequence:
    """A LUT sequence of one item; entries as OW bytes or as a list of US."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65536, first, bits])
    if as_bytes:
        item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    else:
        item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return Sequence([item])


def deflate(data: bytes) -> bytes:
    """Raw deflate, as DICOM has it."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeezer.compress(data) + squeezer.flush()
