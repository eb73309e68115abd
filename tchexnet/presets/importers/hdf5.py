"""HDF5 files, opened so that nothing outside them is read and nothing large is made from something small."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import h5py

from tchexnet.errors import PresetError
from tchexnet.presets.importers.checkpoint import Lazy

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LINKS = 20_000
_DEPTH = 16


@contextmanager
def opened(source: Path | IO[bytes]) -> Iterator[h5py.File]:
    """The file, checked: hard links only, numbers stored inside it.

    Raises:
        PresetError: it is damaged, or points outside itself.
    """
    try:
        with h5py.File(source, "r") as file:
            _check(file)
            yield file
    except (OSError, RuntimeError, KeyError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise PresetError(
            f"The HDF5 file is damaged, cut short, or not laid out as Keras does it ({error})."
        ) from error


def lazy(dataset: Any, origin: str) -> Lazy:
    """A dataset of numbers whose values are read on demand.

    Raises:
        PresetError: it is a group, is kept outside the file, or says a size that the file does not back.
    """
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise PresetError(f"{origin!r} is no dataset of this file; it is kept elsewhere.")
    size = math.prod(dataset.shape) * dataset.dtype.itemsize
    if dataset.dtype.kind not in "biuf" or dataset.id.get_storage_size() < size // 100:
        raise PresetError(f"{origin!r} says {dataset.shape} {dataset.dtype}, which the file does not hold.")
    return Lazy(origin, tuple(dataset.shape), lambda: dataset[()])


def text(value: Any) -> str:
    """An attribute's text; Keras on Python 2 wrote bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def texts(group: Any, name: str) -> list[str]:
    """A list of names in an attribute; Keras cuts a long one into `name0`, `name1`, ..."""
    if name in group.attrs:
        return [text(part) for part in group.attrs[name]]
    found: list[str] = []
    for place in range(_LINKS):
        if f"{name}{place}" not in group.attrs:
            break
        found += [text(part) for part in group.attrs[f"{name}{place}"]]
    return found


def configuration(group: Any) -> dict[str, Any] | None:
    """The model's configuration as plain data, where a whole model was saved. No class of it is looked up."""
    if "model_config" not in group.attrs:
        return None
    try:
        found = json.loads(text(group.attrs["model_config"]))
    except (json.JSONDecodeError, RecursionError) as error:
        raise PresetError(f"The model's configuration in the file is no JSON ({error}).") from error
    return found if isinstance(found, dict) else None


def _check(file: h5py.File) -> None:
    waiting: list[tuple[h5py.Group, str, int]] = [(file, "", 0)]
    count = 0
    while waiting:
        group, where, depth = waiting.pop()
        for name in group:
            count += 1
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise PresetError(f"The HDF5 file has a link at '{where}/{name}' that points elsewhere; it is refused.")
            if count > _LINKS or depth > _DEPTH:
                raise PresetError("The HDF5 file has more groups than any network; it is refused.")
            if group.get(name, getclass=True) is h5py.Group:
                waiting.append((group[name], f"{where}/{name}", depth + 1))
