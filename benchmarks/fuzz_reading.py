"""Does reading survive damaged files? Mutate real ones, and count what comes of them.

    python benchmarks/fuzz_reading.py --data ../shared/data/nih --count 10000

Each mutation starts from a real file: NIH radiographs as PNG, JPEG and TIFF, DICOM made from them in every transfer
syntax that can be written here, and pydicom's bundled files, their modality set to DX so that the pixels are reached. A
few bytes are changed, a stretch is cut, doubled or zeroed, or the end is lost. `read` must give a Radiograph or an
ImageError: any other exception, a crash, more than 5 seconds of CPU or more than 1 GB of memory fails the command.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from tchexnet.errors import ImageError
from tchexnet.images.read import read

ROOT = Path(__file__).parents[1]
MOST_SECONDS, MOST_BYTES = 5.0, 10**9
_SIDE = 128


def main() -> int:
    """Run; 0 where every mutation was read or refused within the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/nih", help="the NIH folder")
    parser.add_argument("--synthetic", action="store_true", help="a drawn image instead of the NIH folder")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    seeds = list(seed_files(None if options.synthetic else options.data))
    return fuzz(seeds, options.count, random.Random(options.seed))


def fuzz(seeds: list[tuple[str, bytes]], count: int, rng: random.Random) -> int:
    """Mutate `count` times, print the tally, and return the exit status."""
    tally: Counter[str] = Counter()
    slowest = (0.0, "")
    faults = []
    for index in range(count):
        name, data = seeds[index % len(seeds)]
        mutated = mutate(data, rng)
        start = time.process_time()
        try:
            read(mutated)
            tally["read"] += 1
        except ImageError as error:
            tally[error.kind] += 1
        except BaseException as error:  # the point of the exercise
            faults.append(f"{index} {name}: {type(error).__name__}: {error}")
        slowest = max(slowest, (time.process_time() - start, f"{index} {name}"))
    peak = peak_bytes()
    print(f"{count} mutated files from {len(seeds)} seeds: {len(faults)} other exceptions")
    print(", ".join(f"{kind} {number}" for kind, number in tally.most_common()))
    print(f"slowest {slowest[0]:.2f} s of CPU ({slowest[1]}), peak memory {peak / 1e6:.0f} MB")
    print("\n".join(faults[:20]), file=sys.stderr)
    return int(bool(faults) or slowest[0] > MOST_SECONDS or peak > MOST_BYTES)


def peak_bytes() -> int:
    """The most memory that this process held. Linux's ru_maxrss would count what its parent held when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to three damages, half of them within the first 2,000 bytes, where the headers are."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        size = len(damaged)
        if size < 2:
            break
        at = rng.randrange(min(size, 2000)) if rng.random() < 0.5 else rng.randrange(size)
        length = min(rng.choice((1, 1, 2, 4, 8, 64, 4096)), size - at)
        kind = rng.choice(("change", "change", "change", "flip", "zero", "fill", "cut", "double", "end"))
        stretch = bytes(damaged[at : at + length])
        damaged[at : at + length] = {
            "change": rng.randbytes(length),
            "flip": bytes([stretch[0] ^ (1 << rng.randrange(8))]) + stretch[1:],
            "zero": bytes(length),
            "fill": b"\xff" * length,
            "cut": b"",
            "double": stretch * 2,
            "end": stretch,
        }[kind]
        if kind == "end":
            del damaged[at:]
    return bytes(damaged)


def seed_files(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file to start from."""
    for number, grey in enumerate(images(folder)):
        picture = Image.fromarray(grey)
        deep = Image.fromarray(grey.astype(np.uint16) * 16)
        for kind, image, options in (
            ("PNG", picture, {}),
            ("PNG", deep, {}),
            ("PNG", picture.convert("RGBA"), {}),
            ("PNG", picture.convert("P"), {}),
            ("JPEG", picture, {}),
            ("JPEG", picture.convert("RGB"), {"progressive": True}),
            ("TIFF", deep, {}),
            ("TIFF", picture, {"compression": "tiff_lzw"}),
            ("TIFF", picture.convert("RGB"), {"compression": "jpeg"}),
        ):
            buffer = io.BytesIO()
            image.save(buffer, kind, **options)
            yield f"{number}.{kind}", buffer.getvalue()
        yield from dicom_files(number, grey)
    yield from pydicom_files()


def images(folder: Path | None) -> list[np.ndarray]:
    """(128, 128) uint8: twelve NIH radiographs, or one drawing."""
    if folder is None:
        y, x = np.mgrid[0:1:128j, -1:1:128j]
        return [np.uint8(255 * (0.5 + 0.5 * np.sin(6 * x) * y))]
    paths = sorted((folder / "images").glob("*.png"))
    chosen = paths[:: max(1, len(paths) // 12)][:12]
    return [np.asarray(Image.open(path).convert("L").resize((_SIDE, _SIDE))) for path in chosen]


def dicom_files(number: int, grey: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """DICOM in every syntax, by the writers of the tests."""
    from pydicom import uid

    from tests.images.dicom_files import NATIVE, compressed, dataset, encapsulated, lut, written
    from tests.images.lossless_jpeg import lossless_jpeg

    deep = grey.astype(np.uint16) * 16
    table = lut(np.arange(4096), 0, 12)
    for syntax in NATIVE:
        yield f"{number}.{syntax.keyword}", written(dataset(deep, 12, syntax, VOILUTSequence=table))
    for syntax, plugin in (
        (uid.RLELossless, "pydicom"),
        (uid.JPEGLSLossless, "pyjpegls"),
        (uid.JPEG2000Lossless, "pylibjpeg"),
    ):
        yield f"{number}.{syntax.keyword}", written(compressed(deep, 12, syntax, plugin, WindowCenter=9, WindowWidth=9))
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG")
    yield f"{number}.JPEGBaseline", written(encapsulated(buffer.getvalue(), grey, 8, uid.JPEGBaseline8Bit))
    for syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1):
        frame = lossless_jpeg(deep, 12)
        yield f"{number}.{syntax.keyword}", written(encapsulated(frame, deep, 12, syntax))


def pydicom_files() -> Iterator[tuple[str, bytes]]:
    """pydicom's bundled DICOM files; those with a modality come a second time as DX."""
    import pydicom

    folder = Path(pydicom.__file__).parent / "data/test_files"
    for path in sorted(folder.glob("*.dcm")):
        data = path.read_bytes()
        yield path.name, data
        for other in (b"CT", b"MR", b"US", b"NM"):
            tag = b"\x08\x00\x60\x00CS\x02\x00"
            if tag + other in data:
                yield f"{path.name} as DX", data.replace(tag + other, tag + b"DX", 1)


if __name__ == "__main__":
    sys.exit(main())
