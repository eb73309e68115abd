"""Radiographs for the notebooks that are nobody's: the shipped mean chest, varied, a bright disc on every second one.

The disc stands in for a nodule, so that there is a truth to look for. It is a drawing; what a preset says about it says
nothing about patients.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

MEAN_CHEST = Path(__file__).parents[1] / "hello_world_images" / "mean_chest.png"
SIDE = 256


def folder(path: Path, count: int = 48, seed: int = 0) -> Path:
    """Write `count` PNG files and `labels.csv` (image, patient, Nodule) into `path`; returns the CSV."""
    path.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    with Image.open(MEAN_CHEST) as chest:
        grey = np.asarray(chest.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.float32)
    rows = []
    for number in range(count):
        name = f"made_up_{number:03}.png"
        Image.fromarray(_varied(grey, number % 2 == 1, random)).save(path / name)
        rows.append({"image": name, "patient": f"nobody {number // 2}", "Nodule": number % 2})
    pd.DataFrame(rows).to_csv(path / "labels.csv", index=False)
    return path / "labels.csv"


def _varied(grey: np.ndarray, disc: bool, random: np.random.Generator) -> np.ndarray:
    moved = np.roll(grey, random.integers(-8, 9, 2), (0, 1)) * random.uniform(0.85, 1.1) + random.normal(
        0, 4, grey.shape
    )
    x, y, radius = random.uniform(60, 196), random.uniform(80, 170), random.uniform(14, 22)
    if disc:
        rows, columns = np.mgrid[:SIDE, :SIDE]
        moved += 70 * np.clip(1.5 - np.hypot(rows - y, columns - x) / radius, 0, 1)
    return np.clip(moved, 0, 255).astype(np.uint8)
