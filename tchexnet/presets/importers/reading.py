"""From a path to a checkpoint: which kind of file it is, by its first bytes and never by its name."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from tchexnet.errors import PresetError
from tchexnet.presets import preset as presets
from tchexnet.presets.importers import hdf5, keras_layouts, torch_files, torch_layouts
from tchexnet.presets.importers.checkpoint import Checkpoint, Lazy

_KERAS_PARTS = {"config.json", "model.weights.h5"}
_ADVICE = "Give a checkpoint: torch (.pt, .pth, .pth.tar), Keras (.h5, .keras), .safetensors, or a preset's folder."


@contextmanager
def opened(path: Path, allow: Collection[str] = ()) -> Iterator[Checkpoint]:
    """The checkpoint at `path`; its tensors can be read until the block ends.

    Args:
        path: a file, or the folder of one of our presets.
        allow: full names of further classes that become inert objects.

    Raises:
        PresetError: it is no checkpoint that is known, is damaged, or asks for something that none needs.
    """
    try:
        with _opened(path, allow) as checkpoint:
            yield checkpoint
    except FileNotFoundError:
        raise PresetError(f"There is no file {path}.") from None
    except (PresetError, RecursionError, MemoryError) as error:
        text = str(error).rstrip(".") or "it asks for more memory than there is"
        raise PresetError(f"{path.name} is refused: {text}.") from error


@contextmanager
def _opened(path: Path, allow: Collection[str]) -> Iterator[Checkpoint]:
    if path.is_dir():
        preset = presets.read(path)
        yield _safetensors(preset.path(presets.WEIGHTS), preset)
        return
    start = _start(path)
    if start.startswith(hdf5.SIGNATURE):
        with hdf5.opened(path) as file:
            yield keras_layouts.understand(file)
    elif start.startswith(b"PK\x03\x04") and (parts := _keras_parts(path)):
        with hdf5.opened(io.BytesIO(parts["model.weights.h5"])) as file:
            yield keras_layouts.understand(file, json.loads(parts["config.json"]))
    elif start.startswith((b"PK\x03\x04", b"\x80")):
        yield torch_layouts.understand(torch_files.read(path, allow))
    elif start[8:9] == b"{" and struct.unpack("<Q", start[:8])[0] < path.stat().st_size:
        yield _safetensors(path, None)
    else:
        raise PresetError(_what_it_is(start))


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def _what_it_is(start: bytes) -> str:
    """Why a file is no checkpoint, from its first bytes."""
    lowered = start.lstrip().lower()
    if not start:
        return f"it is empty. {_ADVICE}"
    if lowered.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return (
            "it is a web page, not a checkpoint: the download asked for a login or a confirmation. Get the file itself"
        )
    if lowered.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, not the file it points to. Run `git lfs pull` where it came from"
    return f"its first bytes are those of no checkpoint ({start[:8]!r}). {_ADVICE}"


def _keras_parts(path: Path) -> dict[str, bytes]:
    """The two files of a `.keras` archive, or nothing where it is another archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            if not set(archive.namelist()) >= _KERAS_PARTS:
                return {}
            entries = [archive.getinfo(name) for name in _KERAS_PARTS]
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise PresetError("its entries are compressed; Keras stores them as they are")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, struct.error) as error:
        raise PresetError(f"the archive is damaged or cut short ({error})") from error


def _safetensors(path: Path, preset: presets.Preset | None) -> Checkpoint:
    try:
        file: Any = safe_open(path, "numpy")
        tensors = {name: _lazy(file, name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, TypeError) as error:
        raise PresetError(f"the safetensors file is damaged ({error})") from error
    if any(name.endswith("features.conv0.weight") for name in tensors):
        return torch_layouts.from_state(tensors, "safetensors")
    labels, epsilon = (preset.labels, preset.epsilon) if preset else ((), presets.EPSILON)
    size = preset.recipe.size if preset else None
    return Checkpoint("tchexnet's own safetensors", tensors, (), epsilon, (), labels, size, "tchexnet")


def _lazy(file: Any, name: str) -> Lazy:
    return Lazy(name, tuple(file.get_slice(name).get_shape()), lambda: file.get_tensor(name))
