"""Import a checkpoint: understand it, decide labels and recipe, and write a preset, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError
from tchexnet.images.recipe import ARNOWENG, IMAGENET, TORCHVISION, TORCHXRAYVISION, Recipe
from tchexnet.labels import NIH14
from tchexnet.presets import digests, placing, registry, seen, xrv_figures
from tchexnet.presets import preset as presets
from tchexnet.presets.importers import reading
from tchexnet.presets.importers.checkpoint import Checkpoint
from tchexnet.presets.preset import Preset

RECIPES = {
    "keras": IMAGENET,
    "tchexnet": IMAGENET,
    "torchvision": TORCHVISION,
    "reproduce-chexnet": TORCHVISION,
    "arnoweng": ARNOWENG,
    "torchxrayvision": TORCHXRAYVISION,
}
"""Family to the recipe that belongs to it."""
_KERAS = {"keras", "tchexnet"}


@dataclass(frozen=True)
class Imported:
    """What was found and made.

    Args:
        preset: the preset, in its place.
        layout: what kind of file it was.
        mapped: how many tensors were assigned.
        ignored: how many were left aside by rule.
        dropped: outputs that were never trained and are not part of the preset.
        identity: which public file it is, and by what that is known; or a sentence that it is none.
    """

    preset: Preset
    layout: str
    mapped: int
    ignored: int
    dropped: int
    identity: str


def import_file(
    path: Path,
    name: str,
    *,
    layout: str = "auto",
    labels: tuple[str, ...] | None = None,
    licence: str | None = None,
    allow: Collection[str] = (),
    known: registry.Known | None = None,
) -> Imported:
    """Make the preset `name` from a checkpoint. Nothing is left behind when it cannot be made.

    Args:
        path: a file, or the folder of a preset.
        layout: a family of `RECIPES`, or `auto` to take the one that the file's structure says.
        labels: the outputs in order; '' drops one. None takes those that belong to the file.
        licence: an SPDX name; None takes what is known about the file.
        allow: full names of classes that may stand in a pickle stream as inert objects.
        known: the public file that this is; None recognises it.

    Raises:
        PresetError: the file is refused, does not fit the network, or the name is taken.
    """
    placing.check_name(name)
    if layout != "auto" and layout not in RECIPES:
        raise PresetError(f"{layout!r} is no layout; use auto, {', '.join(RECIPES)}.")
    with reading.opened(path, allow) as checkpoint:
        hashes = {} if path.is_dir() else digests.identify(path)
        by = "by its address"
        if known is None:
            known, by = registry.recognise(hashes.get("sha256", ""), hashes.get("git_blob", ""), path.name)
        family = _family(checkpoint, layout)
        chosen = _labels(checkpoint, labels, known, path.name)
        weights = _kept(checkpoint.weights(), chosen)
        source = {"file": path.name, **hashes, "layout": checkpoint.layout, **(known.facts() if known else {})}
        if "" in chosen:
            source["outputs"] = [place for place, label in enumerate(chosen) if label]
        preset = Preset(
            name=name,
            architecture="tchexnet" if checkpoint.hidden else "chexnet",
            labels=tuple(label for label in chosen if label),
            recipe=_recipe(checkpoint, family, path),
            hidden=checkpoint.hidden or None,
            licence=licence or (known.licence if known else "unknown"),
            epsilon=checkpoint.epsilon,
            operating_points=_points(checkpoint, chosen, known),
            source=source,
            **_history(path),
        )
    return Imported(
        preset=_write(preset, weights),
        layout=checkpoint.layout,
        mapped=len(weights),
        ignored=len(checkpoint.ignored),
        dropped=len(chosen) - len(preset.labels),
        identity=f"{known.name}: {known.title} ({by})" if known else "no file that is known by its hash",
    )


def _family(checkpoint: Checkpoint, layout: str) -> str:
    found = checkpoint.family
    if layout == "auto":
        return found
    if (layout in _KERAS) != (found in _KERAS):
        raise PresetError(f"The file's layout is {checkpoint.layout!r}, not {layout!r}; leave --layout at auto.")
    if RECIPES[layout].channels != checkpoint.channels:
        raise PresetError(
            f"The layout {layout!r} has {RECIPES[layout].channels} channels; the file has {checkpoint.channels}."
        )
    return layout


def _history(path: Path) -> dict[str, Any]:
    """What the folder of a preset says about its making; nothing of a file."""
    if not path.is_dir():
        return {}
    old = presets.read(path)
    return {"training": old.training, "parent": old.parent, "files": old.files, "folder": path}


def _recipe(checkpoint: Checkpoint, family: str, path: Path) -> Recipe:
    if path.is_dir():
        return presets.read(path).recipe
    recipe = RECIPES[family]
    if recipe.channels != checkpoint.channels:
        raise PresetError(f"A {family} network takes {recipe.channels} channels; this one takes {checkpoint.channels}.")
    return replace(recipe, size=checkpoint.size) if checkpoint.size and recipe.resize_to is None else recipe


def _labels(
    checkpoint: Checkpoint, given: tuple[str, ...] | None, known: registry.Known | None, file: str
) -> tuple[str, ...]:
    """The outputs in order; '' is dropped."""
    count = checkpoint.outputs
    usual = {1: ("Pneumothorax",), 14: tuple(NIH14)}
    if checkpoint.channels == 1:
        usual[18] = xrv_figures.LABELS
    choices = (given, known.labels if known else None, checkpoint.labels or None, usual.get(count))
    chosen = next((choice for choice in choices if choice is not None), None)
    if chosen is None and count == 1000:
        raise PresetError(f"{file} scores 1000 ImageNet classes, not findings; a preset needs findings.")
    if chosen is None:
        raise PresetError(
            f"{file} has {count} outputs, whose names are not known; give them in order with --labels A,B,..."
        )
    if len(chosen) != count:
        raise PresetError(f"{file} has {count} outputs; {len(chosen)} labels were given: {', '.join(chosen)}.")
    named = [label for label in chosen if label]
    if not named or len(set(named)) < len(named):
        raise PresetError(f"The labels {', '.join(chosen)!r} name a finding twice, or none at all.")
    return chosen


def _kept(weights: dict[str, NDArray[np.float32]], labels: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
    """The weights without the outputs that were never trained."""
    keep = [place for place, label in enumerate(labels) if label]
    head = {f"predictions/{part}": weights[f"predictions/{part}"][..., keep] for part in ("kernel", "bias")}
    return {**weights, **head}


def _points(checkpoint: Checkpoint, labels: tuple[str, ...], known: registry.Known | None) -> dict[str, float]:
    values = checkpoint.thresholds or (known.thresholds if known else ())
    if len(values) != len(labels):
        return {}
    return {label: value for label, value in zip(labels, values, strict=True) if label and not isnan(value)}


def _write(preset: Preset, weights: dict[str, NDArray[np.float32]]) -> Preset:
    from tchexnet.presets import keras_weights

    def fill(folder: Path) -> None:
        made = replace(preset, folder=folder)
        model = keras_weights.empty(made)
        keras_weights.assign(model, weights)
        keras_weights.export(model, made, half=False)
        if seen.FILE in preset.files:
            shutil.copyfile(preset.path(seen.FILE), folder / seen.FILE)
        (folder / presets.CARD).write_text(_card(made), "utf-8")
        presets.write(made)

    return presets.read(placing.placed(preset.name, fill))


def _card(preset: Preset) -> str:
    source: dict[str, Any] = preset.source
    lines = [f"- {name.replace('_', ' ')}: {value}" for name, value in source.items()]
    return (
        f"# {preset.name}\n\nImported; its makers' numbers are theirs, and it was not evaluated here.\n\n"
        "Research use; not a medical device.\n\n## Where it comes from\n\n" + "\n".join(lines) + "\n\n"
        f"- licence: {preset.licence}\n\n## What it scores\n\n{', '.join(preset.labels)}\n"
    )
