"""Contamination: what to say when a preset is evaluated on radiographs that it may have learned from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from tchexnet.presets import seen
from tchexnet.presets.preset import Preset
from tchexnet.presets.registry import IMAGENET
from tchexnet.presets.seen import Row

DATASETS = {
    "NIH ChestX-ray14": (r"\d{8}_\d{3}\.\w+", ("NIH", "RSNA", "Google")),
    "CheXpert": (r"patient\d+/study\d+/view\d+_(frontal|lateral)\.\w+", ("CheXpert",)),
    "MIMIC-CXR": (r"(s\d{8}/)?[0-9a-f]{8}(-[0-9a-f]{8}){4}\.\w+", ("MIMIC",)),
    "PadChest": (r"\d{30,}_\d\d-\d{3}-\d{3}\.\w+", ("PadChest",)),
}
"""Data set to what its paths end with, and the words that name it, or a set made of its images, in `trained_on`."""

_SAID = {
    seen.TRAIN: "{name!r} was trained on {n:,} of the {all:,} images: its figures on them say nothing about new ones.",
    seen.PARENT: "{parent!r}, which {name!r} started from, was trained on {n:,} of the {all:,} images.",
    seen.VALID: "{n:,} of the {all:,} images are among those by which the epoch of {name!r} was chosen.",
}


def warnings(preset: Preset, names: Sequence[str]) -> tuple[str, ...]:
    """Sentences on what `preset` has seen of the images that it is evaluated on; none where nothing is in common.

    Args:
        names: the images' paths, as long as they are known: CheXpert's files all have the same few names.

    Raises:
        PresetError: the preset's list is damaged.
    """
    rows = seen.read(preset.path(seen.FILE)) if seen.FILE in preset.files else None
    return judged(preset, rows, names)


def judged(preset: Preset, rows: list[Row] | None, names: Sequence[str]) -> tuple[str, ...]:
    """The same, of the rows of the preset's seen.csv; None where it has none."""
    if not names:
        return ()
    if rows is None:
        return _by_list(preset, names) or _by_statement(repr(preset.name), _statement(preset), names)
    found = _overlaps(preset, rows, names)
    if preset.parent in (None, IMAGENET.name) or any(row.part == seen.PARENT for row in rows) or _as_itself(preset):
        return found
    who = f"{preset.parent!r}, the start of {preset.name!r},"
    return found + _by_statement(who, preset.training.get("start", {}).get("trained_on"), names)


def _as_itself(preset: Preset) -> bool:
    """Whether the start was trained on the very images that the preset was."""
    first = preset.training.get("start", {}).get("list_sha256")
    return first is not None and first == preset.training.get(seen.TRAIN, {}).get("list_sha256")


def _overlaps(preset: Preset, rows: list[Row], names: Sequence[str]) -> tuple[str, ...]:
    """Exact counts; an image counts once, at the gravest of its parts."""
    tails = sorted({row.tail for row in rows})
    hashes = {(tail, seen.digest(name, tail)): name for tail in tails for name in names}
    counted: set[str] = set()
    said = []
    for part, sentence in _SAID.items():
        hit = {hashes[row[1:]] for row in rows if row.part == part and row[1:] in hashes} - counted
        counted |= hit
        if hit:
            said.append(sentence.format(n=len(hit), all=len(names), name=preset.name, parent=preset.parent))
    short = [name for name in names if tails and seen.length(name) < tails[-1] and name not in counted]
    if short and dataset_of(short) is None:
        said.append(
            f"{len(short):,} of the {len(names):,} names are too short to be found in the list of {preset.name!r}, "
            f"which takes {tails[-1]} parts of a path."
        )
    return tuple(said)


def _by_list(preset: Preset, names: Sequence[str]) -> tuple[str, ...]:
    """Where only the hashes of whole lists are known: is this one of them?"""
    ours = list_sha256(names)
    for part, what in ((seen.TRAIN, "was trained on"), (seen.VALID, "had its epoch chosen by")):
        if preset.training.get(part, {}).get("list_sha256") == ours:
            return (f"These are exactly the images that {preset.name!r} {what}.",)
    return ()


def list_sha256(names: Sequence[str]) -> str:
    """What identifies a list of images: SHA-256 of their sorted file names, one a line."""
    files = sorted(PurePosixPath(name.replace("\\", "/")).name for name in names)
    return hashlib.sha256("\n".join(files).encode()).hexdigest()


def _statement(preset: Preset) -> str | None:
    said = preset.source.get("trained_on") or preset.training.get("data")
    return str(said) if said else None


def _by_statement(who: str, trained_on: str | None, names: Sequence[str]) -> tuple[str, ...]:
    if trained_on is None:
        return (f"What {who} was trained on is not known; it may have been these images.",)
    dataset = dataset_of(names)
    if dataset is None or not any(word in trained_on for word in DATASETS[dataset][1]):
        return ()
    return (
        f"{who} was trained on {trained_on}. Which images is not recorded; some of these {len(names):,} of {dataset} "
        "may be among them.",
    )


def dataset_of(names: Sequence[str]) -> str | None:
    """The public data set whose naming most of these paths follow."""
    for dataset, (ending, _) in DATASETS.items():
        pattern = re.compile(f"(^|/){ending}$")
        if 2 * sum(bool(pattern.search(name.replace("\\", "/"))) for name in names) > len(names):
            return dataset
    return None
