"""The pictures in serve.md, from the shipped sample alone: the page, the page on a phone, and a worklist.

    python docs/make_screenshots.py --out docs

The worklist is 24 variants of the sample (turned, shifted, brighter or darker), scored by the shipped chexnet; what the
pictures call truth is drawn at random. Needs chromium and `pip install 'tchexnet[browser-test]'`.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
SAMPLE = ROOT / "hello_world_images" / "mean_chest.png"
MOST_BYTES = 300_000
VARIANTS = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    parser.add_argument("--check", type=Path, help="also write larger pictures here, for a look at every width")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with server() as address:
            page(browser, address, options.out / "serve.png", 1440, 900, "Infiltration")
            page(browser, address, options.out / "serve-phone.png", 390, 844, "Infiltration", scale=2)
            if options.check:
                page(browser, address, options.check / "4k.png", 3840, 2160, "Infiltration", limit=10**8)
                page(browser, address, options.check / "empty.png", 1440, 900, "", limit=10**8)
        with server(*worklist(Path(folder))) as address:
            page(browser, address, options.out / "serve-worklist.png", 1440, 900, "Effusion", listed=True)
            if options.check:
                page(browser, address, options.check / "list-4k.png", 3840, 2160, "Mass", listed=True, limit=10**8)
                page(browser, address, options.check / "list-phone.png", 390, 844, "Mass", listed=True, limit=10**8)
        browser.close()


@contextmanager
def server(*arguments: str) -> Iterator[str]:
    """The address of a server process."""
    command = [sys.executable, "-c", "from tchexnet.cli import main; main()", "serve", "--port", "0", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        yield re.search(r"http://\S+", process.stderr.readline())[0]  # type: ignore[index]
        process.terminate()


def page(
    browser: Any, address: str, out: Path, width: int, height: int, finding: str, *,
    scale: int = 1, listed: bool = False, limit: int = MOST_BYTES,
) -> None:  # fmt: skip
    """One picture: the sample or the worklist's second case, with a heatmap."""
    view = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    view.set_default_timeout(120_000)
    view.goto(address)
    view.locator(".pick").first.wait_for()
    if finding:
        if not listed:
            view.locator("#sample").click()
        view.locator(".score").nth(14).wait_for()
        view.locator("#stage:not(.busy)").wait_for()
        if listed:
            view.keyboard.press("ArrowDown")
            view.wait_for_timeout(500)
            view.locator(".score").nth(14).wait_for()
            view.locator("#stage:not(.busy)").wait_for()
        view.locator(f".pick[data-label={finding}]").first.click()
        view.locator("#legend").wait_for()
        view.wait_for_timeout(500)
    save(view.screenshot(), out, limit)
    view.close()


def save(png: bytes, out: Path, limit: int) -> None:
    """Write a picture, with a palette where it would have more than `limit` bytes in full colour."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(out, optimize=True)
    if out.stat().st_size > limit:
        palette = picture.quantize(256)  # Pillow dithers only towards a palette that is given
        picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(out, optimize=True)
    size = out.stat().st_size
    print(f"{out}: {size:,} bytes")
    if size > limit:
        raise SystemExit(f"{out} has more than {limit:,} bytes.")


def worklist(folder: Path) -> list[str]:
    """The options of a server that browses variants of the sample."""
    import tchexnet

    classifier, rng = tchexnet.load("chexnet"), np.random.default_rng(0)
    sample = Image.open(SAMPLE).convert("L")
    (folder / "images").mkdir()
    names = [f"variant_{number:02}.png" for number in range(VARIANTS)]
    for name in names:
        shift = tuple(int(pixels) for pixels in rng.integers(-24, 25, 2))
        turned = sample.rotate(float(rng.uniform(-8, 8)), Image.Resampling.BILINEAR, translate=shift)
        grey = 255 * (np.asarray(turned, np.float32) / 255) ** rng.uniform(0.6, 1.7)
        Image.fromarray(np.uint8(grey)).save(folder / "images" / name)
    scores = [list(classifier.predict(str(folder / "images" / name)).array) for name in names]
    truth = rng.integers(0, 2, (VARIANTS, len(classifier.labels)))
    for file, values in (("scores.csv", scores), ("truth.csv", truth.tolist())):
        with (folder / file).open("w", newline="") as table:
            csv.writer(table).writerows(
                [["image", *classifier.labels], *([n, *row] for n, row in zip(names, values, strict=True))]
            )
    places = {"--browse": "scores.csv", "--images": "images", "--labels": "truth.csv"}
    return [part for option, name in places.items() for part in (option, str(folder / name))]


if __name__ == "__main__":
    main()
