"""How often does reading refuse, or warn about, a good radiograph, and how often does it notice a turned one?

    python benchmarks/reading_checks.py --data ../shared/data/nih        the rates in docs/reliability.md, two minutes
    python benchmarks/reading_checks.py --data ../shared/data/nih --fit  weights for tchexnet/images/upright.py
    python benchmarks/reading_checks.py --pydicom                        pydicom's bundled files: read or refused

The data folder holds images/, train_val_list.txt and test_list.txt as NIH ships them; any other folder of images is
read too, without the split into lists.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from tchexnet.errors import ImageError
from tchexnet.images import upright
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read

SUFFIXES = {".png", ".jpg", ".jpeg", ".dcm"}
VALIDATION_PATIENTS = 5  # of those of train_val, every fifth patient chooses the limits and is not fitted


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with images/ and the NIH lists, or just images")
    parser.add_argument("--fit", action="store_true", help="fit the orientation weights instead of measuring them")
    parser.add_argument("--pydicom", action="store_true", help="print the table of pydicom's bundled files")
    options = parser.parse_args()
    if options.pydicom:
        print(pydicom_table())
    if options.data and options.fit:
        fit(options.data)
    elif options.data:
        measure(options.data)


def measure(folder: Path) -> None:
    """Read every image, then its inverted and its upside-down copy, and print the shares that warn."""
    paths = image_paths(folder)
    refused: Counter[str] = Counter()
    rows: list[tuple[bool, ...]] = []
    names: list[str] = []
    seconds = 0.0
    for path in paths:
        try:
            image = read(path)
        except ImageError as error:
            refused[error.kind] += 1
            continue
        start = time.process_time()
        upright.with_orientation_warnings(image)
        seconds += time.process_time() - start
        rows.append(alarms(image.pixels) + alarms(1 - image.pixels) + alarms(image.pixels[::-1]))
        names.append(path.name)
    print(f"{len(paths)} images in {folder.name}: {len(rows)} read, {sum(refused.values())} refused {dict(refused)}")
    print(f"orientation check: {seconds / len(rows) * 1e6:.0f} us of CPU an image")
    report("all images", np.array(rows))
    test = set(listed(folder / "test_list.txt"))
    held_out = np.array([row for row, name in zip(rows, names, strict=True) if name in test])
    if len(held_out):
        report("test list (neither fitted nor used for the limits)", held_out)


def alarms(pixels: NDArray[np.float32]) -> tuple[bool, bool]:
    """(inverted, upside down) as `read` would warn."""
    plain = Radiograph(pixels, 8, "x", "array")
    said = " ".join(upright.with_orientation_warnings(plain).warnings)
    return "inverted" in said, "upside down" in said


def report(name: str, rows: NDArray[np.bool_]) -> None:
    """Print shares of `rows` (n, 6): plain, inverted and upside-down copy, each (inverted, upside down)."""
    either = (rows[:, 0] | rows[:, 1]).mean()
    print(f"{name}: {len(rows)}")
    print(f"  false alarms: inverted {rows[:, 0].mean():.3%}, upside down {rows[:, 1].mean():.3%}, either {either:.3%}")
    print(f"  noticed: inverted copies {rows[:, 2].mean():.2%}, upside-down copies {rows[:, 5].mean():.2%}")


def image_paths(folder: Path) -> list[Path]:
    """Every image under `folder`/images, or under `folder` where there is no such folder, by name."""
    root = folder / "images" if (folder / "images").is_dir() else folder
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)


def listed(path: Path) -> list[str]:
    """The names in a list file; none where there is no file."""
    return path.read_text().split() if path.is_file() else []


def fit(folder: Path) -> None:
    """Fit both scores on train_val, print their weights, and the limits' rates on the patients left out."""
    names = [name for name in listed(folder / "train_val_list.txt") if (folder / "images" / name).is_file()]
    cells = np.stack([upright.thumbnail(read(folder / "images" / name).pixels) for name in names])
    left_out = np.array([int(name.split("_")[0]) % VALIDATION_PATIENTS == 0 for name in names])
    turned = (cells - cells[:, ::-1]) / 2
    for title, images in (("POLARITY", cells), ("UPRIGHT", turned)):
        weights = odd_weights(images[~left_out])
        print(f"{title} = np.array(\n    [")
        for row in weights:
            print("        [" + ", ".join(f"{weight:.2f}" for weight in row) + "],")
        print("    ],\n    np.float32,\n)")
        scores = np.einsum("nij,ij->n", images[left_out], weights)
        for limit in (0.0, -0.5, -1.0, -1.5, -2.0, -3.0):
            print(f"# {limit}: false alarms {(scores < limit).mean():.3%}, noticed {(-scores < limit).mean():.2%}")


def odd_weights(images: NDArray[np.float32]) -> NDArray[np.float64]:
    """(8, 8) weights whose product with an image is positive, and with its opposite as negative."""
    from sklearn.linear_model import LogisticRegression

    flat = images.reshape(len(images), -1)
    both, truth = np.concatenate([flat, -flat]), np.repeat([1, 0], len(flat))
    model = LogisticRegression(fit_intercept=False, max_iter=1000).fit(both, truth)
    weights: NDArray[np.float64] = model.coef_.reshape(upright.SIDE, upright.SIDE)
    return weights


def pydicom_table() -> str:
    """A Markdown table: what `read` makes of the files that pydicom bundles."""
    names: dict[str, list[str]] = {}
    for path in pydicom_files():
        try:
            image = read(path)
            said = f"read: {image.width} x {image.height}, {image.bit_depth} bits"
        except ImageError as error:
            said = f"{error.kind}: {str(error).replace(str(path), 'it')}"
        names.setdefault(said, []).append(path.name)
    rows = [f"| {said} | {len(files)} | {', '.join(files)} |" for said, files in sorted(names.items())]
    return "\n".join(["| result | files | names |", "|---|---|---|", *rows])


def pydicom_files() -> list[Path]:
    """The files in pydicom's own test folder: no download."""
    import pydicom

    return sorted(path for path in (Path(pydicom.__file__).parent / "data/test_files").rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
