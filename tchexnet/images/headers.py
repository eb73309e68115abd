"""What a file's header says and Pillow does not act on: orientation, PNG depth, inverted 16-bit TIFF, a missing end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tchexnet.errors import ImageError

_EXIF_ORIENTATION = 0x0112
_TIFF_PHOTOMETRIC = 262
_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda v: v[:, ::-1],
    3: lambda v: v[::-1, ::-1],
    4: lambda v: v[::-1],
    5: lambda v: v.swapaxes(0, 1),
    6: lambda v: np.rot90(v, -1),
    7: lambda v: v[::-1, ::-1].swapaxes(0, 1),
    8: lambda v: np.rot90(v, 1),
}


def upright(values: NDArray[Any], image: Image.Image) -> NDArray[Any]:
    """`values` (height, width, ...) turned as the EXIF orientation of the loaded `image` says.

    Source: EXIF 2.32, 4.6.4. Pillow has already turned TIFF, and then deleted the tag.
    """
    turn = _TURNS.get(image.getexif().get(_EXIF_ORIENTATION, 1))
    return values if turn is None else np.ascontiguousarray(turn(values))


def white_is_zero(image: Image.Image) -> bool:
    """True for 16-bit TIFF with the photometric tag 0: Pillow inverts 8 bits, and leaves 16 as stored."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and image.mode.startswith("I;16") and tags.get(_TIFF_PHOTOMETRIC) == 0


def png_depth(data: bytes, values: NDArray[Any], origin: str) -> tuple[int | None, tuple[str, ...]]:
    """Bits a pixel where a PNG's header knows better than its decoded `values`, or None; and warnings.

    Pillow widens 1, 2 and 4 bits to 8, and keeps the high byte of 16-bit colour channels.

    Raises:
        ImageError: `unsupported`, for 16-bit channels that leave the high byte nearly unused.
    """
    if data[12:16] != b"IHDR":
        return None, ()
    depth, colour_type = data[24], data[25]
    if colour_type == 0 and depth < 8:
        return depth, ()
    if colour_type == 0 or depth < 16:
        return None, ()
    if int(values.max()) < 64:
        raise ImageError(
            "unsupported", f"{origin} has 16-bit colour channels that use 14 bits or fewer: save it as 16-bit grey."
        )
    return 8, (f"{origin} has 16-bit colour channels, read with 8 bits each: save it as 16-bit grey to keep them.",)


def check_whole(data: bytes, kind: str, origin: str) -> None:
    """Refuse a PNG or JPEG without its end marker.

    Pillow finds this out itself, unless the process has set `ImageFile.LOAD_TRUNCATED_IMAGES`, as training scripts do:
    then it would fill the missing part with grey.

    Raises:
        ImageError: `truncated`.
    """
    if kind == "PNG":
        whole = b"IEND" in data[-64:] or data.rfind(b"IEND") > data.rfind(b"IDAT") > 0
    else:
        whole = data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    if not whole:
        raise ImageError("truncated", f"{origin} is a {kind} file without its end: copy it again.")
