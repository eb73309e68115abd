"""Probabilities and decisions beside scores, for the labels that a preset was calibrated for.

Both are functions of the score alone, so shards hold scores, and these columns are made when the table is written.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tchexnet.evaluation.decisions import Calibrated

Known = Mapping[str, Calibrated]


def fields(known: Known) -> list[pa.Field]:
    """`probability_L` for each calibrated label L, then `decision_L` for each that has a threshold."""
    probabilities = [pa.field(f"probability_{label}", pa.float32()) for label in known]
    return probabilities + [pa.field(f"decision_{label}", pa.bool_()) for label in _decided(known)]


def columns(rows: pa.Table, known: Known) -> list[pa.Array]:
    """The columns that `fields` names, for rows that hold the scores of its labels."""
    found = {label: one.curve.probabilities(np.asarray(rows[label])) for label, one in known.items()}
    probabilities = [pa.array(values.astype(np.float32)) for values in found.values()]
    return probabilities + [pa.array(found[label] >= least) for label, least in _decided(known).items()]


def _decided(known: Known) -> dict[str, float]:
    return {label: one.threshold for label, one in known.items() if one.threshold is not None}
