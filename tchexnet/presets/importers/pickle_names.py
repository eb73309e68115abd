"""What a global of a pickle stream may become: a rebuilt tensor, a plain container, a NumPy scalar, or an inert object.

A name is a string here and stays one: nothing is looked up in `sys.modules`, and nothing is imported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tchexnet.errors import PresetError
from tchexnet.presets.importers import torch_tensors

INERT = ("torch.", "torchvision.", "torchxrayvision.")
"""Classes and functions under these packages become inert objects."""

COPIES = 4 * 2**20
"""Bytes, or members, that rebuilding may copy, over a whole stream."""

_DTYPE = re.compile(r"[<>|=]?[biuf]\d{1,2}")


@dataclass(frozen=True)
class Name:
    """A global, by its name only."""

    full: str


@dataclass(eq=False)
class Inert:
    """What stands for an object of a class that is not imported: its class's name and what was said about it."""

    name: str
    arguments: tuple[Any, ...] = ()
    state: dict[Any, Any] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)
    items: dict[Any, Any] = field(default_factory=dict)


@dataclass
class _Kind:
    """A NumPy dtype on its way: `text` as in `f8`, and the byte order that its state brings."""

    text: str

    @property
    def dtype(self) -> np.dtype[Any]:
        if not _DTYPE.fullmatch(self.text):
            raise PresetError(f"it holds NumPy values of the type {self.text!r}; only numbers are read")
        return np.dtype(self.text)


@dataclass(eq=False)
class Array:
    """A NumPy array on its way; `values` is there once its state was read."""

    values: Any = None


class Names:
    """Decides about globals.

    Args:
        allow: further full names, such as `fastai.Learner`, that become inert objects.
    """

    def __init__(self, allow: Collection[str] = ()) -> None:
        self.allow = frozenset(allow)
        self.budget = COPIES

    def find(self, module: str, name: str) -> Name:
        """The global as a name.

        Raises:
            PresetError: it is neither rebuilt nor under a package whose classes become inert.
        """
        full = f"{module}.{name}"
        if full in _REBUILT or full.startswith(INERT) or full in self.allow:
            return Name(full)
        raise PresetError(
            f"it asks for {full!r}, which no checkpoint needs; nothing was run. "
            f"If you trust its name, --allow-class {full} reads it as an inert object, still without importing it"
        )

    def call(self, name: Name, arguments: tuple[Any, ...]) -> Any:
        """What a global called with `arguments` becomes."""
        rebuild = _REBUILT.get(name.full)
        if name.full in ("torch._tensor._rebuild_from_type_v2", "torch._utils._rebuild_from_type_v2"):
            made, _, inner = arguments[:3]
            return self.call(made, inner) if isinstance(made, Name) else Inert(name.full, arguments)
        return rebuild(self, *arguments) if rebuild else Inert(name.full, arguments)

    def build(self, target: Any, state: Any) -> None:
        """Give an object the state that the stream has for it."""
        if isinstance(target, Inert):
            target.state = state if isinstance(state, dict) else {"state": state}
        elif isinstance(target, Array):
            target.values = _array(state)
        elif isinstance(target, _Kind):
            target.text = _ordered(target.text, state)
        elif not isinstance(target, dict | torch_tensors.Tensor):
            raise PresetError(f"its pickle stream gives a {type(target).__name__} a state")

    def spend(self, amount: int) -> None:
        """Take `amount` from the budget for copies."""
        self.budget -= amount
        if self.budget < 0:
            raise PresetError("rebuilding it would copy more than 4 MiB of small objects")


def _mapping(names: Names, pairs: Any = ()) -> dict[Any, Any]:
    from tchexnet.presets.importers.pickle_machine import key

    names.spend(len(pairs))
    return {key(name): value for name, value in (pairs.items() if isinstance(pairs, dict) else pairs)}


def _members(names: Names, items: Any = ()) -> set[Any]:
    from tchexnet.presets.importers.pickle_machine import key

    names.spend(len(items))
    return {key(item) for item in items}


def _bytes(names: Names, text: str, encoding: str = "latin1") -> bytes:
    """Python 3 writes bytes into a protocol-2 stream as text and the name of an encoding."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise PresetError(f"it encodes text as {encoding!r}; only latin1 is read")
    names.spend(len(text))
    return text.encode("latin1")


def _kind(_: Names, text: str, *__: Any) -> _Kind:
    return _Kind(str(text))


def _ordered(text: str, state: Any) -> str:
    order = state[1]
    if isinstance(order, bytes):
        order = order.decode("latin1")
    return text if order in ("|", "=") or not isinstance(order, str) else order + text.lstrip("<>|=")


def _scalar(_: Names, kind: _Kind, data: Any = b"") -> Any:
    raw = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(kind, _Kind) or not isinstance(raw, bytes) or len(raw) != kind.dtype.itemsize:
        raise PresetError("a NumPy scalar in it does not have the length of its type")
    return np.frombuffer(raw, kind.dtype)[0].item()


def _array(state: Any) -> Any:
    _, shape, kind, fortran, data = state
    raw = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(kind, _Kind) or not isinstance(raw, bytes):
        raise PresetError("a NumPy array in it holds something else than numbers")
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise PresetError(f"a NumPy array in it has the shape {shape}")
    if math.prod(shape) * kind.dtype.itemsize != len(raw):
        raise PresetError(f"a NumPy array in it says {shape} and brings {len(raw)} bytes")
    return np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if fortran else "C")


_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")
_REBUILT: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _mapping,
    "_codecs.encode": _bytes,
    "numpy.dtype": _kind,
    "numpy.ndarray": lambda *_: Array(),
    **{f"{module}.set": _members for module in ("builtins", "__builtin__")},
    **{f"{module}.frozenset": _members for module in ("builtins", "__builtin__")},
    **{f"{module}.scalar": _scalar for module in _NUMPY},
    **{f"{module}._reconstruct": lambda *_: Array() for module in _NUMPY},
    "torch._utils._rebuild_tensor": lambda _, *given: torch_tensors.rebuild(*given[:4]),
    "torch._utils._rebuild_tensor_v2": lambda _, *given: torch_tensors.rebuild(*given[:4]),
    "torch._utils._rebuild_parameter": lambda _, data, *__: data,
    "torch._utils._rebuild_parameter_with_state": lambda _, data, *__: data,
    "torch.nn.parameter.Parameter": lambda _, data=None, *__: data,
}
