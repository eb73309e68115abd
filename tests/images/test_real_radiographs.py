"""No real radiograph is refused. The NIH images lie beside the checkout on a developer's machine."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tchexnet.errors import ImageError
from tchexnet.images.read import read


def refusals(paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        try:
            read(path)
        except ImageError as error:
            found.append(str(error))
    return found


def test_a_few_hundred_are_read(nih: Path) -> None:
    paths = sorted((nih / "images").glob("*.png"))[::50] + sorted((nih / "images_384").glob("*.jpg"))[::10]
    assert len(paths) > 300
    assert refusals(paths) == []


def test_the_untouched_originals_are_read_exactly(nih: Path) -> None:
    for path in sorted((nih / "images_1024").iterdir()):
        image = read(path)
        grey = np.asarray(Image.open(path).convert("L"))
        assert (image.pixels.shape, image.bit_depth) == ((1024, 1024), 8)
        np.testing.assert_allclose(image.pixels, grey / 255, atol=1e-6)


@pytest.mark.slow
def test_all_are_read_and_few_are_warned_about(nih: Path) -> None:
    paths = sorted((nih / "images").glob("*.png"))
    assert len(paths) == 14633
    warned = sum(bool(read(path).warnings) for path in paths)
    assert warned / len(paths) < 0.002
