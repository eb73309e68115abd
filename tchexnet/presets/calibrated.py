"""What a preset knows about its scores: calibration.json, with a curve and perhaps a threshold for each label.

{"labels": {"Edema": {"method": "platt", "slope": 1.1, ..., "threshold": 0.08, "point": "sensitivity=0.9"}},
 "made": {"scores": {...}, "labels": {...}, "patients": 120}}
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tchexnet.errors import PresetError
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.presets import placing, store
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset

FILE = "calibration.json"


def read(preset: Preset) -> dict[str, Calibrated]:
    """Label to its curve and threshold; empty where the preset was not calibrated.

    Raises:
        PresetError: the file is damaged, or names a label that the preset does not have.
    """
    if FILE not in preset.files:
        return {}
    path = preset.path(FILE)
    try:
        found = {
            label: Calibrated.from_dict(fields) for label, fields in json.loads(path.read_text())["labels"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PresetError(f"{path} is no calibration ({error}); run tchexnet calibrate again.") from error
    if strange := [label for label in found if label not in preset.labels]:
        raise PresetError(f"{path} calibrates {strange[0]!r}, which the preset {preset.name!r} does not score.")
    return {label: found[label] for label in preset.labels if label in found}


def store_with(preset: Preset, calibrated: Mapping[str, Calibrated], made: Mapping[str, Any]) -> Preset:
    """Store curves and thresholds with a preset, in place of any that it has; returns the preset that has them.

    A preset that ships with tchexnet, or whose folder cannot be written, stays as it is: the calibration goes into a
    copy of the same name in the user's folder, which is found first. `tchexnet presets remove` takes the copy away.

    Raises:
        PresetError: a file of the preset is damaged.
    """
    for name in preset.files:
        if name != FILE:
            preset.path(name)
    labels = {label: calibrated[label].to_dict() for label in preset.labels if label in calibrated}
    text = json.dumps({"labels": labels, "made": dict(made)}, indent=2, ensure_ascii=False) + "\n"
    if not is_own(preset):
        copy = store.home() / "presets" / preset.name
        if copy.exists():
            raise PresetError(
                f"{preset.folder} stays as it is, and {copy} holds a copy already; give the preset as "
                f"{preset.name!r} to calibrate that."
            )
        return presets.read(placing.placed(preset.name, partial(_copied, preset, text)))
    part = preset.folder / f".{FILE}.part"
    part.write_text(text, "utf-8")
    part.replace(preset.folder / FILE)
    return presets.write(preset)


def is_own(preset: Preset) -> bool:
    """Whether the preset's folder may be changed: it does not ship with the package, and can be written."""
    shipped = [folder.resolve() for folder in store.folders()[1:]]
    return preset.folder.resolve().parent not in shipped and os.access(preset.folder, os.W_OK)


def _copied(preset: Preset, text: str, folder: Path) -> None:
    for name in preset.files:
        shutil.copyfile(preset.folder / name, folder / name)
    shutil.copyfile(preset.folder / presets.DESCRIPTION, folder / presets.DESCRIPTION)
    (folder / FILE).write_text(text, "utf-8")
    presets.write(presets.read(folder))
