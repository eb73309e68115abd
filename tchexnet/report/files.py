"""The files of an evaluation: metrics.json and CSV tables. docs/schemas.md describes each."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from tchexnet.evaluation import metrics
from tchexnet.report.evaluation import Evaluation

METRICS = "metrics.json"
TABLES = ("metrics.csv", "compare.csv", "operating_points.csv", "reliability.csv", "subgroups.csv", "unmatched.csv")


def write(evaluation: Evaluation, out: Path) -> None:
    """Write metrics.json and the tables that have rows; a table of an earlier evaluation that has none is removed."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(metrics.jsonable(document(evaluation)), indent=2, ensure_ascii=False, allow_nan=False)
    put(out / METRICS, text + "\n")
    for name, table in tables(evaluation).items():
        if len(table):
            put(out / name, table.to_csv(index=False))
        else:
            (out / name).unlink(missing_ok=True)


def document(evaluation: Evaluation) -> dict[str, Any]:
    """What metrics.json holds; NaN is still NaN here."""
    records, settings = evaluation.scored.records, evaluation.settings
    return {
        "images": len(records),
        "patients": len(set(records.patients)),
        **metrics.metrics(evaluation.measured, evaluation.comparison),
        "operating_points": [metrics.operating_point(*one) for one in evaluation.points],
        "subgroups": [asdict(group) for group in evaluation.groups],
        "references": [asdict(one) for one in evaluation.references],
        "settings": {name: getattr(settings, name) for name in ("level", "rounds", "seed", "min_positives")},
        "identity": dict(evaluation.identity),
        "warnings": list(evaluation.warnings),
        "notes": list(evaluation.scored.notes),
    }


def tables(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    """File name to table, by `TABLES`."""
    found = metrics.metrics(evaluation.measured, evaluation.comparison)
    rows: tuple[Any, ...] = (
        found["labels"],
        found.get("compare", {}),
        [metrics.operating_point(*one) for one in evaluation.points],
        metrics.reliability_rows(evaluation.measured.findings),
        [asdict(group) for group in evaluation.groups],
        [{"table": table, "image": image} for table, image in evaluation.scored.unmatched],
    )
    return {name: metrics.frame(some) for name, some in zip(TABLES, rows, strict=True)}


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
