"""Checkpoints written by hand, operation by operation: no torch, and whatever one likes in them."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
KINDS = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage"}


class Global(str):
    """`module name`, written as a global."""


class Call(tuple):
    """(global, arguments), written as a call."""


class Writer:
    """A pickle stream of protocol 2, from nested Python data, `Global`, `Call` and arrays (which become tensors)."""

    def __init__(self) -> None:
        self.storages: list[np.ndarray] = []

    def stream(self, value: Any) -> bytes:
        return b"\x80\x02" + self.write(value) + b"."

    def write(self, value: Any) -> bytes:
        match value:
            case None:
                return b"N"
            case bool():
                return b"\x88" if value else b"\x89"
            case int():
                raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
                return b"\x8a" + bytes([len(raw)]) + raw
            case float():
                return b"G" + struct.pack(">d", value)
            case Global():
                return b"c" + value.replace(" ", "\n").encode() + b"\n"
            case str():
                return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
            case Call():
                return self.write(value[0]) + self.write(tuple(value[1])) + b"R"
            case tuple():
                return b"(" + b"".join(map(self.write, value)) + b"t"
            case list():
                return b"]" + b"(" + b"".join(map(self.write, value)) + b"e"
            case dict():
                return b"}(" + b"".join(self.write(k) + self.write(v) for k, v in value.items()) + b"u"
            case np.ndarray():
                return self.tensor(value)
        raise TypeError(type(value))

    def storage(self, values: np.ndarray, length: int | None = None) -> bytes:
        key = str(len(self.storages))
        self.storages.append(np.asarray(values, order="C"))
        kind = Global(f"torch {KINDS[values.dtype.str[1:]]}")
        pid = ("storage", kind, key, "cpu", values.size if length is None else length)
        return self.write(pid)[:-1] + b"tQ"

    def tensor(self, values: np.ndarray, *, shape: Any = None, strides: Any = None, offset: int = 0) -> bytes:
        steps = tuple(step // values.itemsize for step in np.asarray(values, order="C").strides)
        rebuild = self.write(Global("torch._utils _rebuild_tensor_v2")) + b"(" + self.storage(values)
        rest = (
            offset,
            values.shape if shape is None else shape,
            steps if strides is None else strides,
            False,
            Call((Global("collections OrderedDict"), ())),
        )
        return rebuild + b"".join(map(self.write, rest)) + b"tR"


def zipped(path: Path, stream: bytes, storages: list[np.ndarray], compression: int = zipfile.ZIP_STORED) -> Path:
    """A zip archive as torch 1.6 and later write it."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", stream)
        for key, values in enumerate(storages):
            archive.writestr(f"archive/data/{key}", values.tobytes())
        archive.writestr("archive/version", "3\n")
    return path


def legacy(path: Path, stream: bytes, storages: list[np.ndarray]) -> Path:
    """The pickle streams that torch wrote before 1.6."""
    plain = Writer()
    parts = [plain.stream(MAGIC), plain.stream(PROTOCOL), plain.stream(SYSTEM), stream]
    parts.append(plain.stream([str(key) for key in range(len(storages))]))
    for values in storages:
        parts += [struct.pack("<q", values.size), values.tobytes()]
    path.write_bytes(b"".join(parts))
    return path


def saved(path: Path, value: Any, form: str = "zip") -> Path:
    """`torch.save(value, path)` by hand; arrays in `value` become tensors."""
    writer = Writer()
    stream = writer.stream(value)
    return (zipped if form == "zip" else legacy)(path, stream, writer.storages)
