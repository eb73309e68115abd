"""Does the worklist stay quick? Page requests over a table as long as ChestX-ray14, through all but the socket.

    python benchmarks/worklist.py --rows 112120

The table is drawn at random (seed 0): scores of 14 findings, and labels. Cold requests are the first of their finding,
order and filter, so they sort the table; warm ones turn its pages.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tchexnet.labels import NIH14


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=112_120)
    parser.add_argument("--requests", type=int, default=300, help="of each kind")
    options = parser.parse_args()
    from starlette.testclient import TestClient

    from tchexnet.web.app import build
    from tchexnet.web.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        scores, labels = tables(Path(folder), options.rows)
        settings = Settings(browse=scores, images=Path(folder), labels=labels)
        start = time.perf_counter()
        app = build(settings)
        started = time.perf_counter() - start
        with TestClient(app, base_url="http://127.0.0.1") as client:
            kinds = {
                kind: measure(client, queries) for kind, queries in questions(options.requests, options.rows).items()
            }
    print(json.dumps({"rows": options.rows, "start_s": round(started, 2), **kinds}, indent=2))


def measure(client: Any, queries: Iterator[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds of a page request."""
    times = []
    for query in queries:
        start = time.perf_counter()
        answer = client.get("/v1/worklist/rows", params=query)
        times.append(1000 * (time.perf_counter() - start))
        assert answer.status_code == 200 and answer.json()["total"] > 0, answer.text
    cuts = statistics.quantiles(times, n=100)
    return {"n": len(times), "median_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1)}


def questions(count: int, rows: int) -> dict[str, Iterator[dict[str, Any]]]:
    """Kinds of request, each with its stream of queries; no two cold ones are alike."""
    rng = random.Random(0)

    def ask(**more: Any) -> dict[str, Any]:
        return {"finding": rng.choice(NIH14.labels), "low": round(rng.uniform(0, 0.01), 6), **more}

    def cold_sort() -> Iterator[dict[str, Any]]:
        return (ask(sort=rng.choice(["score", "error", "truth", "name"])) for _ in range(count))

    def cold_filter() -> Iterator[dict[str, Any]]:
        return (ask(truth=rng.choice(["present", "absent"]), sort="error", high=0.9) for _ in range(count))

    def cold_text() -> Iterator[dict[str, Any]]:
        return (ask(text=f"{rng.randrange(100):02}_0") for _ in range(count))

    def warm() -> Iterator[dict[str, Any]]:
        return ({"finding": "Mass", "offset": rng.randrange(rows - 100)} for _ in range(count))

    return {"cold sort": cold_sort(), "cold filter": cold_filter(), "cold name": cold_text(), "next page": warm()}


def tables(folder: Path, rows: int) -> tuple[Path, Path]:
    """A score table as `tchexnet score` writes it, and labels."""
    rng = np.random.default_rng(0)
    scores = rng.beta(1, 8, (rows, len(NIH14)))
    present = (rng.random(scores.shape) < scores).astype(int)
    names = [f"{row // 4:08}_{row % 4:03}.png" for row in range(rows)]
    paths = folder / "scores.csv", folder / "labels.csv"
    for path, head, values in zip(paths, ("path", "image"), (scores.round(6), present), strict=True):
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([head, *NIH14])
            writer.writerows([name, *row] for name, row in zip(names, values.tolist(), strict=True))
    return paths


if __name__ == "__main__":
    main()
