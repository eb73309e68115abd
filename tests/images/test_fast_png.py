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


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_plain_png_takes_the_fast_way(mode: str, slowly) -> None:
    image = grey().convert(mode)
    found = fast_png.plain_pixels(png(image), 61, 45)
    assert found is not None, "kornia-rs is a requirement, and reads this"
    assert np.array_equal(found, np.asarray(image)[..., :3] if mode != "L" else np.asarray(image))
    assert slowly(png(image), fast=True) == slowly(png(image))


def coloured() -> Image.Image:
    image = grey().convert("RGB")
    image.paste((255, 0, 0), (5, 5, 30, 30))
    return image


def marked() -> Image.Image:
    image = grey().convert("RGBA")
    image.paste((255, 0, 0, 255), (5, 5, 7, 8))
    return image


@pytest.mark.parametrize("image", [coloured(), marked()], ids=["coloured", "marked"])
def test_colour_is_judged_alike(image: Image.Image, slowly) -> None:
    data = png(image)
    assert fast_png.plain_pixels(data, 61, 45) is not None
    assert slowly(data, fast=True) == slowly(data)
    assert "colour" in str(slowly(data)[-1])


def see_through() -> Image.Image:
    image = grey().convert("RGBA")
    image.putpixel((3, 4), (9, 9, 9, 254))
    return image


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
        png(see_through()),
        png(grey().convert("LA")),
        png(grey().convert("RGB"), transparency=(3, 3, 3)),
        png(grey().convert("P")),
        png(Image.fromarray(np.asarray(grey()).astype(np.uint16) * 257)),
        png(grey(), save_all=True, append_images=[grey()]),
        png(grey(20, 20)),
    ],
    ids=[
        "turned",
        "transparent grey",
        "1 bit",
        "a transparent pixel",
        "grey and alpha",
        "transparent colour",
        "palette",
        "16 bits",
        "animated",
        "small",
    ],
)
def test_every_other_png_is_left_to_pillow(data: bytes, slowly) -> None:
    assert fast_png.plain_pixels(data, 61, 45) is None
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


@pytest.mark.parametrize(("mode", "count"), [("L", 2000), ("RGB", 500), ("RGBA", 500)])
def test_damaged_files_are_read_or_refused_alike(mode: str, count: int, slowly) -> None:
    dice, whole = random.Random(0), png(grey().convert(mode))
    for _ in range(count):
        data = damaged(whole, dice)
        assert slowly(data, fast=True) == slowly(data)


def test_real_radiographs_are_read_alike(shared_data: Path, slowly) -> None:
    paths = sorted((shared_data / "nih" / "images_1024").glob("*.png"))
    assert len(paths) >= 10
    for path in paths:
        data = path.read_bytes()
        assert fast_png.plain_pixels(data, 1024, 1024) is not None
        assert slowly(data, fast=True) == slowly(data)
