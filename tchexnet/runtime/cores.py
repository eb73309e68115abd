"""How many batches may be computed side by side."""

from __future__ import annotations


def cores() -> int:
    """Processor cores that this process may use: its affinity and the limits of its container counted in."""
    import joblib

    return int(joblib.cpu_count())
