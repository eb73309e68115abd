"""Score 20,000 files with faults among them, killed five times at random and resumed; compare with an unkilled run.

    python benchmarks/soak_scoring.py --data ../shared/data/nih --work /tmp/soak

The files are hard links to copies of real radiographs, 128 px and smaller; 2% are faults of ten kinds. The steps are
kept in --work, so that a long soak may itself be stopped and taken up again with the same command.
"""

from __future__ import annotations

import argparse
import csv
import filecmp
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
SCORE = [sys.executable, "-c", "from tchexnet.cli import main; main()", "score"]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """A small PNG whose header asks for 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(480_008)))


def spoil(path: Path, kind: int, good: bytes) -> None:
    """Make one of ten faults at `path`."""
    dice = np.random.default_rng(kind)
    match kind:
        case 0:
            path.write_bytes(b"")
        case 1:
            path.write_bytes(b"no image at all\n")
        case 2:
            path.write_bytes(good[: len(good) // 2])
        case 3:
            path.write_bytes(good[:100] + bytes(20) + good[120:])
        case 4:
            path.write_bytes(bomb())
        case 5:
            Image.fromarray(dice.integers(0, 255, (99, 99, 3)).astype(np.uint8)).save(path)
        case 6:
            Image.fromarray(dice.integers(0, 11, (99, 99)).astype(np.uint8)).save(path)
        case 7:
            Image.fromarray(np.full((99, 99), 77, np.uint8)).save(path)
        case 8:
            path.symlink_to("gone-before-the-run.png")
        case 9:
            path.symlink_to(path.name)


def make(data: Path, work: Path, count: int, seed: int) -> Path:
    """The folder of files; made once."""
    folder = work / "files"
    if folder.exists():
        return folder
    making, copies = work / "making", work / "copies"
    shutil.rmtree(making, ignore_errors=True)
    shutil.rmtree(copies, ignore_errors=True)
    making.mkdir(parents=True)
    copies.mkdir()
    originals = [shutil.copy(path, copies) for path in sorted((data / "images").iterdir())]
    bad = set(random.Random(seed).sample(range(count), count // 50))
    for i in range(count):
        path = making / f"{i // 1000:02d}" / f"{i:05d}.png"
        path.parent.mkdir(exist_ok=True)
        original = Path(originals[i % len(originals)])
        if i in bad:
            spoil(path, i % 10, original.read_bytes())
        else:
            os.link(original, path)
    making.rename(folder)
    return folder


def killed_run(command: list[str], out: Path, dice: random.Random, kills: int, total: int) -> None:
    """Start, kill without warning, resume, until it has been killed `kills` times; then let it end."""
    shards = out.with_name(f"{out.name}.tchexnet-job") / "shards"
    for kill in range(kills):
        aim = (kill + dice.random()) / kills * total
        process = subprocess.Popen(
            [*command, "--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        while len(list(shards.glob("*.parquet"))) * 512 < aim:
            if process.poll() is not None:
                raise SystemExit(f"The run ended by itself with {process.returncode} before its kill.")
            time.sleep(0.05)
        time.sleep(dice.random() * 3)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kept = len(list(shards.glob("*.parquet")))
        print(
            f"kill {kill + 1}: {kept} shards of 512 are kept, the output is {'there' if out.exists() else 'not there'}"
        )
    finish([*command, "--resume"])


def finish(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if ran.returncode != 1:
        raise SystemExit(f"Exit code {ran.returncode} instead of 1:\n{ran.stderr}")
    print(ran.stderr.strip().splitlines()[-1], flush=True)


def paths(table: Path) -> list[str]:
    with table.open(newline="", encoding="utf-8") as file:
        return [row["path"] for row in csv.DictReader(file)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--work", type=Path, required=True, help="a folder to work in")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    work: Path = options.work
    folder = make(options.data, work, options.count, options.seed)
    whole, killed = work / "whole.csv", work / "killed.csv"
    for out in (killed, whole):
        command = [*SCORE, str(folder), "--out", str(out)]
        if out.exists():
            continue
        if out == whole:
            finish([*command, "--resume"])
        else:
            killed_run(command, out, random.Random(options.seed), options.kills, options.count)
    rows, errors = paths(killed), paths(work / "killed.errors.csv")
    kinds: dict[str, int] = {}
    with (work / "killed.errors.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
    files = [str(path) for path in folder.rglob("*.png")]
    print(f"{len(files)} files = {len(rows)} rows + {len(errors)} errors: {len(rows) + len(errors) == len(files)}")
    print(f"each file exactly once: {sorted(rows + errors) == sorted(files)}; errors by kind: {kinds}")
    same = filecmp.cmp(killed, whole, shallow=False)
    same_errors = filecmp.cmp(work / "killed.errors.csv", work / "whole.errors.csv", shallow=False)
    print(f"the same bytes as the unkilled run: scores {same}, errors {same_errors}")


if __name__ == "__main__":
    main()
