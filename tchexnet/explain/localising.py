"""Hold a classifier's maps against readers' boxes, beside two controls that do not look at the image.

The random map is uniform noise on the same grid. The mean map is the average map of the same finding over the images of
other patients: what the network does on any radiograph. A map that beats neither says nothing about where a finding is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tchexnet.datasets.boxes import Box
from tchexnet.evaluation import localization
from tchexnet.evaluation.localization import Found
from tchexnet.explain.cam import Floats
from tchexnet.explain.explanation import Explanation

ROUNDS = 50
"""Random maps drawn for each box."""

ALL = "all"
MAPS = ("map", "random", "mean")

Explain = Callable[[Path, Sequence[str]], Sequence[Explanation]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        label: the finding, or `all`.
        map: `map`, `random` or `mean`.
        measure: `iobb`, `iou` or `pointing`.
        overlap: what a box of the map must exceed; None for `pointing`.
        n: boxes.
        accuracy: share of boxes that are hit.
        low, high: its 95% interval; None for `random`, whose share is a mean over many draws.
        false_positives: boxes of a map that do not hit, on average; None for `pointing`.
    """

    label: str
    map: str
    measure: str
    overlap: float | None
    n: int
    accuracy: float
    low: float | None
    high: float | None
    false_positives: float | None


def localise(
    explain: Explain, boxes: Sequence[Box], paths: Mapping[str, Path], seed: int = 0, tell: Progress | None = None
) -> list[Row]:
    """The table: every finding and all together, the map and its controls, every measure.

    Args:
        explain: `Classifier.explain_each`.
        boxes: of findings that the classifier has.
        paths: image name to its file; boxes on other images are left out.
        seed: of the random maps.
        tell: called with (done, of all) after each image.
    """
    kept = [box for box in boxes if box.image in paths]
    made = _explained(explain, kept, paths, tell)
    found = {"map": [look(made[box.image, box.label], box) for box in kept]}
    found["mean"] = [look(_with(made[box.image, box.label], _mean(made, box)), box) for box in kept]
    draws = np.random.default_rng(seed)
    noise = [[draws.random(made[box.image, box.label].grid.shape, np.float32) for _ in range(ROUNDS)] for box in kept]
    found["random"] = [
        look(_with(made[box.image, box.label], grid), box)
        for box, grids in zip(kept, noise, strict=True)
        for grid in grids
    ]
    labels = [ALL, *dict.fromkeys(sorted(box.label for box in kept))]
    return [row for label in labels for name in MAPS for row in _rows(label, name, kept, found[name])]


def beside(rows: Sequence[Row], label: str = ALL) -> list[dict[str, Row]]:
    """The rows of one finding, or of all, by measure and overlap: the map's with its controls', by `MAPS`."""
    found: dict[tuple[str, float | None], dict[str, Row]] = {}
    for row in rows:
        if row.label == label:
            found.setdefault((row.measure, row.overlap), {})[row.map] = row
    return list(found.values())


def title(row: Row) -> str:
    """`IoBB > 0.25`, or `pointing`."""
    names = {"iobb": "IoBB", "iou": "IoU"}
    return row.measure if row.overlap is None else f"{names[row.measure]} > {row.overlap}"


def look(explanation: Explanation, box: Box) -> Found:
    """One map against one box, on the radiograph's pixels."""
    height, width = explanation.radiograph.pixels.shape
    scaled = np.array([box.left, box.top, box.right, box.bottom]) * [width, height, width, height]
    return localization.look(explanation.heat(), scaled)


def to_dict(rows: Sequence[Row], boxes: Sequence[Box], paths: Mapping[str, Path]) -> dict[str, Any]:
    """What `localization.json` holds: numbers of boxes, images and patients, the cuts, and the rows."""
    kept = [box for box in boxes if box.image in paths]
    return {
        "boxes": len(kept),
        "images": len({box.image for box in kept}),
        "patients": len({box.patient for box in kept}),
        "cuts": list(localization.CUTS),
        "rows": [asdict(row) for row in rows],
    }


def _explained(
    explain: Explain, boxes: Sequence[Box], paths: Mapping[str, Path], tell: Progress | None
) -> dict[tuple[str, str], Explanation]:
    """Every finding on every image: the mean map needs them all."""
    images, labels = sorted({box.image for box in boxes}), sorted({box.label for box in boxes})
    made: dict[tuple[str, str], Explanation] = {}
    for done, image in enumerate(images, 1):
        made |= {(image, one.label): one for one in explain(paths[image], labels)}
        if tell is not None:
            tell(done, len(images))
    return made


def _mean(made: Mapping[tuple[str, str], Explanation], box: Box) -> Floats:
    grids = [_unit(one.grid) for (image, label), one in made.items() if label == box.label and _other(image, box)]
    return np.mean(grids, axis=0, dtype=np.float32) if grids else np.zeros_like(made[box.image, box.label].grid)


def _other(image: str, box: Box) -> bool:
    return image.split("_")[0] != box.patient


def _unit(grid: Floats) -> Floats:
    span = np.ptp(grid)
    return (grid - grid.min()) / span if span else np.zeros_like(grid)


def _with(explanation: Explanation, grid: Floats) -> Explanation:
    return replace(explanation, grid=grid, low=float(grid.min()), high=float(grid.max()))


def _rows(label: str, name: str, boxes: Sequence[Box], found: Sequence[Found]) -> list[Row]:
    each = len(found) // len(boxes) if boxes else 1
    chosen = [one for place, one in enumerate(found) if label in (ALL, boxes[place // each].label)]
    count = len(chosen) // each
    rows = []
    for measure in localization.MEASURES:
        for overlap in localization.OVERLAPS:
            share = localization.accuracy(chosen, measure, overlap)
            wrong = localization.false_positives(chosen, measure, overlap)
            rows.append(_row(label, name, measure, overlap, count, share, wrong))
    return [*rows, _row(label, name, "pointing", None, count, localization.pointing_game(chosen), None)]


def _row(
    label: str, name: str, measure: str, overlap: float | None, n: int, share: localization.Share, wrong: float | None
) -> Row:
    low, high = (None, None) if name == "random" else (share.low, share.high)
    return Row(label, name, measure, overlap, n, share.value, low, high, wrong)
