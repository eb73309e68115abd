"""Write (or check) docs/evaluation.md: the shipped presets on NIH's test list, from their committed preds.csv.

    python benchmarks/evaluation_page.py --data ../shared/data/nih            write it
    python benchmarks/evaluation_page.py --data ../shared/data/nih --check    compare; exit 1 if not equal

`benchmarks/starter_cards.py` makes preds.csv from the weights and checks it. Nothing is chosen here, and no image is
read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from math import isnan
from pathlib import Path

from tchexnet.datasets import nih, score_table, scored
from tchexnet.evaluation.references import Reference
from tchexnet.evaluation.subgroups import Group
from tchexnet.presets import contamination
from tchexnet.presets import preset as presets
from tchexnet.report.evaluation import Evaluation, evaluate

REPO = Path(__file__).parents[1]
PAGE = REPO / "docs" / "evaluation.md"
LIST = "test_list.txt"
LEAST = 20
"""Positives that a group needs before its gap is printed; subgroups.csv has the smaller ones too."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with NIH's table, lists and images")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    text = page(measured(arguments.data))
    if arguments.check:
        same = PAGE.is_file() and PAGE.read_text() == text
        print(f"{PAGE.name} {'is' if same else 'is not'} what the presets and the list give")
        sys.exit(0 if same else 1)
    PAGE.write_text(text)
    print(PAGE)


def measured(data: Path) -> Evaluation:
    """CheXNet on the list, and tCheXNet beside it."""
    records = nih.read(data, LIST)
    tables = [score_table.read(REPO / "weights" / name / "preds.csv") for name in ("chexnet", "tchexnet")]
    names = ("chexnet", LIST, "tchexnet")
    found = scored.join(tables[0], records, names, tables[1])
    return evaluate(found)


def page(found: Evaluation) -> str:
    """The page in Markdown."""
    macro, micro, records = found.measured.macro, found.measured.micro, found.scored.records
    comparison, patients = found.comparison, len(set(records.patients))
    assert comparison is not None
    clear = [one for one in found.groups if one.positives >= LEAST and not one.gap_low <= 0 <= one.gap_high]
    tried = sum(one.positives >= LEAST for one in found.groups)
    parts = [
        "# How good the shipped presets are",
        f"`chexnet` and `tchexnet` on NIH's official `{LIST}`, cut to the images that were at hand: {len(records):,} "
        f"frontal radiographs of {patients} patients, at 128 pixels and below. Labels are text-mined. Written by "
        "`python benchmarks/evaluation_page.py --data NIH_FOLDER` from the presets' `preds.csv`, which "
        "`python benchmarks/starter_cards.py --data NIH_FOLDER --check` compares with the weights. Research use; not a "
        "medical device.",
        *warned(records.images),
        f"Mean AUC over {len(macro.labels)} findings: **{macro.value:.3f}** [{macro.low:.3f}, {macro.high:.3f}], the "
        f"95% interval of {macro.rounds_used} bootstrap rounds over patients. Left out for having fewer than "
        f"{found.settings.min_positives} positives: {', '.join(macro.left_out) or 'none'}. All findings in one pool "
        f"(micro): {micro.value:.3f} [{micro.low:.3f}, {micro.high:.3f}].",
        "## Every finding of `chexnet`",
        table(
            "finding n positives prevalence AUC patients DeLong average_precision its_interval Brier ECE",
            (
                f"{one.label} | {one.n} | {one.positives} | {100 * one.prevalence:.1f}% | {one.auc:.3f} | "
                f"{span(one.bootstrap_low, one.bootstrap_high)} | {span(one.auc_low, one.auc_high)} | "
                f"{one.average_precision:.3f} | {span(one.precision_low, one.precision_high)} | "
                f"{one.score.brier:.3f} ({one.score.reference:.3f}) | {one.score.ece:.3f}"
                for one in found.measured.findings
            ),
        ),
        "Two 95% intervals: the first draws patients with all their images, the second is DeLong's, which takes images "
        f"as independent and is too narrow here, where a patient has {len(records) / patients:.0f} images on average. "
        "Average precision is read against the prevalence; its interval draws patients. Brier and ECE are of the score "
        "as if it were a probability, "
        "which it is not: the presets ship uncalibrated. In brackets, the Brier score of saying the prevalence each "
        "time.",
        "## `tchexnet` against `chexnet`",
        " ".join(one.sentence for one in comparison.labels),
        "## Groups",
        f"AUC of `chexnet` in a group less its AUC in all others, where the 95% interval leaves 0 out: {len(clear)} of "
        f"{tried} groups with at least {LEAST} positives, by sex, age and view. One in twenty would by chance.",
        gaps(clear),
        "## Published elsewhere, on other images",
        "Quoted, not reproduced; trained on far more images and tested on other lists: no column can be compared with "
        "the table above, nor, but for arnoweng's and reproduce-chexnet's, with another.",
        quoted(found.references, found.labels),
        "\n".join(f"- {one.name}: {one.split}. {one.source}." for one in found.references),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def warned(images: tuple[str, ...]) -> list[str]:
    """What the presets have seen of the images, if anything."""
    shipped = (presets.read(REPO / "weights" / name) for name in ("chexnet", "tchexnet"))
    return [" ".join(said) for preset in shipped if (said := contamination.warnings(preset, images))]


def table(heads: str, rows: Iterable[str]) -> str:
    """A Markdown table; heads are words apart by spaces, `_` standing for a space."""
    names = [name.replace("_", " ") for name in heads.split()]
    lines = [f"| {' | '.join(names)} |", "|---|" + "--:|" * (len(names) - 1), *(f"| {row} |" for row in rows)]
    return "\n".join(lines)


def gaps(groups: list[Group]) -> str:
    """A row a group, widest gap first."""
    if not groups:
        return ""
    rows = (
        f"{one.label} | {one.column} {one.group} | {one.n} | {one.positives} | {one.auc:.3f} | {one.rest:.3f} | "
        f"{one.gap:+.3f} | {span(one.gap_low, one.gap_high)}"
        for one in sorted(groups, key=lambda one: -abs(one.gap))
    )
    return table("finding group n positives AUC the_rest gap interval", rows)


def quoted(references: tuple[Reference, ...], labels: tuple[str, ...]) -> str:
    """Published numbers alone, a column a source."""
    heads = " ".join(["finding", *(one.name.replace(" ", "_") for one in references)])
    return table(heads, (" | ".join([label, *(f"{one.aucs[label]:g}" for one in references)]) for label in labels))


def span(low: float, high: float) -> str:
    """Both ends, or that there are none."""
    return "not defined" if isnan(low) or isnan(high) else f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    main()
