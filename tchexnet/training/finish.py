"""From a finished run to a preset folder: weights for every engine, the configuration, the log, validation scores."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from tchexnet.datasets.canvases import canvases
from tchexnet.datasets.records import Records
from tchexnet.evaluation.summary import summarise
from tchexnet.presets import contamination, keras_weights, seen
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset
from tchexnet.runtime.cores import cores
from tchexnet.training import resume, sources, start
from tchexnet.training.config import Config
from tchexnet.training.start import Origin
from tchexnet.training.trainer import CACHE

ROUNDS = 1000
"""Of the bootstrap behind the intervals in `aucs.csv`."""


def write_preset(
    model: keras.Model, config: Config, train: Records, valid: Records, run: Path, parent: Origin | None, licence: str
) -> Preset:
    """Write `run/preset`: the trained network, described so that a stranger could say what made it.

    Args:
        model: the network with its best weights; its kernels are rounded to float16 in place.
        parent: the preset or backbone that the run started from.
    """
    log = pd.read_csv(run / "log.csv")
    preset = Preset(
        name=config.name,
        architecture=config.architecture,
        hidden=512 if config.architecture == "tchexnet" else None,
        labels=config.labels,
        recipe=config.recipe,
        licence=licence,
        epsilon=config.epsilon,
        parent=parent.name if parent else None,
        training={
            "config": config.to_dict(),
            "train": _part(train),
            "valid": _part(valid),
            "start": start.facts(parent),
            "valid_auc": float(log["valid_auc"][log["stage"].isin(_kept_stages(config))].max()),
            "seconds": float(log["seconds"].iloc[-1]),
            "machine": f"{platform.machine()}, {cores()} cores",
            "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "openvino")},
        },
        folder=run / "preset",
    )
    with resume.writing(run):
        keras_weights.export(model, preset)
        log.to_csv(preset.folder / "log.csv", index=False)
        seen.write(preset.folder, seen.rows({"train": train.images, "valid": valid.images}, _seen_before(parent)))
        _write_scores(model, config, valid, run, preset.folder)
        (preset.folder / presets.CARD).write_text(_plain_card(preset))
        return presets.write(preset)


def _write_scores(model: keras.Model, config: Config, valid: Records, run: Path, folder: Path) -> None:
    """`preds.csv` and `aucs.csv` of the validation images, one view each, in the run and in its preset."""
    recipe = replace(config.recipe, views="one")
    pixels = canvases(valid, recipe, run / CACHE)
    scores = sources.predict(model, recipe, pixels)
    preds = pd.DataFrame(scores, columns=list(config.labels))
    preds.insert(0, "image", valid.names)
    rows = summarise(valid.y, scores, config.labels, valid.patients, rounds=ROUNDS).rows
    aucs = pd.DataFrame([asdict(row) for row in rows])
    for place in (run, folder):
        preds.to_csv(place / "preds.csv", index=False)
        aucs.to_csv(place / "aucs.csv", index=False)


def _kept_stages(config: Config) -> list[str]:
    """The last stages, as far back as the input size is the last one's: the best weights are chosen among them."""
    sizes = [stage.size or config.recipe.size for stage in config.stages]
    other = [position for position, size in enumerate(sizes) if size != sizes[-1]]
    return [stage.name for stage in config.stages[max(other, default=-1) + 1 :]]


def _part(records: Records) -> dict[str, Any]:
    patients = len(set(records.patients))
    return {
        "images": len(records),
        "patients": patients,
        "list_sha256": contamination.list_sha256(records.images),
        "prevalence": records.prevalence(),
    }


def _seen_before(parent: Origin | None) -> list[seen.Row]:
    """What the run's start has seen, where that is recorded."""
    if not isinstance(parent, Preset) or seen.FILE not in parent.files:
        return []
    return seen.read(parent.path(seen.FILE))


def _plain_card(preset: Preset) -> str:
    training = json.dumps({key: training for key, training in preset.training.items() if key != "config"}, indent=2)
    return (
        f"# {preset.name}\n\nTrained by `tchexnet train`; not evaluated on a test set yet: `aucs.csv` and "
        f"`preds.csv` are of the validation patients, by whom the epoch was chosen.\n\n```json\n{training}\n```\n\n"
        "Research use; not a medical device.\n"
    )
