"""`tchexnet evaluate`: how good scores are, with intervals, beside what else is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tchexnet.cli import evaluate_inputs, talk

if TYPE_CHECKING:
    from tchexnet.report.evaluation import Evaluation
    from tchexnet.report.page import Maps

_HELP = """Measure a preset on a data set, or a table of scores against a table of labels; write OUT/report.html.

AUC, average precision, calibration, subgroups and the comparison of two models, all with intervals. Tables are joined
by path or image name. --labels takes NIH's Data_Entry_2017.csv, a CheXpert table, or any CSV with an image column and
columns of 1, 0 and blank.

\b
Example: tchexnet evaluate --scores a.csv --labels truth.csv --compare b.csv --out report/
Example: tchexnet evaluate --preset chexnet --data nih/ --list test_list.txt --out report/
"""


def command(
    out: Annotated[Path, typer.Option(help="Folder for report.html, metrics.json and tables.", show_default=False)],
    scores: Annotated[
        Path | None, typer.Option(help="Table of scores: of `tchexnet score`, a preds.csv, or one's own.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Table of what is true.")] = None,
    preset: Annotated[str | None, typer.Option(help="The preset to run on --data, or that made --scores.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="NIH's folder, CheXpert's, one that `tchexnet prepare` wrote, or a CSV.")
    ] = None,
    image_list: Annotated[str | None, typer.Option("--list", help="An NIH image list in DATA.")] = None,
    part: Annotated[str | None, typer.Option(help="train, valid or test, where DATA has parts.")] = None,
    compare: Annotated[
        str | None, typer.Option(help="Scores of another model; with --data, perhaps another preset.")
    ] = None,
    patient: Annotated[str | None, typer.Option(help="The column of --labels that names the patient.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="A column to group by; may be repeated.")] = None,
    point: Annotated[
        list[str] | None,
        typer.Option(help="youden, f1, sensitivity=0.9, specificity=0.95 or ppv=0.5, chosen on these very images."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Bootstrap rounds.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    min_positives: Annotated[int, typer.Option(help="Labels with fewer positives stay out of the mean.")] = 20,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave out images that are not there.")
    ] = False,
    boxes: Annotated[
        Path | None, typer.Option(help="NIH's BBox_List_2017.csv: do the maps of --preset find the boxes in --data?")
    ] = None,
    randomise: Annotated[
        bool,
        typer.Option("--randomise", help="Do the maps of --preset change with its weights? Needs Keras."),
    ] = False,
    images: Annotated[bool, typer.Option(help="Show the worst mistakes as images, where DATA has them.")] = True,
) -> None:
    from tchexnet.classifier import load
    from tchexnet.cli import boxes as boxes_
    from tchexnet.cli import randomised
    from tchexnet.evaluation.measure import Settings
    from tchexnet.evaluation.operating_points import Goal
    from tchexnet.report import evaluation, files, mistakes, page

    if (boxes is not None or randomise) and (preset is None or data is None):
        raise typer.BadParameter(
            "--boxes and --randomise need a preset, whose maps are looked at, and its images: --preset and --data."
        )
    goals = [Goal.parse(text) for text in point or ()]
    asked = evaluate_inputs.Asked(scores, labels, preset, data, image_list, part, compare, patient, allow_missing, out)
    found = evaluate_inputs.gather(asked)
    for sentence in (*found.scored.notes, *found.warnings):
        talk.say(sentence)
    with talk.bar() as bar:
        passes = 1 + (len(found.scored.records.labels) > 1) + bool(found.scored.others)
        task = bar.add_task("bootstrap", total=passes * rounds, figure="")
        settings = Settings(rounds, seed, min_positives=min_positives, tell=lambda: bar.advance(task))
        measured = evaluation.evaluate(
            found.scored,
            calibrated=found.calibrated,
            by=by or (),
            goals=goals,
            settings=settings,
            identity=found.identity,
            warnings=found.warnings,
        )
    files.write(measured, out)
    maps = page.Maps()
    if preset is not None and data is not None:
        maps = page.Maps(
            boxes_.evaluate(load(preset), boxes, data, out) if boxes is not None else (),
            randomised.evaluate(load(preset), found.scored.records, out) if randomise else (),
        )
    worst = mistakes.worst(found.scored, found.root if images else None, found.explain)
    report = page.write(measured, out, worst, maps)
    _print(measured)
    _print_maps(maps)
    print(report)
    if found.errors:
        talk.say(f"{len(found.errors)} images could not be read; {out / 'errors.csv'} says why")
        raise typer.Exit(1)


command.__doc__ = _HELP


def _print(found: Evaluation) -> None:
    """A line a label, then the mean, then the verdicts of a comparison."""
    print("label\tn\tpositives\tauc\tlow\thigh")
    for one in found.measured.findings:
        print(
            f"{one.label}\t{one.n}\t{one.positives}\t{one.auc:.3f}\t{one.bootstrap_low:.3f}\t{one.bootstrap_high:.3f}"
        )
    mean = found.measured.macro
    if len(found.labels) > 1:
        print(f"mean of {len(mean.labels)}\t\t\t{mean.value:.3f}\t{mean.low:.3f}\t{mean.high:.3f}")
    if found.comparison is not None:
        for pair in found.comparison.labels:
            print(f"{pair.label}: {pair.sentence}")


def _print_maps(maps: Maps) -> None:
    """A line a measure over all boxes, the map's share of hits beside its controls'; a line a randomised part."""
    from tchexnet.explain.localising import MAPS, beside, title

    if maps.boxes:
        print("boxes\tn\tmap\trandom\tmean")
    for each in beside(maps.boxes):
        print(title(each["map"]), each["map"].n, *(f"{each[name].accuracy:.3f}" for name in MAPS), sep="\t")
    if maps.randomised:
        print("randomised\tn\tspearman\tssim")
    for row in maps.randomised:
        print(row.stage, row.n, f"{row.spearman:.3f}", f"{row.ssim:.3f}", sep="\t")
