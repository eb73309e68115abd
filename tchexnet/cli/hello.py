"""What the three hello scripts share: which images, and what happens to one that is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tchexnet.cli import talk
from tchexnet.errors import ImageError
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read

SAMPLES = "hello_world_images"


def radiographs(script: str) -> Iterator[tuple[str, Radiograph]]:
    """(path as given, radiograph) for each command-line argument, or for each sample that stands beside `script`.

    A refused image is a sentence on stderr; the rest go on, and the script ends with exit code 1.
    """
    refused = 0
    for path in sys.argv[1:] or samples(Path(script).parent / SAMPLES):
        try:
            radiograph = read(path)
        except ImageError as error:
            talk.say(f"error: {error}")
            refused += 1
            continue
        yield path, radiograph
    if refused:
        sys.exit(1)


def samples(folder: Path) -> list[str]:
    """The sample images of a folder, as paths from here."""
    return [os.path.relpath(path) for path in sorted(folder.glob("*")) if path.suffix in (".png", ".dcm")]
