"""The outcomes of shards on a disk or on storage, each under its number: there, or not there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet

from tchexnet.scoring import storage
from tchexnet.scoring.storage import Place

READERS = 16
"""Shards that are fetched at once: storage answers slowly, but many at a time."""

In = TypeVar("In")
Out = TypeVar("Out")


class Shards:
    """A folder of shards. Pickles as its address.

    Args:
        folder: a path, or a URL.
    """

    def __init__(self, folder: Place) -> None:
        self.folder = folder

    def place(self, number: int) -> Place:
        """Where a shard is."""
        return self.folder / f"{number:08d}.parquet"

    def commit(self, number: int, table: pa.Table) -> None:
        """Keep a shard. Who computes it again writes the same, so that it does not matter whose comes last."""
        buffer = io.BytesIO()
        pa.parquet.write_table(table, buffer)
        storage.put(self.place(number), buffer.getvalue())

    def read(self, number: int, columns: list[str] | None = None) -> pa.Table:
        """A shard, or some of its columns."""
        return pa.parquet.read_table(io.BytesIO(storage.get(self.place(number))), columns=columns)

    def errors(self, number: int, count: int) -> int | None:
        """How many of the `count` entries of a shard are errors; None where it is not there, or not whole."""
        try:
            kinds = self.read(number, ["kind"])["kind"]
        except (OSError, pa.ArrowException):
            return None
        return len(kinds) - kinds.null_count if len(kinds) == count else None

    def done(self, count: int, size: int) -> dict[int, int]:
        """Which shards of `size` entries, out of `count`, are there, and how many errors each holds."""
        numbers = range(-(-count // size))
        lengths = (min(size, count - number * size) for number in numbers)
        found = _ahead(lambda shard: (shard[0], self.errors(*shard)), zip(numbers, lengths, strict=True))
        return {number: errors for number, errors in found if errors is not None}

    def all(self, count: int) -> Iterator[pa.Table]:
        """The first `count` shards, in order."""
        return _ahead(self.read, range(count))


def _ahead(do: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
    """What `do` makes of each, in order, of a few at once."""
    items = iter(items)
    with ThreadPoolExecutor(READERS, thread_name_prefix="shards") as pool:
        while part := list(islice(items, READERS)):
            yield from pool.map(do, part)
