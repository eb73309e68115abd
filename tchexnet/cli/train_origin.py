"""What `tchexnet train --from` may be: a preset, `imagenet`, or a file of weights whose backbone is taken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tchexnet.cli import talk
from tchexnet.presets import preset as presets
from tchexnet.presets import store

if TYPE_CHECKING:
    from tchexnet.training.start import Origin

IMAGENET = "imagenet"


def read(start: str | None) -> Origin | None:
    """What the run starts from; None for random weights.

    Raises:
        PresetError: there is no such preset, or the file cannot be had or is refused.
    """
    from tchexnet.presets import backbones

    if not start:
        return None
    if start != IMAGENET and not Path(start).is_file():
        return presets.read(store.find(start))
    if start == IMAGENET:
        offline = os.environ.get("TCHEXNET_OFFLINE")
        with talk.download(IMAGENET) as tell:
            backbone = backbones.imagenet(
                mirror=os.environ.get("TCHEXNET_MIRROR"), offline=Path(offline) if offline else None, tell=tell
            )
    else:
        backbone = backbones.read(Path(start))
    talk.say(f"starting from the backbone in {backbone.source['file']} ({backbone.source['layout']}); the head is new")
    return backbone
