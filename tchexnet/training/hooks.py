"""What a run tells the edge while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tchexnet.training.stages import Stage


@dataclass(frozen=True)
class Hooks:
    """What the edge wants to hear; the loop itself prints nothing.

    Args:
        on_step: (stage, epoch, step, steps, mean loss so far).
        on_epoch: the new row of the log.
        on_read: (images read, images in all).
        on_cache: (images run through the frozen layers, images in all).
        on_note: a sentence that the user should know.
    """

    on_step: Callable[[Stage, int, int, int, float], None] = lambda *_: None
    on_epoch: Callable[[dict[str, Any]], None] = lambda row: None
    on_read: Callable[[int, int], None] = lambda done, total: None
    on_cache: Callable[[int, int], None] = lambda done, total: None
    on_note: Callable[[str], None] = lambda sentence: None
