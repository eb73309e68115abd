"""Many batches at once: a worker reads, prepares and infers one batch from end to end, while the others do theirs.

Reading, the recipe and inference all let go of Python's lock, and a stream of the engine is one thread, so the workers
overlap without queues between the steps: a core that finishes one thing takes up the next. Results come in the order of
the entries; at most `AHEAD` batches a worker are begun before the first is taken, so memory does not grow with them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from tchexnet.classifier import Classifier
from tchexnet.scoring.batch import Result, opened, score_batch
from tchexnet.scoring.opening import Opener

AHEAD = 2
Shard = tuple[int, Sequence[str]]


class Plan(NamedTuple):
    """How entries are worked on.

    Args:
        batch: entries in a batch.
        workers: batches at once.
        opener: opens entries.
    """

    batch: int
    workers: int
    opener: Opener = Opener()


def default_workers(cores: int) -> int:
    """One a core, and two more that go on while others wait for a disk or for Python's lock."""
    return cores + 2


def score_shards(
    classifier: Classifier,
    shards: Iterable[Shard],
    plan: Plan,
    tell: Callable[[Result], None] = lambda result: None,
) -> Iterator[tuple[int, Result]]:
    """(number, outcomes) of each shard, in order.

    Args:
        tell: called with the outcomes of each batch.
    """
    for number, batches in groupby(score_batches(classifier, shards, plan), key=itemgetter(0)):
        done: Result = []
        for _, result in batches:
            tell(result)
            done += result
        yield number, done


def score_batches(classifier: Classifier, shards: Iterable[Shard], plan: Plan) -> Iterator[tuple[int, Result]]:
    """(number of its shard, outcomes) of each batch, in order."""
    waiting: deque[tuple[int, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(plan.workers, thread_name_prefix="scoring")
    try:
        for number, entries in _cut(shards, plan.batch):
            # Here, not in the pool: a compressed archive is read fast only from its beginning to its end.
            sources = [opened(plan.opener, entry) for entry in entries]
            waiting.append((number, pool.submit(score_batch, classifier, entries, sources, plan.batch)))
            if len(waiting) >= AHEAD * plan.workers:
                yield _taken(waiting)
        while waiting:
            yield _taken(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        plan.opener.close()


def _cut(shards: Iterable[Shard], size: int) -> Iterator[Shard]:
    for number, entries in shards:
        for first in range(0, len(entries), size):
            yield number, entries[first : first + size]


def _taken(waiting: deque[tuple[int, Future[Result]]]) -> tuple[int, Result]:
    number, future = waiting.popleft()
    return number, future.result()
