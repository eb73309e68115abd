"""Writes auc_cases.csv, the input of make_auc_proc.R: python tests/golden/auc_cases.py

Cases: many images, ties on a coarse scale, few images, one positive, perfect separation, worse than chance, all scores
equal. Scores are rounded so that R and Python read the same numbers.
"""

from pathlib import Path

import numpy as np


def main() -> None:
    """Write the file beside this script."""
    rng = np.random.default_rng(20261122)
    rows = ["case,y,a,b"]
    for case, n, positives, gain, digits in [
        ("many", 300, 60, 1.0, 6),
        ("ties", 200, 50, 1.0, 1),
        ("coarse", 120, 40, 0.5, 0),
        ("rare", 202, 7, 0.6, 6),
        ("small", 9, 4, 0.8, 6),
        ("two and two", 4, 2, 0.0, 6),
        ("one positive", 30, 1, 0.5, 6),
        ("perfect", 20, 8, 50.0, 6),
        ("reversed", 80, 30, -1.0, 6),
        ("constant", 20, 5, 0.0, None),
    ]:
        y = rng.permutation(np.arange(n) < positives).astype(int)
        shared = rng.normal(size=n)
        a, b = (gain * strength * y + shared + rng.normal(size=n) for strength in (1.0, 1.5))
        if digits is None:
            a = b = np.zeros(n)
        a, b = a.round(digits or 0), b.round(digits or 0)
        rows += [f"{case},{t},{u:.6f},{v:.6f}" for t, u, v in zip(y, a, b, strict=True)]
    Path(__file__).with_name("auc_cases.csv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
