"""Where presets are: shipped with the package, or installed by the user."""

from __future__ import annotations

import difflib
import os
import shutil
from pathlib import Path

import platformdirs

from tchexnet.errors import PresetError
from tchexnet.presets.preset import DESCRIPTION

_PACKAGE = Path(__file__).parents[1]


def home() -> Path:
    """The folder of installed presets: `TCHEXNET_HOME`, or the platform's data folder."""
    chosen = os.environ.get("TCHEXNET_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("tchexnet"))


def folders() -> list[Path]:
    """The folders that hold presets, in the order of search: the user's, a wheel's, a checkout's."""
    return [home() / "presets", _PACKAGE / "_weights", _PACKAGE.parent / "weights"]


def names() -> list[str]:
    """The names of every preset that can be loaded, sorted."""
    found = {
        path.parent.name
        for folder in folders()
        for path in folder.glob(f"*/{DESCRIPTION}")
        if not path.parent.name.startswith(".")
    }
    return sorted(found)


def find(name: str | Path) -> Path:
    """The folder of a preset, by name or by path.

    Raises:
        PresetError: there is none; the message suggests the nearest name.
    """
    if isinstance(name, str) and os.sep not in name:
        for folder in folders():
            if (folder / name / DESCRIPTION).is_file():
                return folder / name
    if (Path(name) / DESCRIPTION).is_file():
        return Path(name)
    near = difflib.get_close_matches(str(name), names(), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names()) or 'none'}."
    raise PresetError(f"There is no preset {str(name)!r}. {hint}")


def remove(name: str) -> Path:
    """Delete an installed preset; returns the folder that is gone.

    Raises:
        PresetError: there is none of that name in the user's folder.
    """
    folder = home() / "presets" / name
    if os.sep in name or name.startswith(".") or not (folder / DESCRIPTION).is_file():
        find(name)
        raise PresetError(
            f"The preset {name!r} was not installed by you; only those in {home() / 'presets'} are removed."
        )
    shutil.rmtree(folder)
    return folder
