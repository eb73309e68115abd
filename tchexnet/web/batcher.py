"""One thread at the engine, and whoever waits together is served together.

An engine uses every core for one batch, and several images in a batch take less time than one by one, so the thread
takes all that has gathered while it was busy. Nobody waits for company: an image alone goes alone.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

MOST = 16


class _Job(NamedTuple):
    work: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    future: Future[Any]


class Batcher:
    """Runs `work(items)` on its own thread; items that wait for the same work share a call, in order of arrival."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: deque[_Job] = deque()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Sequence[Any]], Sequence[Any]], item: Any) -> Future[Any]:
        """The future of `work([..., item, ...])` at the item's place."""
        future: Future[Any] = Future()
        self._queue.put(_Job(work, item, future))
        return future

    def close(self) -> None:
        """Finish what was taken, and stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while self._gather():
            batch = self._next_batch()
            taken = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if taken:
                _serve(taken)

    def _gather(self) -> bool:
        """Move what has arrived to `_waiting`; wait only if there is nothing to do. False when all is done."""
        while True:
            try:
                job = self._queue.get(block=self._open and not self._waiting)
            except queue.Empty:
                return bool(self._waiting)
            if job is None:
                self._open = False
            else:
                self._waiting.append(job)

    def _next_batch(self) -> list[_Job]:
        work = self._waiting[0].work
        batch: list[_Job] = []
        others: deque[_Job] = deque()
        for job in self._waiting:
            fits = job.work == work and len(batch) < self._most
            (batch if fits else others).append(job)
        self._waiting = others
        return batch


def _serve(jobs: list[_Job]) -> None:
    try:
        results = jobs[0].work([job.item for job in jobs])
    except BaseException as error:  # whatever it is, those who wait must hear of it
        for job in jobs:
            job.future.set_exception(error)
        return
    for job, result in zip(jobs, results, strict=True):
        job.future.set_result(result)
