"""The folder of a new preset: a name that is free, and files that are there whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tchexnet.errors import PresetError
from tchexnet.presets import store

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: str) -> None:
    """Refuse a name that is no folder's name, or is taken."""
    if not _NAME.fullmatch(name):
        raise PresetError(f"{name!r} is no name for a preset; use letters, digits, dots, dashes and underscores.")
    if name in store.names():
        raise PresetError(f"There is a preset {name!r} already; take another name, or remove it first.")


def placed(name: str, fill: Callable[[Path], None]) -> Path:
    """The folder of the preset `name`, filled elsewhere first and then renamed: it is there whole, or not at all."""
    target = store.home() / "presets" / name
    with _workshop(target.parent, name) as folder:
        fill(folder)
        folder.rename(target)
    return target


@contextmanager
def _workshop(parent: Path, name: str) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
