"""Which library decodes a radiograph fastest, and does it give the recipe's pixels? The same of the recipe's resize.

    python benchmarks/decoders.py --data ../shared/data/nih

Milliseconds of one core for a file in memory to an array, against `images.read`'s grey values. A library that is not
installed is said to be so: pip install opencv-python-headless imagecodecs 'pyvips[binary]' PyTurboJPEG.
"""

from __future__ import annotations

import argparse
import importlib
import io
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from tchexnet.images.read import read
from tchexnet.images.resampling import resize

Decoder = Callable[[bytes], Any]


def decoders(kind: str) -> dict[str, tuple[str, Callable[[Any], Decoder]]]:
    """Name to (the package, module -> decoder)."""

    def opencv(cv2: Any) -> Decoder:
        cv2.setNumThreads(1)
        return lambda data: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)

    def vips(pyvips: Any) -> Decoder:
        return lambda data: pyvips.Image.new_from_buffer(data, "").numpy()

    def turbo(turbojpeg: Any) -> Decoder:
        jpeg = turbojpeg.TurboJPEG()
        return lambda data: jpeg.decode(data, pixel_format=turbojpeg.TJPF_GRAY)[..., 0]

    def kornia(module: Any) -> Decoder:
        def decode(data: bytes) -> Any:
            size = int.from_bytes(data[20:24]), int.from_bytes(data[16:20])
            if data[25] == 6:  # the colour type: RGBA
                return module.decode_image_png_u8(data, size, "rgba")
            return module.decode_image_png_u8(data, size, "mono")[..., 0]

        return decode

    pillow = PngImageFile if kind == "png" else JpegImageFile
    found: dict[str, tuple[str, Callable[[Any], Decoder]]] = {
        "Pillow": ("PIL", lambda _: lambda data: np.asarray(pillow(io.BytesIO(data)))),
        "OpenCV": ("cv2", opencv),
        "pyvips": ("pyvips", vips),
    }
    if kind == "png":
        return found | {
            "imagecodecs libpng": ("imagecodecs", lambda module: module.png_decode),
            "imagecodecs spng": ("imagecodecs", lambda module: module.spng_decode),
            "kornia-rs": ("kornia_rs.io", kornia),
        }
    return found | {
        "imagecodecs": ("imagecodecs", lambda module: module.jpeg8_decode),
        "PyTurboJPEG": ("turbojpeg", turbo),
    }


def milliseconds(work: Callable[[Any], Any], images: list[Any], rounds: int) -> float:
    """Median over the rounds of the processor time an image."""
    work(images[0])
    times = []
    for _ in range(rounds):
        began = time.process_time()
        for image in images:
            work(image)
        times.append(1000 * (time.process_time() - began) / len(images))
    return statistics.median(times)


def difference(decode: Decoder, files: list[bytes], kind: str) -> int:
    """The largest difference of a grey value from Pillow's, of 255."""
    reference = decoders(kind)["Pillow"][1](None)
    return max(int(abs(decode(data).astype(int) - reference(data).astype(int)).max()) for data in files)


def compare(kind: str, files: list[bytes], rounds: int, what: str = "") -> None:
    print(f"\n{kind}{what}, {len(files)} files, {np.mean([len(data) for data in files]) / 1024:.0f} KiB on average")
    for name, (module, make) in decoders(kind).items():
        try:
            decode = make(importlib.import_module(module))
        except (ImportError, RuntimeError) as error:
            print(f"  {name:20s} not measured: {str(error).splitlines()[0]}")
            continue
        off, cost = difference(decode, files, kind), milliseconds(decode, files, rounds)
        print(f"  {name:20s} {cost:6.2f} ms  largest difference {off} of 255", flush=True)


def compare_resize(pngs: list[bytes], rounds: int) -> None:
    """The recipe's resize to 224 px against Pillow's, of the radiographs and of noise as large as a detector's."""
    originals = [read(data).pixels for data in pngs]
    large = np.random.default_rng(0).random((3050, 2539), np.float32)
    for what, images in (("1024 x 1024", originals), ("3050 x 2539", [large])):
        by_pillow, ours = (milliseconds(way, images, rounds) for way in (pillow_resized, resized))
        off = max(float(abs(resized(image) - pillow_resized(image)).max()) for image in images)
        print(
            f"\nresize, {what}: Pillow {by_pillow:.2f} ms, the recipe {ours:.2f} ms, largest difference {off:.0e} of 1"
        )


def resized(pixels: Any) -> Any:
    return resize(pixels, 224, 224, "bilinear")


def pillow_resized(pixels: Any) -> Any:
    return np.asarray(Image.fromarray(pixels).resize((224, 224), Image.Resampling.BILINEAR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder, with images_1024/ and images_384/")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in ("pillow", "kornia-rs", "numpy"))
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {versions}")
    pngs = [path.read_bytes() for path in sorted((options.data / "images_1024").glob("*.png"))]
    grey = [data for data in pngs if Image.open(io.BytesIO(data)).mode == "L"]
    compare("png", grey, options.rounds, ", grey")
    compare("png", [data for data in pngs if data not in grey], options.rounds, ", RGBA")
    jpegs = [path.read_bytes() for path in sorted((options.data / "images_384").iterdir())[:100]]
    compare("jpeg", jpegs, options.rounds)
    compare_resize(pngs, options.rounds)


if __name__ == "__main__":
    main()
