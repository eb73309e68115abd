"""`torch.save` files without torch: the zip archive of torch 1.6 and later, and the pickle streams before.

Source: the reading half of torch/serialization.py describes both; nothing of it is needed here.
"""

from __future__ import annotations

import io
import mmap
import struct
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, cast

from tchexnet.errors import PresetError
from tchexnet.presets.importers.pickle_machine import Machine
from tchexnet.presets.importers.pickle_names import Name, Names
from tchexnet.presets.importers.torch_tensors import DTYPES, Storage

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
STREAM = 64 * 2**20
"""The longest pickle stream of a zip archive, in bytes."""


class Storages:
    """The storages that a stream names; each is made once, and its bytes are given to it afterwards."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.known: dict[str, Storage] = {}

    def load(self, identity: Any) -> Any:
        """What a persistent id stands for: a storage, or a class with its source text, of which the name stays.

        Raises:
            PresetError: it is neither, or the storage would be longer than the file.
        """
        match identity:
            case ("module", Name() as name, *_):
                return name
            case ("storage", Name(full=kind), str() | int() as name, _, int() as length, *rest) if length >= 0:
                storage = self._storage(str(name), kind, length)
                return self._view(storage, rest[0]) if rest and rest[0] is not None else storage
        raise PresetError("its pickle stream names something outside itself that is no storage")

    def _storage(self, name: str, kind: str, length: int) -> Storage:
        dtype = DTYPES.get(kind.rpartition(".")[2])
        if dtype is None or not kind.startswith("torch."):
            raise PresetError(f"storage {name!r} is of the kind {kind!r}, which is not read")
        storage = self.known.setdefault(name, Storage(name, dtype, length))
        if (storage.dtype, storage.length) != (dtype, length):
            raise PresetError(f"storage {name!r} is described in two ways")
        if storage.itemsize * length > self.size:
            raise PresetError(f"storage {name!r} says {length:,} elements, more than the file holds")
        return storage

    def _view(self, storage: Storage, view: Any) -> Storage:
        match view:
            case (_, int() as start, int() as length) if start >= 0 and 0 <= length <= storage.length - start:
                return Storage(storage.key, storage.dtype, length, start, storage)
        raise PresetError(f"a view of storage {storage.key!r} reaches beyond it")


def read(path: Path, allow: Collection[str] = ()) -> Any:
    """The object of a `torch.save` file: plain containers, `Inert` objects, and `Tensor` windows that read on demand.

    Raises:
        PresetError: the file is damaged, or asks for something that a checkpoint does not need.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        if not size:
            raise PresetError("it is empty")
        if start == b"PK\x03\x04":
            return _read_zip(path, Names(allow))
        return _read_legacy(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), Names(allow))


def _read_zip(path: Path, names: Names) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            folder = _checked(archive, path.stat().st_size)
            storages = Storages(path.stat().st_size)
            stream = io.BytesIO(archive.read(f"{folder}data.pkl"))
            found = Machine(names, storages.load).run(stream)
            for key, storage in storages.known.items():
                storage.data = _member(archive, f"{folder}data/{key}", storage)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, struct.error) as error:
        raise PresetError(f"the archive is damaged or cut short ({error})") from error
    return found


def _checked(archive: zipfile.ZipFile, size: int) -> str:
    """The archive's one folder, with its slash, once every entry is stored as it is and fits into the file."""
    entries = archive.infolist()
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size or entry.flag_bits & 1:
            raise PresetError(f"entry {entry.filename!r} is compressed or encrypted; torch stores entries as they are")
    if sum(entry.file_size for entry in entries) > size or len({entry.filename for entry in entries}) < len(entries):
        raise PresetError("its entries overlap or repeat")
    streams = [entry for entry in entries if entry.filename.count("/") == 1 and entry.filename.endswith("/data.pkl")]
    if len(streams) != 1 or streams[0].file_size > STREAM:
        raise PresetError("it is a zip archive, but not one that torch.save wrote: it has no data.pkl")
    folder = streams[0].filename.removesuffix("data.pkl")
    if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") != b"little":
        raise PresetError("its numbers are big-endian; save it again on a little-endian machine")
    return folder


def _member(archive: zipfile.ZipFile, name: str, storage: Storage) -> bytes:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise PresetError(f"the numbers of storage {storage.key!r} are missing") from None
    if entry.file_size != storage.length * storage.itemsize:
        raise PresetError(
            f"storage {storage.key!r} says {storage.length:,} elements and brings {entry.file_size:,} bytes"
        )
    return archive.read(entry)


def _read_legacy(memory: mmap.mmap, names: Names) -> Any:
    stream = cast(BinaryIO, memory)
    storages = Storages(len(memory))

    def plain() -> Any:
        return Machine(names, storages.load).run(stream)

    if memory[:1] != b"\x80" or plain() != MAGIC:
        raise PresetError("it is no file that torch.save wrote")
    if plain() != PROTOCOL:
        raise PresetError("it has a version of torch's legacy format that is not known")
    system = plain()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise PresetError("its numbers are not said to be little-endian")
    found = plain()
    for key in _keys(plain(), storages):
        _fill(memory, storages.known[key])
    return found


def _keys(listed: Any, storages: Storages) -> list[str]:
    if not isinstance(listed, list) or sorted(map(str, listed)) != sorted(storages.known):
        raise PresetError("the list of its storages does not agree with its tensors")
    return [str(key) for key in listed]


def _fill(memory: mmap.mmap, storage: Storage) -> None:
    """Legacy files hold, for each storage in the order of the list, a 64-bit element count and the elements."""
    header, size = memory.read(8), storage.length * storage.itemsize
    if len(header) < 8 or struct.unpack("<q", header)[0] != storage.length:
        raise PresetError(
            f"the file ends, or does not say {storage.length:,}, where storage {storage.key!r} should begin"
        )
    if memory.tell() + size > len(memory):
        raise PresetError(f"the file ends inside storage {storage.key!r}")
    storage.data = memory.read(size)
