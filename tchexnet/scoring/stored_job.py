"""The folder of an unfinished run whose output is on storage: what `job.py` keeps on a disk, by URL.

Object storage has no rename and no lock that ends with its holder. Neither is missed: an object appears whole,
under its own name; and a shard depends on the run's identity alone, which is written once. Two runs that ask for the
same on one output waste work, but write the same bytes; two that ask for different things refuse each other.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from tchexnet.scoring import job as jobs
from tchexnet.scoring import storage, tables
from tchexnet.scoring.readings import Known
from tchexnet.scoring.shards import Shards
from tchexnet.scoring.storage import Url


class StoredJob:
    """An unfinished run; made by `working_on`. The words are those of `job.Job`.

    Args:
        out: the output.
        folder: of the run, on storage.
        scratch: a folder of this machine for the manifest and the finished files.
    """

    def __init__(self, out: Url, folder: Url, scratch: Path) -> None:
        self.out, self.folder, self._scratch = out, folder, scratch
        self.kept = Shards(folder / "shards")
        self.manifest = scratch / "manifest.csv"
        if self.identity is not None:
            self._fetch_manifest()

    @property
    def identity(self) -> dict[str, Any] | None:
        """What the run is, or None where it has not been said yet."""
        try:
            return json.loads(storage.get(self.folder / "job.json"))
        except FileNotFoundError:
            return None

    @property
    def shared_manifest(self) -> Url:
        """Where every machine finds the manifest. Its name says its content, so that two runs do not mix theirs."""
        return self.folder / f"manifest-{(self.identity or {})['manifest_sha256'][:16]}.csv"

    def begin(self, identity: dict[str, Any]) -> None:
        """Say what the run is, unless another has said so just now.

        Raises:
            DataError: another has, and it is another run.
        """
        storage.upload(self.manifest, self.folder / f"manifest-{identity['manifest_sha256'][:16]}.csv")
        if not storage.put_new(self.folder / "job.json", (json.dumps(identity, indent=2) + "\n").encode()):
            self.check(identity)

    def check(self, identity: dict[str, Any]) -> None:
        """Raise DataError where the run was begun as another one, naming the first difference."""
        jobs.check_same(self.identity or {}, identity, self.out, self.folder)

    def done(self, count: int, size: int) -> dict[int, int]:
        """Which shards of `size` entries, out of `count`, are there, and how many errors each holds."""
        return self.kept.done(count, size)

    def commit(self, number: int, table: pa.Table) -> None:
        """Keep a shard: whole, under its own name, before this returns."""
        self.kept.commit(number, table)

    def finish(self, labels: list[str], features: bool, known: Known | None = None) -> tuple[int, int]:
        """Write the finished files from all shards, the errors first, and delete the folder; (rows, errors)."""
        identity = self.identity or {}
        count = -(-identity["count"] // identity["shard"])
        errors, scores = self._scratch / "errors.csv", self._scratch / f"scores{self.out.suffix}"
        bad = tables.write_errors(errors, self.kept.all(count))
        good = tables.write_scores(scores, self.kept.all(count), labels, features, known)
        storage.upload(errors, jobs.errors_path(self.out))
        storage.upload(scores, self.out)
        system, path = storage.located(self.folder)
        system.rm(path, recursive=True)
        return good, bad

    def _fetch_manifest(self) -> None:
        system, path = storage.located(self.shared_manifest)
        system.get_file(path, str(self.manifest))


@contextmanager
def working_on(out: Url) -> Iterator[StoredJob]:
    """The job of an output on storage.

    Raises:
        DataError: it cannot be reached.
    """
    with storage.reaching(out), tempfile.TemporaryDirectory(prefix="tchexnet-") as scratch:
        yield StoredJob(out, jobs.job_folder(out), Path(scratch))
