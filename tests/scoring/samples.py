"""Files for scoring: readable ones, made from the repository's sample and different from each other; and faults."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parents[2] / "hello_world_images" / "mean_chest.png"
FAULTS = {
    "empty.png": "empty",
    "text.png": "not an image",
    "page.png": "not an image",
    "cut.png": "truncated",
    "damaged.png": "truncated",
    "bomb.png": "too large",
    "photo.jpg": "coloured",
    "black.png": "near-black",
    "grey.png": "constant",
    "thumbnail.png": "too small",
    "gone.png": "missing",
    "loop.png": "unreadable",
}
"""File name to the kind of error that it gives."""


def chest(seed: int, side: int = 96) -> Image.Image:
    """The mean chest with noise of its own: no two are alike."""
    pixels = np.asarray(Image.open(SAMPLE).convert("L").resize((side, side)), np.float32)
    noise = np.random.default_rng(seed).normal(0, 8, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def make_folder(folder: Path, count: int, faults: bool = True) -> Path:
    """`count` radiographs in two levels of folders, and one file of each fault among them."""
    for i in range(count):
        place = folder / ("b" if i % 3 else "a") / f"{i:03d}{'.png' if i % 2 else '.jpg'}"
        place.parent.mkdir(parents=True, exist_ok=True)
        chest(i).save(place)
    if faults:
        make_faults(folder / "a", (folder / "a" / "000.jpg").read_bytes())
    (folder / ".hidden.png").write_bytes(b"not ours")
    return folder


def make_faults(folder: Path, good: bytes) -> None:
    """The files of `FAULTS`."""
    whole = _png(chest(0))
    contents = {
        "empty.png": b"",
        "text.png": b"these are words\n",
        "page.png": b"<html>404</html>",
        "cut.png": whole[: len(whole) // 2],
        "damaged.png": whole[:200] + bytes(50) + whole[250:],
        "bomb.png": _bomb(),
        "thumbnail.png": _png(chest(0, 16)),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    colours = np.random.default_rng(0).integers(0, 255, (90, 90, 3)).astype(np.uint8)
    Image.fromarray(colours).save(folder / "photo.jpg")
    Image.fromarray(colours[..., 0] % 11).save(folder / "black.png")
    Image.fromarray(np.full((90, 90), 128, np.uint8)).save(folder / "grey.png")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "loop.png").symlink_to("loop.png")


def _png(image: Image.Image) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _bomb() -> bytes:
    """A PNG of a few hundred bytes whose header asks for 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(60_001 * 8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def files_below(folder: Path) -> list[str]:
    """Every file below but hidden ones, in the order of a scan: a folder's own files before its folders."""
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [str(Path(place, name)) for name in sorted(names) if not name.startswith(".")]
    return found
