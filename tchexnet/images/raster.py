"""PNG, JPEG, TIFF and Pillow images: from bytes to a Radiograph. ICC profiles are ignored: they describe a screen."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from tchexnet.errors import ImageError
from tchexnet.images import fast_png
from tchexnet.images.arrays import from_array
from tchexnet.images.headers import check_whole, png_depth, upright, white_is_zero
from tchexnet.images.limits import Limits
from tchexnet.images.quiet import quiet_decoders
from tchexnet.images.radiograph import Radiograph

# The classes themselves, not Image.open: it warns at a pixel count of its own, which is a setting of the whole process.
_READERS: dict[str, type[ImageFile.ImageFile]] = {"PNG": PngImageFile, "JPEG": JpegImageFile, "TIFF": TiffImageFile}
_GREY_MODES = ("1", "L", "I;16", "I;16L", "I;16B", "I;16N", "F")


def from_bytes(data: bytes, kind: str, origin: str, limits: Limits) -> Radiograph:
    """Read a whole PNG, JPEG or TIFF file.

    Args:
        data: the file.
        kind: `PNG`, `JPEG` or `TIFF`, as `kinds.sniff` found it.
        origin: what errors call it.
        limits: checked against the file's header, before its pixels are decoded.

    Raises:
        ImageError: `truncated`, `unsupported`, `too small`, `too large`, `coloured` or `out of range`.
    """
    try:
        with quiet_decoders():
            if kind != "TIFF" and ImageFile.LOAD_TRUNCATED_IMAGES:
                check_whole(data, kind, origin)
            return _read(_READERS[kind](io.BytesIO(data)), kind, origin, limits, data)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("too large", f"{origin} needs more memory than there is: make it smaller.") from error
    except Exception as error:  # Pillow raises a dozen types on damaged files, struct.error and SyntaxError among them
        raise _damaged(origin, kind, error) from error


def from_pillow(image: Image.Image, origin: str, limits: Limits) -> Radiograph:
    """Read a Pillow image; the image itself is left as it is, but for being loaded.

    Raises:
        ImageError: as `from_bytes`.
    """
    kind = image.format if image.format in _READERS else "array"
    try:
        with quiet_decoders():
            return _read(image, kind or "array", origin, limits, b"")
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("too large", f"{origin} needs more memory than there is: make it smaller.") from error
    except Exception as error:  # a lazily opened image fails here, in as many ways as above
        raise _damaged(origin, kind or "Pillow", error) from error


def _read(image: Image.Image, kind: str, origin: str, limits: Limits, data: bytes = b"") -> Radiograph:
    limits.check_size(image.height, image.width, origin)
    pages = getattr(image, "n_frames", 1)
    if pages > 1:
        raise ImageError("unsupported", f"{origin} holds {pages} pictures: save the one radiograph by itself.")
    plain = fast_png.plain_pixels(data, image.height, image.width) if kind == "PNG" and data else None
    if plain is not None:
        return dataclasses.replace(from_array(plain, origin, limits), format=kind)
    inverted = white_is_zero(image)
    image.load()
    values, warnings = _values(image, origin)
    bits, deep = png_depth(data, values, origin)
    radiograph = from_array(upright(values, image), origin, limits)
    pixels = np.float32(1.0) - radiograph.pixels if inverted else radiograph.pixels
    return dataclasses.replace(
        radiograph,
        pixels=pixels,
        bit_depth=1 if image.mode == "1" else bits or radiograph.bit_depth,
        format=kind,
        warnings=warnings + deep + radiograph.warnings,
    )


def _values(image: Image.Image, origin: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """(height, width) or (height, width, 3) values that `from_array` takes, and warnings."""
    if image.mode in _GREY_MODES:
        return np.asarray(image), ()
    if image.mode == "I":
        return _from_32_bits(np.asarray(image), origin), ()
    if image.mode in ("LA", "La"):
        return np.asarray(image.getchannel("L")), _transparency(image, origin)
    if image.mode in ("P", "PA", "CMYK", "YCbCr", "HSV", "LAB"):
        return np.asarray(image.convert("RGB")), ()
    if image.mode in ("RGB", "RGBX", "RGBA", "RGBa"):
        return np.asarray(image)[..., :3], _transparency(image, origin)
    raise ImageError("unsupported", f"{origin} has the pixel mode {image.mode}: save it as 8- or 16-bit grey.")


def _transparency(image: Image.Image, origin: str) -> tuple[str, ...]:
    if "A" not in image.getbands() or image.getextrema()[-1][0] == 255:  # type: ignore[index]
        return ()
    return (f"{origin} is transparent in places: its transparency was ignored.",)


def _from_32_bits(values: NDArray[np.int32], origin: str) -> NDArray[np.uint16]:
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise ImageError(
            "out of range", f"{origin} has 32-bit values from {low} to {high}: save it as 8- or 16-bit grey."
        )
    return values.astype(np.uint16)


def _damaged(origin: str, kind: str, error: Exception) -> ImageError:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    message = f"{origin} is a {kind} file that ends early or is damaged ({reason}): copy it again."
    return ImageError("truncated", message)
