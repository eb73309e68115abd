"""Score, probability, decision: the three readings of one number, kept apart.

A score is a network's sigmoid output. A probability is a score through a calibration curve. A decision is a probability
held against a threshold that was chosen for a stated operating point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tchexnet.evaluation.curve import Calibration


@dataclass(frozen=True)
class Decision:
    """A probability held against a threshold.

    Args:
        positive: whether the probability is at or above it.
        threshold: in [0, 1], on the scale of probabilities.
        point: what the threshold was chosen for, such as `sensitivity=0.9`.
    """

    positive: bool
    threshold: float
    point: str


@dataclass(frozen=True)
class Calibrated:
    """What a preset knows about one label beyond its score.

    Args:
        curve: from score to probability.
        threshold: of the decision, on the scale of probabilities; None where there is none.
        point: what the threshold was chosen for.
    """

    curve: Calibration
    threshold: float | None = None
    point: str = ""

    def probability(self, score: float) -> float:
        """The probability that belongs to a score."""
        return float(self.curve.probabilities(score))

    def decision(self, score: float) -> Decision | None:
        """The decision that belongs to a score; None where there is no threshold."""
        if self.threshold is None:
            return None
        return Decision(self.probability(score) >= self.threshold, self.threshold, self.point)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as calibration.json holds it."""
        return {**asdict(self.curve), "threshold": self.threshold, "point": self.point}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Calibrated:
        """The inverse of `to_dict`.

        Raises:
            TypeError, KeyError: a field is missing or unknown.
        """
        curve = dict(fields)
        threshold, point = curve.pop("threshold"), curve.pop("point")
        knots = {name: tuple(curve.pop(name)) for name in ("x", "y")}
        return cls(Calibration(**{**curve, **knots}), threshold, point)
