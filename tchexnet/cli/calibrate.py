"""`tchexnet calibrate`: make a preset's scores mean something on site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tchexnet.cli import talk
from tchexnet.errors import DataError
from tchexnet.presets import calibrated, contamination, store
from tchexnet.presets import preset as presets

if TYPE_CHECKING:
    from tchexnet.evaluation.calibrating import Outcome
    from tchexnet.evaluation.decisions import Calibrated
    from tchexnet.evaluation.operating_points import Goal
    from tchexnet.labels import Vocabulary

_COLUMNS = (
    *("label", "n", "positives", "brier of score", "of probability", "ece of score", "of probability"),
    *("threshold", "sensitivity", "specificity"),
)

_HELP = """Fit curves from score to probability, and thresholds for decisions, and store them with a preset.

Use images of the place where the preset will work, which it was not trained on and which no result is reported on.
A label needs 10 positives and 10 negatives. A preset that ships with tchexnet stays as it is: its calibrated copy goes
to the user's folder and is found first; `tchexnet presets remove NAME` takes it away.

\b
Example: tchexnet calibrate --preset chexnet --scores s.csv --labels truth.csv --point sensitivity=0.9
"""


def command(
    preset: Annotated[str, typer.Option(help="The preset that made the scores.", show_default=False)],
    scores: Annotated[Path, typer.Option(help="Its scores of the calibration images.", show_default=False)],
    labels: Annotated[Path, typer.Option(help="Table of what is true of them.", show_default=False)],
    method: Annotated[
        Literal["platt", "temperature", "isotonic"], typer.Option(help="isotonic wants hundreds of positives.")
    ] = "platt",
    point: Annotated[
        list[str] | None,
        typer.Option(
            help="What thresholds are for: youden (default), f1, sensitivity=0.9, specificity=0.95, ppv=0.5, or none; "
            "for one label: Edema:ppv=0.5. May be repeated."
        ),
    ] = None,
    prevalence: Annotated[
        list[str] | None, typer.Option(help="LABEL=0.05: its prevalence where the preset will work. May be repeated.")
    ] = None,
    patient: Annotated[str | None, typer.Option(help="The column of --labels that names the patient.")] = None,
) -> None:
    from tchexnet.datasets import scored
    from tchexnet.evaluation.calibrating import calibrate

    known = presets.read(store.find(preset))
    found = scored.read(scores, labels, None, patient)
    for note in (*found.notes, *contamination.warnings(known, found.records.images)):
        talk.say(note)
    if found.preset and found.preset != known.name:
        talk.say(f"warning: the scores say that {found.preset} made them, not {known.name}")
    records = found.records.only(*(label for label in found.records.labels if label in known.labels))
    columns = [found.records.labels.index(label) for label in records.labels]
    outcomes = calibrate(
        records.y,
        found.scores[:, columns],
        tuple(records.labels),
        records.patients,
        method=method,
        goals=_goals(point or (), records.labels),
        prevalence=_prevalences(prevalence or (), records.labels),
    )
    _print(outcomes)
    good = {one.label: one.calibrated for one in outcomes if one.calibrated is not None}
    if not good:
        raise DataError(f"No label of {known.name} could be calibrated on these images; nothing was stored.")
    _store(known, good, {"method": method, "images": len(records), "patients": len(set(records.patients))})


command.__doc__ = _HELP


def _goals(texts: list[str] | tuple[str, ...], labels: Vocabulary) -> dict[str, Goal]:
    from tchexnet.evaluation.operating_points import Goal

    pairs = [text.rpartition(":")[::2] for text in texts] or [("", "youden")]
    general = [goal for label, goal in pairs if not label] or ["youden"]
    asked = dict.fromkeys(labels, general[-1])
    for label, goal in pairs:
        if label:
            asked[labels[labels.index(label)]] = goal
    return {label: Goal.parse(goal) for label, goal in asked.items() if goal != "none"}


def _prevalences(texts: list[str] | tuple[str, ...], labels: Vocabulary) -> dict[str, float]:
    found = {}
    for text in texts:
        label, _, number = text.partition("=")
        try:
            found[labels[labels.index(label)]] = float(number)
        except ValueError:
            raise DataError(f"{text!r} is no prevalence; give LABEL=NUMBER, for example Edema=0.05.") from None
    return found


def _print(outcomes: list[Outcome]) -> None:
    print("\t".join(_COLUMNS))
    for one in outcomes:
        if one.calibrated is None or one.probability is None:
            talk.say(f"{one.label} is not calibrated: {one.reason}")
            continue
        curve, point = one.calibrated.curve, one.point
        numbers = [one.score.brier, one.probability.brier, one.score.ece, one.probability.ece]
        numbers += [point.threshold, point.sensitivity[0], point.specificity[0]] if point else []
        if point and point.reason:
            talk.say(f"{one.label} has no threshold: {point.reason}")
        print("\t".join([one.label, str(curve.n), str(curve.positives), *(f"{number:.4f}" for number in numbers)]))


def _store(known: presets.Preset, good: dict[str, Calibrated], made: dict[str, object]) -> None:
    own = calibrated.is_own(known)
    stored = calibrated.store_with(known, good, made)
    if not own:
        talk.say(
            f"{known.folder} stays as it is. The calibrated copy is found first from now on; take it away with "
            f"tchexnet presets remove {known.name}."
        )
    print(stored.folder / calibrated.FILE)
