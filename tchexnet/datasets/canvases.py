"""Canvases: every radiograph of a data set, read once and resized by the recipe, in one memory-mapped file.

float16 keeps a grey value to within 1/4096, finer than the 8 bits most files hold. The operating system pages the file,
so memory does not grow with the number of images.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tchexnet.datasets import disk
from tchexnet.datasets.records import Records
from tchexnet.images.read import read
from tchexnet.images.recipe import Recipe


def canvases(
    records: Records, recipe: Recipe, folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> np.memmap:
    """(n, size, size) float16 grey values in [0, 1], one a record, computed on first use and kept in `folder`.

    The file is keyed by the image paths, their sizes and times, and the recipe; it appears whole or not at all.

    Raises:
        ImageError: an image cannot be read.
        DataError: the disk has no room for the file.
    """
    path = folder / f"canvases-{_key(records, recipe)}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        _fill(partial, records, recipe, progress)
        partial.replace(path)
    return np.load(path, mmap_mode="r")


def _fill(path: Path, records: Records, recipe: Recipe, progress: Callable[[int, int], None]) -> None:
    shape = (len(records), recipe.size, recipe.size)
    target = disk.new_array(path, np.float16, shape, f"The canvases of {len(records)} images")

    def fill(row: int) -> None:
        target[row] = recipe.canvas(read(records.path(row)))

    with ThreadPoolExecutor(4) as pool:
        for done, _ in enumerate(pool.map(fill, range(len(records))), start=1):
            progress(done, len(records))
    target.flush()


def _key(records: Records, recipe: Recipe) -> str:
    digest = hashlib.sha256(json.dumps(recipe.to_dict(), sort_keys=True).encode())
    for row in range(len(records)):
        stat = records.path(row).stat()
        digest.update(f"{records.path(row).resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
