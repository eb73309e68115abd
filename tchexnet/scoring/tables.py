"""The columns of a score table, and how shards become one CSV or Parquet file. docs/schemas.md describes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from tchexnet.scoring import readings
from tchexnet.scoring.batch import Failure, Result, Row
from tchexnet.scoring.readings import Known
from tchexnet.scoring.storage import Place, open_place

FEATURES = 1024
FEATURE_COLUMNS = tuple(f"f{i:04d}" for i in range(FEATURES))
ERROR_COLUMNS = ("path", "kind", "sentence")
FORMATS = (".csv", ".parquet")
BETWEEN_WARNINGS = " | "


def schema(labels: Sequence[str], features: bool) -> pa.Schema:
    """The columns of the finished Parquet file; in CSV, the features are 1024 columns of their own."""
    fields = [("path", pa.string()), *((label, pa.float32()) for label in labels)]
    fields += [("preset", pa.string()), ("warnings", pa.string())]
    if features:
        fields.append(("features", pa.list_(pa.float32(), FEATURES)))
    return pa.schema(fields)


def shard_schema(labels: Sequence[str], features: bool) -> pa.Schema:
    """A shard has a row for each entry; `kind` and `sentence` are null where it could be read."""
    return schema(labels, features).append(pa.field("kind", pa.string())).append(pa.field("sentence", pa.string()))


def shard_table(result: Result, labels: Sequence[str], preset: str, features: bool) -> pa.Table:
    """The outcomes of a shard as a table."""
    rows = [one if isinstance(one, Row) else None for one in result]
    failures = [one if isinstance(one, Failure) else None for one in result]
    good = np.array([row is not None for row in rows])
    columns: dict[str, Any] = {"path": [printable(one.entry) for one in result]}
    scores = np.stack([row.scores if row else np.zeros(len(labels), np.float32) for row in rows])
    columns |= {label: pa.array(scores[:, i], mask=~good) for i, label in enumerate(labels)}
    columns["preset"] = [preset if row else None for row in rows]
    columns["warnings"] = [printable(BETWEEN_WARNINGS.join(row.warnings)) if row else None for row in rows]
    columns["features"] = pa.array([row.features if row else None for row in rows], pa.list_(pa.float32(), FEATURES))
    columns["kind"] = [failure.kind if failure else None for failure in failures]
    columns["sentence"] = [printable(failure.sentence) if failure else None for failure in failures]
    form = shard_schema(labels, features)
    return pa.table([columns[name] for name in form.names], schema=form)


def printable(text: str) -> str:
    """The text as valid UTF-8: bytes of a file name that are none become `\\udcNN`."""
    return text.encode("utf-8", "backslashreplace").decode()


def write_scores(
    path: Path, shards: Iterable[pa.Table], labels: Sequence[str], features: bool, known: Known | None = None
) -> int:
    """Write the rows of shards, in order, as CSV or Parquet by the ending of `path`; returns how many.

    Args:
        known: the labels that the preset was calibrated for; they get columns of `readings`, the last ones.
    """
    plain, more, count = schema(labels, features), readings.fields(known or {}), 0
    form = pa.schema([*plain, *more])
    with _Parquet(path, form) if path.suffix == ".parquet" else _CSV(path, form) as file:
        for shard in shards:
            rows = shard.filter(pa.compute.is_null(shard["kind"])).select(plain.names)
            file.write(pa.table([*rows.columns, *readings.columns(rows, known or {})], schema=form))
            count += len(rows)
    return count


def write_errors(path: Path, shards: Iterable[pa.Table]) -> int:
    """Write the errors of shards, in order, as CSV; returns how many. Without any, the file holds its header."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(ERROR_COLUMNS)
        for shard in shards:
            found = shard.filter(pa.compute.is_valid(shard["kind"])).select(ERROR_COLUMNS)
            table.writerows(zip(*(column.to_pylist() for column in found.columns), strict=True))
            count += len(found)
    return count


def count(path: Place) -> int:
    """The rows of a finished file."""
    if path.suffix == ".parquet":
        with open_place(path) as file:
            return int(pa.parquet.read_metadata(file).num_rows)
    with open_place(path, "r", encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


class _Parquet:
    def __init__(self, path: Path, form: pa.Schema) -> None:
        self._writer = pa.parquet.ParquetWriter(path, form)
        self.write = self._writer.write_table

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


class _CSV:
    """float32 is written with the fewest digits that read back as the same number."""

    def __init__(self, path: Path, form: pa.Schema) -> None:
        self._file = path.open("wb")
        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow(_flat(form.empty_table()).column_names)
        self._file.write(header.getvalue().encode())

    def write(self, rows: pa.Table) -> None:
        options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
        pa.csv.write_csv(_flat(rows), self._file, options)

    def __enter__(self) -> _CSV:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _flat(rows: pa.Table) -> pa.Table:
    """Features, if there are any, as 1024 columns, the last ones."""
    if "features" not in rows.column_names:
        return rows
    values = np.asarray(rows["features"].combine_chunks().flatten()).reshape(len(rows), FEATURES)
    plain = rows.drop_columns("features")
    return pa.table([*plain.columns, *np.ascontiguousarray(values.T)], [*plain.column_names, *FEATURE_COLUMNS])
