"""Talk: what goes to stderr, so that stdout holds data alone."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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
