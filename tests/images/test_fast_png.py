"""The fast way of reading PNG gives what Pillow gives: the same pixels, or the same refusal."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tchexnet.errors import ImageError
from tchexnet.images import fast_png
from tchexnet.images.read import read

SAMPLE = Path(__file__).parents[2] / "hello_world_images" / "mean_chest.png"


def png(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.fixture
def slowly(monkeypatch) -> Callable[[bytes], object]:
    """Reads by Pillow alone: the pixels, or the kind and sentence of the refusal."""

    def way(data: bytes, fast: bool = False) -> object:
        with monkeypatch.context() as changed:
            if not fast:
                changed.setattr(fast_png, "_kornia", None)
            try:
                radiograph = read(data)
            except ImageError as error:
                return error.kind, str(error)
            return radiograph.pixels.tobytes(), radiograph.bit_depth, radiograph.format, radiograph.warnings

    return way


def grey(height: int = 61, width: int = 45) -> Image.Image:
    return Image.open(SAMPLE).convert("L").resize((width, height))


def test_a_plain_grey_png_takes_the_fast_way() -> None:
    found = fast_png.grey_pixels(png(grey()), 61, 45)
    assert found is not None, "kornia-rs is a requirement, and reads this"
    assert np.array_equal(found, np.asarray(grey()))


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


@pytest.mark.parametrize(
    "data",
    [
        png(grey(), exif=exif(6)),
        png(grey(), transparency=3),
        png(grey().convert("1")),
        png(grey().convert("RGBA")),
        png(grey().convert("P")),
        png(Image.fromarray(np.asarray(grey()).astype(np.uint16) * 257)),
        png(grey(), save_all=True, append_images=[grey()]),
        png(grey(20, 20)),
    ],
    ids=["turned", "transparent", "1 bit", "RGBA", "palette", "16 bits", "animated", "small"],
)
def test_every_other_png_is_left_to_pillow(data: bytes, slowly) -> None:
    assert fast_png.grey_pixels(data, 61, 45) is None
    assert slowly(data, fast=True) == slowly(data)


def test_a_text_chunk_changes_nothing(slowly) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "x" * 5000, zip=True)
    assert slowly(png(grey(), pnginfo=notes), fast=True) == slowly(png(grey()))


def damaged(whole: bytes, dice: random.Random) -> bytes:
    data = bytearray(whole)
    where = dice.randrange(8, len(data))
    match dice.randrange(4):
        case 0:
            del data[where:]
        case 1:
            data[where] ^= 1 << dice.randrange(8)
        case 2:
            del data[where : where + dice.randrange(1, 40)]
        case 3:
            data[where:where] = dice.randbytes(5)
    return bytes(data)


def test_two_thousand_damaged_files_are_read_or_refused_alike(slowly) -> None:
    dice, whole = random.Random(0), png(grey())
    for _ in range(2000):
        data = damaged(whole, dice)
        assert slowly(data, fast=True) == slowly(data)


def test_real_radiographs_are_read_alike(shared_data: Path, slowly) -> None:
    paths = sorted((shared_data / "nih" / "images_1024").glob("*.png"))
    assert len(paths) >= 10
    fast = 0
    for path in paths:
        data = path.read_bytes()
        fast += fast_png.grey_pixels(data, 1024, 1024) is not None
        assert slowly(data, fast=True) == slowly(data)
    assert fast >= len(paths) - 2
