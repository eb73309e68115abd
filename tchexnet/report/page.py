"""report.html: an evaluation on one self-contained page, readable on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tchexnet.evaluation.inputs import labelled, why_undefined
from tchexnet.evaluation.measure import Finding
from tchexnet.evaluation.operating_points import OperatingPoint
from tchexnet.evaluation.subgroups import Group
from tchexnet.explain.localising import Row, beside, title
from tchexnet.explain.sanity import Similarity
from tchexnet.report import figures
from tchexnet.report.evaluation import Evaluation
from tchexnet.report.files import put
from tchexnet.report.mistakes import Mistake

NAME = "report.html"


@dataclass(frozen=True)
class Section:
    """What the page shows of one label."""

    finding: Finding
    plots: tuple[tuple[str, Markup], ...]
    points: tuple[OperatingPoint, ...]
    groups: tuple[Group, ...]
    mistakes: Sequence[Mistake]
    verdict: str


@dataclass(frozen=True)
class Maps:
    """What was measured of the heatmaps; empty where nothing was.

    Args:
        boxes: of `localising.localise`.
        randomised: of `sanity.cascade`.
    """

    boxes: Sequence[Row] = ()
    randomised: Sequence[Similarity] = ()


NONE = Maps()


def write(
    evaluation: Evaluation,
    out: Path,
    mistakes: Mapping[str, Sequence[Mistake]] | None = None,
    maps: Maps = NONE,
) -> Path:
    """Write report.html into `out`; returns its path.

    Args:
        mistakes: label to its worst mistakes, from `mistakes.worst`.
    """
    path = out / NAME
    put(path, render(evaluation, mistakes or {}, maps))
    return path


def render(evaluation: Evaluation, mistakes: Mapping[str, Sequence[Mistake]], maps: Maps = NONE) -> str:
    """The page as text."""
    surroundings = Environment(
        loader=PackageLoader("tchexnet.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    surroundings.filters |= {"number": number, "span": span, "words": words, "percent": percent, "title": title}
    comparison = evaluation.comparison
    others = {one.label: one.delong.b for one in comparison.labels} if comparison else {}
    return surroundings.get_template("page.html").render(
        evaluation=evaluation,
        measured=evaluation.measured,
        records=evaluation.scored.records,
        patients=len(set(evaluation.scored.records.patients)),
        comparison=comparison,
        overview=Markup(figures.intervals(evaluation.measured.findings, evaluation.measured.macro.labels, others)),
        sections=[_section(evaluation, k, mistakes) for k in range(len(evaluation.labels))],
        boxes=beside(maps.boxes),
        randomised=maps.randomised,
        gaps=_gaps(evaluation.groups),
        smallest=min((one.n for one in evaluation.groups), default=0),
    )


def _section(evaluation: Evaluation, column: int, mistakes: Mapping[str, Sequence[Mistake]]) -> Section:
    finding = evaluation.measured.findings[column]
    label = finding.label
    pairs = evaluation.comparison.labels if evaluation.comparison else ()
    return Section(
        finding=finding,
        plots=_plots(evaluation, column, finding),
        points=tuple(point for name, point in evaluation.points if name == label),
        groups=tuple(group for group in evaluation.groups if group.label == label),
        mistakes=mistakes.get(label, ()),
        verdict=next((pair.sentence for pair in pairs if pair.label == label), ""),
    )


def _plots(evaluation: Evaluation, column: int, finding: Finding) -> tuple[tuple[str, Markup], ...]:
    scored = evaluation.scored
    y = scored.records.y[:, column]
    other = scored.others.get(finding.label)
    truth, (mine, theirs) = labelled(y, scored.scores[:, column], np.zeros(len(y)) if other is None else other)
    if why_undefined(truth):
        return ()
    curves = [(scored.name, truth, mine)] + ([] if other is None else [(scored.other_name, truth, theirs)])
    drawn = [("ROC", figures.roc(curves)), ("Precision and recall", figures.precision_recall(curves))]
    if finding.score.bins:
        drawn.append(("Reliability", figures.reliability(finding.score, finding.probability)))
    return tuple((title, Markup(text)) for title, text in drawn)


def _gaps(groups: Sequence[Group]) -> list[Group]:
    """The groups whose gap to the rest has an interval that leaves 0 out, widest gap first."""
    clear = (one for one in groups if not one.gap_low <= 0 <= one.gap_high and not isnan(one.gap_low))
    return sorted(clear, key=lambda one: -abs(one.gap))


def number(value: float | None, digits: int = 3) -> str:
    """`0.734`, or a dash for what is not defined."""
    return "—" if value is None or isnan(value) else f"{value:.{digits}f}"


def span(ends: tuple[float, float], digits: int = 3) -> str:
    """`0.622 to 0.798`, or a dash."""
    return "—" if any(map(isnan, ends)) else f"{ends[0]:.{digits}f} to {ends[1]:.{digits}f}"


def percent(value: float) -> str:
    """`10.2%`, or a dash."""
    return "—" if isnan(value) else f"{100 * value:.1f}%"


def words(name: str) -> str:
    """A label as a page spells it."""
    return name.replace("_", " ")
