"""Measured numbers as plain data: metrics.json, and tables with a row each. docs/schemas.md describes both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

import pandas as pd

from tchexnet.evaluation.compare import Difference
from tchexnet.evaluation.macro import Macro
from tchexnet.evaluation.measure import Finding, Measured, Micro
from tchexnet.evaluation.operating_points import OperatingPoint
from tchexnet.evaluation.paired import Comparison, Paired
from tchexnet.evaluation.reliability import Reliability


def metrics(measured: Measured, comparison: Comparison | None = None) -> dict[str, Any]:
    """The part of metrics.json that holds measured numbers; NaN is null, with a reason beside it."""
    found: dict[str, Any] = {
        "labels": {one.label: finding(one) for one in measured.findings},
        "macro": _macro(measured.macro),
        "micro": _micro(measured.micro),
    }
    if comparison is not None:
        found["compare"] = {one.label: _paired(one) for one in comparison.labels}
        found["compare_macro"] = _difference(comparison.macro, (comparison.a, comparison.b))
    return found


def finding(one: Finding) -> dict[str, Any]:
    """One label of metrics.json."""
    names = "n positives prevalence auc auc_low auc_high bootstrap_low bootstrap_high".split()
    return {
        **{name: getattr(one, name) for name in names},
        "average_precision": one.average_precision,
        "average_precision_low": one.precision_low,
        "average_precision_high": one.precision_high,
        **_reliability("score", one.score),
        **_reliability("probability", one.probability),
        "reason": one.reason,
    }


def _reliability(of: str, found: Reliability | None) -> dict[str, float | None]:
    names = (f"{of}_brier", f"{of}_ece")
    return dict.fromkeys(names) if found is None else dict(zip(names, (found.brier, found.ece), strict=True))


def _macro(macro: Macro) -> dict[str, Any]:
    return {
        "auc": macro.value,
        "bootstrap_low": macro.low,
        "bootstrap_high": macro.high,
        "labels": list(macro.labels),
        "left_out": list(macro.left_out),
        "rounds_used": macro.rounds_used,
        "reason": macro.reason,
    }


def _micro(micro: Micro) -> dict[str, Any]:
    return {
        "auc": micro.value,
        "bootstrap_low": micro.low,
        "bootstrap_high": micro.high,
        "n": micro.n,
        "positives": micro.positives,
        "reason": micro.reason,
    }


def _paired(one: Paired) -> dict[str, Any]:
    test = one.delong
    return {
        "difference": test.value,
        "low": test.low,
        "high": test.high,
        "p": test.p,
        "a": test.a,
        "b": test.b,
        "bootstrap_low": one.bootstrap_low,
        "bootstrap_high": one.bootstrap_high,
        "sentence": one.sentence,
        "reason": test.reason,
    }


def _difference(found: Difference, names: tuple[str, str]) -> dict[str, Any]:
    return {
        "difference": found.value,
        "bootstrap_low": found.low,
        "bootstrap_high": found.high,
        "a": found.a,
        "b": found.b,
        "sentence": found.sentence(*names),
        "reason": found.reason,
    }


def operating_point(label: str, point: OperatingPoint) -> dict[str, Any]:
    """A row of operating_points.csv."""
    row: dict[str, Any] = {"label": label, "point": point.point, "threshold": point.threshold}
    row |= {name: getattr(point, name) for name in ("tp", "fp", "fn", "tn")}
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), getattr(point, name), strict=True))
    return {**row, "reason": point.reason}


def reliability_rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The rows of reliability.csv: one a bin, of scores and of probabilities apart."""
    return [
        {
            "label": one.label,
            "of": of,
            "mean": bin_.mean,
            "share": bin_.share,
            "low": bin_.low,
            "high": bin_.high,
            "n": bin_.n,
        }
        for one in findings
        for of, found in (("score", one.score), ("probability", one.probability))
        for bin_ in (found.bins if found else ())
    ]


def frame(rows: Iterable[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Rows, or a mapping of label to row, as a table whose first column is then `label`."""
    if isinstance(rows, Mapping):
        rows = [{"label": label, **row} for label, row in rows.items()]
    return pd.DataFrame(list(rows))


def jsonable(value: Any) -> Any:
    """The same with None for every NaN and infinity: strict JSON has neither."""
    if isinstance(value, Mapping):
        return {key: jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value
