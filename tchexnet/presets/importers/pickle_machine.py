"""A pickle stream is a program. This machine runs it on plain data only: no import, no call into Python.

`pickletools.genops` decodes the operations; `Names` decides what a global may become. Everything that a stream can ask
for costs something from one budget, so that a short file cannot fill the memory.
Source: the opcode table of CPython's pickletools.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from tchexnet.errors import PresetError
from tchexnet.presets.importers.pickle_names import Inert, Name, Names

OPERATIONS = 500_000
"""A whole DenseNet-121 with its optimizer needs about 60,000."""

_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES "
    "SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8".split()
)
_NEW: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
    "EMPTY_TUPLE": tuple,
}
_NOTHING = frozenset({"PROTO", "FRAME"})
_DAMAGED = (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error)


class Machine:
    """Runs one pickle stream.

    Args:
        names: what globals become.
        persistent: what a persistent id becomes; torch keeps its storages behind them.
    """

    def __init__(self, names: Names, persistent: Callable[[Any], Any]) -> None:
        self.names, self.persistent = names, persistent
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, stream: BinaryIO) -> Any:
        """The object that the stream describes; `stream` is left just behind it.

        Raises:
            PresetError: the stream is damaged, too large, or names a global that is not allowed.
        """
        try:
            for count, (operation, argument, _) in enumerate(pickletools.genops(stream)):
                if count > OPERATIONS:
                    raise PresetError(f"its pickle stream has more than {OPERATIONS:,} operations")
                if operation.name == "STOP":
                    return self.stack.pop()
                self._step(operation.name, argument)
        except _DAMAGED as error:
            if isinstance(error, PresetError):
                raise
            raise PresetError(f"its pickle stream is damaged or cut short ({error})") from error
        raise PresetError("its pickle stream has no end")

    def _step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _NEW:
            self.stack.append(_NEW[name]())
        elif name not in _NOTHING:
            act = getattr(self, f"_{name.lower()}", None)
            if act is None:
                raise PresetError(f"its pickle stream uses {name}, which no checkpoint needs")
            act(argument)

    def _marked(self) -> list[Any]:
        """What lies above the last mark; the stack below it is the stack again."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def _mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def _pop(self, _: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._marked()

    def _pop_mark(self, _: Any) -> None:
        self._marked()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _put(self, index: int) -> None:
        self.memo[int(index)] = self.stack[-1]

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _get(self, index: int) -> None:
        self.stack.append(self.memo[int(index)])

    _binget = _long_binget = _get

    def _tuple(self, _: Any) -> None:
        items = self._marked()
        self.stack.append(tuple(items))

    def _short_tuple(self, length: int) -> None:
        if len(self.stack) < length:
            raise IndexError("a tuple of more than there is")
        self.stack[-length:] = [tuple(self.stack[-length:])]

    def _tuple1(self, _: Any) -> None:
        self._short_tuple(1)

    def _tuple2(self, _: Any) -> None:
        self._short_tuple(2)

    def _tuple3(self, _: Any) -> None:
        self._short_tuple(3)

    def _list(self, _: Any) -> None:
        items = self._marked()
        self.stack.append(items)

    def _dict(self, _: Any) -> None:
        items = self._marked()
        self.stack.append({})
        self._fill(items)

    def _frozenset(self, _: Any) -> None:
        items = self._marked()
        self.stack.append({key(item) for item in items})

    def _append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._marked())

    def _extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        (target.elements if isinstance(target, Inert) else _only(target, list)).extend(items)

    def _setitem(self, _: Any) -> None:
        value = self.stack.pop()
        self._fill([self.stack.pop(), value])

    def _setitems(self, _: Any) -> None:
        self._fill(self._marked())

    def _fill(self, items: list[Any]) -> None:
        target = self.stack[-1]
        entries = target.items if isinstance(target, Inert) else _only(target, dict)
        for i in range(0, len(items), 2):
            entries[key(items[i])] = items[i + 1]

    def _additems(self, _: Any) -> None:
        items = self._marked()
        _only(self.stack[-1], set).update(key(item) for item in items)

    def _global(self, both: str) -> None:
        self.stack.append(self.names.find(*both.split(" ", 1)))

    def _stack_global(self, _: Any) -> None:
        name = self.stack.pop()
        self.stack.append(self.names.find(_only(self.stack.pop(), str), _only(name, str)))

    def _reduce(self, _: Any) -> None:
        arguments = _only(self.stack.pop(), tuple)
        self.stack.append(self.names.call(_only(self.stack.pop(), Name), arguments))

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        self.stack.pop()
        self._reduce(None)

    def _inst(self, both: str) -> None:
        arguments = tuple(self._marked())
        self.stack.append(self.names.call(self.names.find(*both.split(" ", 1)), arguments))

    def _obj(self, _: Any) -> None:
        made, *arguments = self._marked()
        self.stack.append(self.names.call(_only(made, Name), tuple(arguments)))

    def _build(self, _: Any) -> None:
        state = self.stack.pop()
        self.names.build(self.stack[-1], state)

    def _binpersid(self, _: Any) -> None:
        self.stack.append(self.persistent(self.stack.pop()))


def key(value: Any) -> Any:
    """`value`, if it may be a key or a member of a set: a plain scalar, or a flat tuple of such."""
    scalar = (str, bytes, int, float, type(None))
    if isinstance(value, Name):
        return value.full
    if isinstance(value, scalar) or (isinstance(value, tuple) and all(isinstance(part, scalar) for part in value)):
        return value
    raise PresetError(f"its pickle stream uses a {type(value).__name__} as a key")


def _only(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise PresetError(f"its pickle stream treats a {type(value).__name__} as a {kind.__name__}")
    return value
