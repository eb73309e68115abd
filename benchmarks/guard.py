"""What the input guard of a preset warns about: good radiographs, disturbed ones, and what is no chest at all.

    python benchmarks/guard.py --data ../shared/data/nih --children ../shared/data/kermany --write docs/explain.md

The limits stand in the preset (tchexnet presets guard); nothing is chosen here. Disturbed copies are made of every
fourth validation image; the test list serves the false alarms alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pages
import pydicom
import skimage
from PIL import Image

import tchexnet
from tchexnet.classifier import Classifier
from tchexnet.datasets import nih
from tchexnet.datasets.records import Records
from tchexnet.errors import ImageError
from tchexnet.evaluation.localization import share
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.presets import guard, guarding

ROOT = Path(__file__).parents[1]
EVERY, NOISE, BATCH = 4, 100, 64
PHOTOGRAPHS = (".png", ".jpg")

DISTURBED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    **guarding.DISTURBED,
    "top to bottom (mirrored; not taught)": lambda pixels: pixels[::-1],
    "turned by 45 degrees (not taught)": lambda pixels: oblique(pixels),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--children", type=Path, required=True, help="the folder of paediatric radiographs")
    parser.add_argument("--presets", nargs="+", default=["chexnet", "tchexnet"])
    parser.add_argument("--most", type=int, help="radiographs of a set, for a quick look; all by default")
    parser.add_argument("--write", type=Path, help="the page whose marked places take the tables")
    arguments = parser.parse_args()
    for name in arguments.presets:
        text = table(tchexnet.load(name), arguments.data, arguments.children, arguments.most)
        print(f"## {name}\n\n{text}\n")
        if arguments.write:
            pages.put(arguments.write, f"guard {name}", text)


def table(classifier: Classifier, data: Path, children: Path, most: int | None) -> str:
    """The Markdown table of one preset."""
    made = guard.read(classifier.preset)
    if made is None:
        raise SystemExit(f"{classifier.name} has no guard; fit one: tchexnet presets guard {classifier.name}")
    lines = ["| images | n | warned [95% interval] | by distance | by turn |", "|---|--:|---|--:|--:|"]
    for title, radiographs in sets(classifier, data, children, most):
        flags = made.flags(features(classifier, radiographs))
        either = share([bool(row.any()) for row in flags])
        far, turned = (int(column.sum()) for column in flags.T)
        interval = f"{100 * either.value:.1f}% [{100 * either.low:.1f}, {100 * either.high:.1f}]"
        lines.append(f"| {title} | {len(flags)} | {interval} | {far} | {turned} |")
    return "\n".join(lines)


def sets(
    classifier: Classifier, data: Path, children: Path, most: int | None
) -> Iterator[tuple[str, list[Radiograph]]]:
    """(what it is, the radiographs), one set in memory at a time."""
    _, valid = guarding.parts(classifier.preset, nih.read(data, "train_val_list.txt"))
    held = radiographs(valid, most)
    yield "validation images, on which the limits were set", held
    yield "test list", radiographs(nih.read(data, "test_list.txt"), most)
    for name, change in DISTURBED.items():
        yield f"validation images, {name}", [guarding.changed(one, change) for one in held[::EVERY]]
    yield "photographs and drawings of scikit-image, made grey", list(photographs())
    random = np.random.default_rng(0)
    yield "uniform noise", [read(random.random((256, 256), np.float32)) for _ in range(NOISE)]
    yield "smooth noise, 8 x 8 enlarged", [read(smooth(random)) for _ in range(NOISE)]
    yield "slices and other images of pydicom, as grey arrays", list(slices())
    yield (
        "children (Kermany): a shift, not an error",
        [read(p) for p in sorted((children / "images").glob("*"))[::8][:most]],
    )
    yield (
        "the hello image, PNG and DICOM",
        [read(ROOT / "hello_world_images" / f"mean_chest.{s}") for s in ("png", "dcm")],
    )


def features(classifier: Classifier, images: list[Radiograph]) -> np.ndarray:
    parts = [classifier.forward(images[i : i + BATCH]).features for i in range(0, len(images), BATCH)]
    return np.concatenate(parts)


def radiographs(records: Records, most: int | None) -> list[Radiograph]:
    return [read(records.path(row)) for row in range(len(records))[:most]]


def oblique(pixels: np.ndarray) -> np.ndarray:
    """Turned by 45 degrees, black outside."""
    image = Image.fromarray(np.ascontiguousarray(pixels)).rotate(45, Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)


def photographs() -> Iterator[Radiograph]:
    """Every picture that scikit-image ships and that `read` accepts once it is grey."""
    for path in sorted((Path(skimage.__file__).parent / "data").glob("*")):
        if path.suffix in PHOTOGRAPHS:
            with Image.open(path) as image:
                yield from readable(np.asarray(image.convert("L")))


def smooth(random: np.random.Generator) -> np.ndarray:
    coarse = Image.fromarray(random.random((8, 8), np.float32))
    return np.clip(np.asarray(coarse.resize((256, 256), Image.Resampling.BICUBIC)), 0, 1)


def slices() -> Iterator[Radiograph]:
    """The pixels of pydicom's bundled files, whatever their modality; `read` itself refuses all files but one."""
    for path in sorted((Path(pydicom.__file__).parent / "data" / "test_files").glob("*.dcm")):
        try:
            pixels = np.squeeze(pydicom.dcmread(path).pixel_array).astype(np.float32)
        except Exception as error:  # these files are meant to be hard; what cannot be decoded is no input
            print(f"left out: {path.name} ({type(error).__name__})")
            continue
        if pixels.ndim == 2 and np.ptp(pixels) > 0:
            yield from readable((pixels - pixels.min()) / np.ptp(pixels))


def readable(pixels: np.ndarray) -> Iterator[Radiograph]:
    try:
        yield read(pixels)
    except ImageError:
        return


if __name__ == "__main__":
    main()
