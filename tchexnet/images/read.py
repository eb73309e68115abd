"""The one door for images: `read` turns a file, bytes, an array, a Pillow image or a Dataset into a Radiograph."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tchexnet.errors import ImageError
from tchexnet.images import raster
from tchexnet.images.arrays import from_array
from tchexnet.images.checks import check_content
from tchexnet.images.kinds import sniff
from tchexnet.images.limits import DEFAULT_LIMITS, Limits
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.source import file_bytes, path_bytes
from tchexnet.images.upright import with_orientation_warnings

if TYPE_CHECKING:
    from pydicom import Dataset

Source: TypeAlias = Union[str, os.PathLike[str], bytes, BinaryIO, NDArray[Any], Image.Image, "Dataset", Radiograph]


def read(source: Source, limits: Limits = DEFAULT_LIMITS) -> Radiograph:
    """Read one chest radiograph.

    Args:
        source: a path; the bytes of a file, or a file object open in binary mode; a pydicom Dataset; a Pillow image; an
            array, (H, W), (H, W, 1) or (H, W, 3) with equal channels, uint8 (white 255), uint16 (white 65535, or
            less as `grey.from_integers` says) or float in [0, 1]. A Radiograph is passed through as it is.
        limits: bounds on bytes and pixels, checked before anything is decoded.

    Returns:
        The image as float32 (H, W), 0 air-black to 1 bone-white, with what is known of it and warnings for the reader
        of its scores. Nothing that identifies a patient is kept, but the path.

    Raises:
        ImageError: the image is refused; `kind` is one of `errors.IMAGE_ERROR_KINDS`, and docs/errors.md lists them.

    Example:
        >>> read("chest.dcm").view_position
        'PA'
    """
    if isinstance(source, Radiograph):
        return source
    radiograph = _decoded(source, limits)
    check_content(radiograph)
    return with_orientation_warnings(radiograph)


def _decoded(source: Source, limits: Limits) -> Radiograph:
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        path = path if isinstance(path, str) else os.fsdecode(path)
        return _from_bytes(path_bytes(path, limits), path, limits)
    if isinstance(source, bytes | bytearray | memoryview):
        limits.check_bytes(len(source), "<bytes>")
        return _from_bytes(bytes(source), "<bytes>", limits)
    if isinstance(source, np.ndarray):
        return from_array(source, "<array>", limits)
    if isinstance(source, Image.Image):
        return raster.from_pillow(source, "<Pillow image>", limits)
    if _is_dataset(source):
        from tchexnet.images import dicom

        return dicom.from_dataset(source, "<dataset>", limits)  # type: ignore[arg-type]
    if hasattr(source, "read"):
        name = getattr(source, "name", None)
        origin = name if isinstance(name, str) and name else "<file>"
        return _from_bytes(file_bytes(source, origin, limits), origin, limits)
    given = type(source).__name__
    message = f"An object of type {given} is no image: give a path, bytes, an array, a Pillow image or a Dataset."
    raise ImageError("unsupported", message)


def _is_dataset(source: object) -> bool:
    """Whether it is a pydicom Dataset, without importing pydicom: where one exists, pydicom has been imported."""
    module = sys.modules.get("pydicom.dataset")
    return module is not None and isinstance(source, module.Dataset)


def _from_bytes(data: bytes, origin: str, limits: Limits) -> Radiograph:
    kind = sniff(data, origin)
    if kind == "DICOM":
        from tchexnet.images import dicom  # pydicom is imported for DICOM alone: it takes longer than reading a PNG

        return dicom.from_bytes(data, origin, limits)
    return raster.from_bytes(data, kind, origin, limits)
