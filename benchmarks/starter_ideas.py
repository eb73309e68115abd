"""What test-time choices would give the shipped weights, on the validation patients of their training alone.

    python benchmarks/starter_ideas.py --data ../shared/data/nih
    python benchmarks/starter_ideas.py --data ../shared/data/nih --preset chexnet --than runs/starter-chexnet/preset

Each line is the same weights with another input size or number of views; `--than` puts an earlier preset beside them,
with the paired difference. Intervals are 95%, from 2,000 bootstrap rounds over patients. Prints Markdown; --write puts
it between its markers on a page.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pages

from tchexnet.classifier import Classifier
from tchexnet.datasets import nih, splits
from tchexnet.datasets.records import Records
from tchexnet.evaluation.macro import macro, macro_difference
from tchexnet.images.recipe import Recipe
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.presets.preset import Preset

AT_LEAST = (1, 10, 20)
"""Positives that a finding needs to count in a mean: all 14, those that chose the epoch, and the headline of a card."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--preset", default="chexnet")
    parser.add_argument("--than", help="an earlier preset, by name or folder")
    parser.add_argument("--sizes", type=int, nargs="*", default=[160], help="other input sizes to try")
    parser.add_argument("--write", type=Path, help="a page with the markers `starter-ideas`")
    arguments = parser.parse_args()
    text = "\n".join(table(arguments))
    print(text)
    if arguments.write:
        pages.put(arguments.write, "starter-ideas", text)


def table(arguments: argparse.Namespace) -> Iterator[str]:
    """The lines of the page."""
    records = nih.read(arguments.data, "train_val_list.txt")
    preset = presets.read(store.find(arguments.preset))
    config = preset.training["config"]
    _, valid = splits.split_by_patient(records, config["validation"], config["split_seed"])
    yield f"{len(valid)} images of {len(set(valid.patients))} validation patients.\n"
    yield f"| weights | input | {' | '.join(f'mean AUC, findings with >= {least} positives' for least in AT_LEAST)} |"
    yield f"|---|---|{'---|' * len(AT_LEAST)}"
    shipped = scores(preset, preset.recipe, valid)
    yield row(preset, preset.recipe, valid, shipped)
    for recipe in (replace(preset.recipe, views="flip"), *(replace(preset.recipe, size=s) for s in arguments.sizes)):
        yield row(preset, recipe, valid, scores(preset, recipe, valid))
    if arguments.than:
        earlier = presets.read(store.find(arguments.than))
        before = scores(earlier, earlier.recipe, valid)
        yield row(earlier, earlier.recipe, valid, before)
        gain = macro_difference(valid.y, before, shipped, valid.labels, valid.patients)
        yield f"\n{gain.sentence(earlier.name, preset.name)}"


def scores(preset: Preset, recipe: Recipe, valid: Records) -> np.ndarray:
    """(n, 14), by the preset's weights with another recipe."""
    found = Classifier(replace(preset, recipe=recipe)).predict([valid.path(place) for place in range(len(valid))])
    return np.stack([one.array for one in found])


def row(preset: Preset, recipe: Recipe, valid: Records, found: np.ndarray) -> str:
    """One line of the table."""
    cells = []
    for least in AT_LEAST:
        mean = macro(valid.y, found, valid.labels, valid.patients, min_positives=least)
        cells.append(f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}], {len(mean.labels)} findings")
    what = f"{recipe.size} px, {recipe.views}"
    return f"| {preset.name} | {what} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
