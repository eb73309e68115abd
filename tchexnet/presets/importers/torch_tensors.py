"""torch's tensors without torch: a window of sizes and strides on a storage, checked against the storage's length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError

DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "UntypedStorage": "|u1",
    "BoolStorage": "|b1",
}
"""torch's storage classes and how NumPy calls their elements. bfloat16 is the upper half of a float32."""


@dataclass(eq=False)
class Storage:
    """A run of numbers in the file, known by its key; its bytes are given later, by the container.

    Args:
        key: how the file calls it.
        dtype: one of the values of `DTYPES`.
        length: how many elements it says it has.
        start: where this view of it begins; legacy files have views.
        root: the storage that this one is a view of, or None.
    """

    key: str
    dtype: str
    length: int
    start: int = 0
    root: Storage | None = None
    data: Any = None

    @property
    def itemsize(self) -> int:
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize

    def values(self) -> NDArray[Any]:
        """All its elements: (length,)"""
        whole = self.root or self
        if whole.data is None:
            raise PresetError(f"the numbers of storage {whole.key!r} are not in the file")
        if self.dtype == "bfloat16":
            upper = np.frombuffer(whole.data, "<u2").astype(np.uint32)
            values: NDArray[Any] = (upper << 16).view(np.float32)
        else:
            values = np.frombuffer(whole.data, self.dtype)
        return values[self.start : self.start + self.length]


@dataclass(eq=False)
class Tensor:
    """A tensor whose numbers are read when `array` is called."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> NDArray[Any]:
        """A copy of its numbers, in C order."""
        values = self.storage.values()[self.offset :]
        strides = tuple(step * values.itemsize for step in self.strides)
        return np.array(np.lib.stride_tricks.as_strided(values, self.shape, strides, writeable=False), order="C")


def rebuild(storage: Any, offset: Any, shape: Any, strides: Any) -> Tensor:
    """The tensor that `_rebuild_tensor_v2` describes.

    Raises:
        PresetError: it would reach beyond its storage, or hold more elements than it.
    """
    if not isinstance(storage, Storage):
        raise PresetError("a tensor in it has no storage")
    if not (isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides) <= 8):
        raise PresetError(f"a tensor in it has the shape {shape!r} and the strides {strides!r}")
    if any(not isinstance(number, int) or number < 0 for number in (offset, *shape, *strides)):
        raise PresetError(f"a tensor in it has the shape {shape}, the strides {strides} and the offset {offset}")
    count = math.prod(shape)
    last = offset + sum((side - 1) * step for side, step in zip(shape, strides, strict=True)) if count else offset
    if count > storage.length or (last >= storage.length if count else last > storage.length):
        raise PresetError(
            f"a tensor of shape {shape}, strides {strides}, offset {offset} reaches beyond storage {storage.key!r}, "
            f"which has {storage.length} elements"
        )
    return Tensor(storage, offset, shape, strides)
