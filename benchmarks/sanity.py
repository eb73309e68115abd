"""Do the maps depend on the weights? Randomise the network block by block from the top, and compare its maps.

    python benchmarks/sanity.py --data ../shared/data/nih --write docs/explain.md

The radiographs are the first validation images with each finding, never test images. The network runs in Keras; the
maps come from its feature map in the closed form that `explain` uses. A second sitting draws the same weights.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pages

import tchexnet
from tchexnet.cli import randomised
from tchexnet.datasets import nih
from tchexnet.explain.sanity import Similarity
from tchexnet.presets import guarding


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--presets", nargs="+", default=["chexnet", "tchexnet"])
    parser.add_argument("--count", type=int, default=randomised.COUNT, help="radiographs")
    parser.add_argument("--write", type=Path, help="the page whose marked places take the tables")
    arguments = parser.parse_args()
    for name in arguments.presets:
        classifier = tchexnet.load(name)
        _, valid = guarding.parts(classifier.preset, nih.read(arguments.data, "train_val_list.txt"))
        with tempfile.TemporaryDirectory() as out:
            text = table(randomised.evaluate(classifier, valid, Path(out), arguments.count))
        print(f"## {name}\n\n{text}\n", flush=True)
        if arguments.write:
            pages.put(arguments.write, f"sanity {name}", text)


def table(rows: Sequence[Similarity]) -> str:
    """The Markdown table of one preset."""
    heads = ["randomised, with all above it", "n", "Spearman of the cells", "SSIM of the heat", "flat"]
    lines = [f"| {' | '.join(heads)} |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {row.stage} | {row.n} | {row.spearman:.3f} | {row.ssim:.3f} | {row.undefined} |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
