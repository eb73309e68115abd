"""From a finished run to a preset folder: weights for every engine, the configuration, and the log."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from tchexnet.datasets.records import Records
from tchexnet.presets import keras_weights
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset
from tchexnet.training.config import Config


def write_preset(
    model: keras.Model, config: Config, train: Records, valid: Records, run: Path, parent: Preset | None, licence: str
) -> Preset:
    """Write `run/preset`: the trained network, described so that a stranger could say what made it.

    Args:
        model: the network with its best weights; its kernels are rounded to float16 in place.
        parent: the preset that the run started from.
    """
    log = pd.read_csv(run / "log.csv")
    preset = Preset(
        name=config.name,
        architecture=config.architecture,
        hidden=512 if config.architecture == "tchexnet" else None,
        labels=config.labels,
        recipe=config.recipe,
        licence=licence,
        parent=parent.name if parent else None,
        training={
            "config": config.to_dict(),
            "train": _part(train),
            "valid": _part(valid),
            "valid_auc": float(log["valid_auc"][log["stage"] == config.stages[-1].name].max()),
            "seconds": float(log["seconds"].iloc[-1]),
            "machine": f"{platform.machine()}, {_cores()} cores",
            "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "openvino")},
        },
        folder=run / "preset",
    )
    keras_weights.export(model, preset)
    log.to_csv(preset.folder / "log.csv", index=False)
    (preset.folder / presets.CARD).write_text(_plain_card(preset))
    return presets.write(preset)


def _part(records: Records) -> dict[str, Any]:
    names = "\n".join(sorted(records.names)).encode()
    patients = len(set(records.patients))
    return {"images": len(records), "patients": patients, "list_sha256": hashlib.sha256(names).hexdigest()}


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _plain_card(preset: Preset) -> str:
    training = json.dumps({key: training for key, training in preset.training.items() if key != "config"}, indent=2)
    return (
        f"# {preset.name}\n\nTrained by `tchexnet train`; not evaluated on a test set yet.\n\n"
        f"```json\n{training}\n```\n\nResearch use; not a medical device.\n"
    )
