"""Everything that `tchexnet evaluate` measures of scores beside the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tchexnet.datasets.scored import Scored
from tchexnet.errors import DataError
from tchexnet.evaluation import operating_points
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.evaluation.inputs import patient_codes
from tchexnet.evaluation.measure import Measured, Settings, measure
from tchexnet.evaluation.operating_points import Goal, OperatingPoint
from tchexnet.evaluation.paired import Comparison, paired
from tchexnet.evaluation.references import Reference, references
from tchexnet.evaluation.subgroups import Group, bands, subgroups

BY = ("sex", "age", "view")
"""What is grouped by wherever the table of labels knows it."""
_DATASETS = {"NIH-14": "nih", "CheXpert-14": "chexpert"}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured, on what, and how.

    Args:
        scored: the images with their truth and scores.
        settings: rounds, seed, level.
        measured: every label, the mean, the pool.
        comparison: with another model, or None.
        groups: every label in every group.
        points: (label, decisions at a threshold).
        calibrated: label to its curve and threshold.
        references: published numbers of the same data set, on other images.
        identity: what the data and the preset were.
        warnings: why the numbers may mislead, a sentence each.
    """

    scored: Scored
    settings: Settings
    measured: Measured
    comparison: Comparison | None
    groups: tuple[Group, ...]
    points: tuple[tuple[str, OperatingPoint], ...]
    calibrated: Mapping[str, Calibrated] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    identity: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.scored.records.labels)


def evaluate(
    scored: Scored,
    *,
    calibrated: Mapping[str, Calibrated] | None = None,
    by: Sequence[str] = (),
    goals: Sequence[Goal] = (),
    settings: Settings | None = None,
    identity: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
) -> Evaluation:
    """Measure scores beside the truth.

    Args:
        scored: see `tchexnet.datasets.scored.read`.
        calibrated: label to its curve and threshold: probabilities are then measured too, and the stored decisions.
        by: columns to group by, beside sex, age and view.
        goals: operating points to choose on these very images, which flatters them.
        settings: how to measure.
        identity: what the data and the preset were, for the report.
        warnings: sentences that stand at the top of the report.

    Raises:
        DataError: a column is not there, or the tables cannot be used.
    """
    chosen, curves = settings or Settings(), calibrated or {}
    records = scored.records
    labels = tuple(records.labels)
    lines = {label: one.curve for label, one in curves.items()}
    groups = _groups(scored, by, chosen.level)
    measured = measure(records.y, scored.scores, labels, records.patients, lines, chosen)
    return Evaluation(
        scored=scored,
        settings=chosen,
        measured=measured,
        comparison=_comparison(scored, chosen, measured),
        groups=groups,
        points=_points(scored, curves, goals, chosen.level),
        calibrated=curves,
        references=references(_DATASETS.get(records.labels.name, ""), labels),
        identity=identity or {},
        warnings=tuple(warnings),
    )


def _comparison(scored: Scored, settings: Settings, measured: Measured) -> Comparison | None:
    labels = scored.records.labels
    shared = [label for label in labels if label in scored.others]
    if not shared:
        return None
    places = [labels.index(label) for label in shared]
    others = np.stack([scored.others[label] for label in shared], axis=1)
    names, draws = (scored.name, scored.other_name), measured.draws[:, places]
    y, mine, patients = scored.records.y[:, places], scored.scores[:, places], scored.records.patients
    return paired(y, mine, others, shared, patients, names, settings, draws)


def _groups(scored: Scored, by: Sequence[str], level: float) -> tuple[Group, ...]:
    records = scored.records
    extra = pd.DataFrame() if records.extra is None else records.extra
    if absent := [column for column in by if column not in extra]:
        has = ", ".join(map(str, extra.columns)) or "none"
        raise DataError(f"There is no column {absent[0]!r} to group by beside the labels; the columns are: {has}.")
    patients, _ = patient_codes(records.patients, len(records))
    names = {column: bands(extra[column], column) for column in (*BY, *by) if column in extra}
    return tuple(
        group
        for column, groups in names.items()
        for k, label in enumerate(records.labels)
        for group in subgroups(records.y[:, k], scored.scores[:, k], label, groups, column, patients, level=level)
    )


def _points(
    scored: Scored, curves: Mapping[str, Calibrated], goals: Sequence[Goal], level: float
) -> tuple[tuple[str, OperatingPoint], ...]:
    """The stored decisions, then those that are chosen on these images."""
    found: list[tuple[str, OperatingPoint]] = []
    for k, label in enumerate(scored.records.labels):
        y, values = scored.records.y[:, k], scored.scores[:, k]
        if (known := curves.get(label)) is not None:
            values = known.curve.probabilities(values)
            if known.threshold is not None:
                stored = operating_points.at(y, values, known.threshold, f"stored {known.point}", level=level)
                found.append((label, stored))
        found += [(label, operating_points.choose(y, values, goal, level=level)) for goal in goals]
    return tuple(found)
