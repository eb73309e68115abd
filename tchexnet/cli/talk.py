"""Talk: what goes to stderr, so that stdout holds data alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

console = Console(stderr=True)


def say(sentence: str) -> None:
    """One line to stderr, as it is."""
    print(sentence, file=sys.stderr, flush=True)


def bar() -> Progress:
    """A progress bar on stderr: done of all, a figure, and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figure]}"),
        TimeRemainingColumn(),
        console=console,
    )


@contextmanager
def download(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr for one download, shown from its first byte on; yields what to tell the bytes to."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None, visible=False)

        def tell(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        yield tell
