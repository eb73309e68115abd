"""The folder of an unfinished run, beside its output: what it is, who works on it, and the shards that are done.

FILE.tchexnet-job/job.json         what the run is; it may not change when the run goes on
FILE.tchexnet-job/manifest.csv     every entry, in order
FILE.tchexnet-job/shards/N.parquet the outcomes of a shard; each appears whole or not at all
FILE.tchexnet-job/lock             held while a run works here; the system lets go of it when the run dies
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import filelock
import pyarrow as pa
import pyarrow.parquet

from tchexnet.errors import DataError
from tchexnet.scoring import tables
from tchexnet.scoring.readings import Known
from tchexnet.scoring.shards import Shards
from tchexnet.scoring.storage import Place, Url

ENDING = ".tchexnet-job"
Where = TypeVar("Where", Path, Url, Path | Url)
_LOCK, _IDENTITY, _MANIFEST, _SHARDS = "lock", "job.json", "manifest.csv", "shards"


class Job:
    """An unfinished run whose lock is held; made by `working_on`."""

    def __init__(self, out: Path, folder: Path) -> None:
        self.out, self.folder = out, folder
        self.manifest = folder / _MANIFEST
        self.shared_manifest = self.manifest.absolute()
        self.kept = Shards((folder / _SHARDS).absolute())
        (folder / _SHARDS).mkdir(exist_ok=True)

    @property
    def identity(self) -> dict[str, Any] | None:
        """What the run is, or None where it has not been said yet."""
        path = self.folder / _IDENTITY
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def begin(self, identity: dict[str, Any]) -> None:
        """Say what the run is; the manifest has been written."""
        text = json.dumps(identity, indent=2) + "\n"
        _replace(self.folder / _IDENTITY, lambda partial: partial.write_text(text, "utf-8"))

    def check(self, identity: dict[str, Any]) -> None:
        """Raise DataError where the run was begun as another one, naming the first difference."""
        check_same(self.identity or {}, identity, self.out, self.folder)

    def done(self, count: int, size: int) -> dict[int, int]:
        """Which shards of `size` entries, out of `count`, are there, and how many errors each holds.

        One that cannot be read in full is deleted, and so computed again.
        """
        found = {}
        for number in range(-(-count // size)):
            path = self._shard(number)
            rows, errors = _counts(path)
            if rows == min(size, count - number * size):
                found[number] = errors
            else:
                path.unlink(missing_ok=True)
        return found

    def commit(self, number: int, table: pa.Table) -> None:
        """Keep a shard: on disk, whole, under its own name, before this returns."""
        _replace(self._shard(number), lambda partial: pa.parquet.write_table(table, partial))

    def shards(self) -> Iterator[pa.Table]:
        """The shards in order."""
        for path in sorted((self.folder / _SHARDS).glob("*.parquet")):
            yield pa.parquet.read_table(path)

    def finish(self, labels: list[str], features: bool, known: Known | None = None) -> tuple[int, int]:
        """Write the finished files from all shards, the errors first, and delete the folder; (rows, errors).

        Args:
            known: the labels that the preset was calibrated for.
        """
        counts = {}
        errors = errors_path(self.out)

        def write_errors(path: Path) -> None:
            counts["errors"] = tables.write_errors(path, self.shards())

        def write_scores(path: Path) -> None:
            counts["rows"] = tables.write_scores(path, self.shards(), labels, features, known)

        _replace(errors, write_errors, self.folder / errors.name)
        _replace(self.out, write_scores, self.folder / self.out.name)
        shutil.rmtree(self.folder)
        return counts["rows"], counts["errors"]

    def _shard(self, number: int) -> Path:
        return self.folder / _SHARDS / f"{number:08d}.parquet"


def check_same(begun: dict[str, Any], identity: dict[str, Any], out: Place, folder: Place) -> None:
    """Raise DataError where a run was begun as another one, naming the first difference."""
    for key, now in identity.items():
        if begun.get(key) != now:
            raise DataError(
                f"{out} was begun with another {key.replace('_', ' ')}, {_short(begun.get(key))}, and now it "
                f"is {_short(now)}: ask for the same, or delete {folder} to begin anew."
            )


def errors_path(out: Where) -> Where:
    """`scores.csv` -> `scores.errors.csv`."""
    return out.with_name(f"{out.stem}.errors.csv")


def job_folder(out: Where) -> Where:
    """`scores.csv` -> `scores.csv.tchexnet-job`."""
    return out.with_name(out.name + ENDING)


@contextmanager
def working_on(out: Path) -> Iterator[Job]:
    """The job of an output, its lock held.

    Raises:
        DataError: another run works on it, or its folder cannot be written.
    """
    folder = job_folder(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / _LOCK)
        with lock.acquire(blocking=False):
            if not (folder / _LOCK).exists():
                raise DataError(f"Another run on {out} has ended just now; look at it first.")
            yield Job(out, folder)
    except filelock.Timeout:
        raise DataError(f"Another run is working on {out}; wait for it, or give another --out.") from None
    except OSError as error:
        raise DataError(
            f"{out} or its {folder.name} cannot be written ({error.strerror or error}): make room or change the "
            "permissions; what is done is kept, and --resume goes on with it."
        ) from error


def _replace(path: Path, write: Any, partial: Path | None = None) -> None:
    """Let `write` make a file beside `path`, and move it there once all of it is on the disk."""
    partial = partial or path.with_suffix(".partial")
    write(partial)
    _to_disk(partial)
    partial.replace(path)
    if os.name == "posix":
        _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _counts(path: Path) -> tuple[int, int]:
    try:
        kinds = pa.parquet.read_table(path, columns=["kind"])["kind"]
    except (OSError, pa.ArrowException):
        return -1, 0
    return len(kinds), len(kinds) - kinds.null_count


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
