"""How often the maps of a preset find a radiologist's box, beside a random map and a mean map.

    python benchmarks/localisation.py --data ../shared/data/nih --boxes BBox_List_2017.csv --write docs/explain.md

Once at the preset's own size, and once at 224 px: the same weights, the image enlarged, a finer grid. Nothing is chosen
here: the cuts are those of Wang et al. 2017.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pages

import tchexnet
from tchexnet.classifier import Classifier
from tchexnet.cli import boxes
from tchexnet.datasets import boxes as lists
from tchexnet.explain.localising import ALL, MAPS, Row, beside, title

SIZES = (128, 224)
SHOWN = (("pointing", None), ("iobb", 0.25), ("iou", 0.1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--boxes", type=Path, required=True, help="NIH's BBox_List_2017.csv, all six columns")
    parser.add_argument("--presets", nargs="+", default=["chexnet", "tchexnet"])
    parser.add_argument("--write", type=Path, help="the page whose marked places take the tables")
    arguments = parser.parse_args()
    digest = hashlib.sha256(arguments.boxes.read_bytes()).hexdigest()
    print(f"{len(lists.read(arguments.boxes))} boxes in the list, sha256 {digest}\n")
    for name in arguments.presets:
        preset = tchexnet.load(name).preset
        for size in SIZES:
            classifier = Classifier(replace(preset, recipe=replace(preset.recipe, size=size)))
            with tempfile.TemporaryDirectory() as out:
                rows = boxes.evaluate(classifier, arguments.boxes, arguments.data, Path(out))
            text = f"{overall(rows)}\n\n{by_finding(rows)}" if len(classifier.labels) > 1 else overall(rows)
            print(f"## {name}, {size} px, grid {size // 32} x {size // 32}\n\n{text}\n", flush=True)
            if arguments.write:
                pages.put(arguments.write, f"localisation {name} {size}", text)


def overall(rows: Sequence[Row]) -> str:
    """All boxes together: every measure and overlap, hits and false positives."""
    lines = [
        "| measure | n | map [95% interval] | random map | mean map [95% interval] | "
        "false positives a map: map, random, mean |",
        "|---|--:|---|--:|---|---|",
    ]
    for each in beside(rows):
        mine, random, mean = (each[name] for name in MAPS)
        wrong = [one.false_positives for one in (mine, random, mean)]
        wrongs = ", ".join(f"{each:.2f}" for each in wrong if each is not None)
        lines.append(f"| {title(mine)} | {mine.n} | {cell(mine)} | {cell(random)} | {cell(mean)} | {wrongs} |")
    return "\n".join(lines)


def by_finding(rows: Sequence[Row]) -> str:
    """Each finding: the pointing game, one IoBB and one IoU."""
    lines = [
        "| finding | n | pointing: map, random, mean | IoBB > 0.25: map, random, mean | IoU > 0.1: map, random, mean |",
        "|---|--:|---|---|---|",
    ]
    for label in dict.fromkeys(row.label for row in rows if row.label != ALL):
        found = {(each["map"].measure, each["map"].overlap): each for each in beside(rows, label)}
        shown = [[found[key][name] for name in MAPS] for key in SHOWN]
        cells = [f"{cell(mine)}, {random.accuracy:.2f}, {mean.accuracy:.2f}" for mine, random, mean in shown]
        lines.append(f"| {label} | {shown[0][0].n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(row: Row) -> str:
    interval = "" if row.low is None else f" [{row.low:.2f}, {row.high:.2f}]"
    return f"{row.accuracy:.2f}{interval}"


if __name__ == "__main__":
    main()
