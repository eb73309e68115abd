"""Big arrays on disk: room is asked for before the work starts, not missed at its end."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from tchexnet.errors import DataError


def new_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...], what: str) -> np.memmap:
    """A writable `.npy` file of the shape, its blocks reserved.

    A memory-mapped file that meets a full disk later kills the process without a word, hence the reservation.

    Args:
        what: for the message, for example `The canvases of 500 images`.

    Raises:
        DataError: the disk has no room for it; nothing is left behind.
    """
    need = math.prod(shape) * np.dtype(dtype).itemsize
    free = shutil.disk_usage(path.parent).free
    if need > free:
        raise DataError(_no_room(what, need, free, path.parent))
    try:
        array = np.lib.format.open_memmap(path, "w+", dtype, shape)
        _reserve(path)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise DataError(_no_room(what, need, shutil.disk_usage(path.parent).free, path.parent)) from error
    return array


def _no_room(what: str, need: int, free: int, folder: Path) -> str:
    return (
        f"{what} need {need / 1e9:.3f} GB in {folder}, where {free / 1e9:.3f} GB are free; make room, or give an --out "
        "on a larger disk."
    )


def _reserve(path: Path) -> None:
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
