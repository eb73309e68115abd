"""The scores of one radiograph, and what calibration makes of them: score, probability and decision, apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tchexnet.evaluation.decisions import Calibrated, Decision
from tchexnet.labels import Vocabulary


class Scores(Mapping[str, np.float32]):
    """The scores of one radiograph, by finding. A score is the network's sigmoid output, not a probability.

    Example:
        >>> scores = Scores(Vocabulary("two", ("Mass", "Edema")), np.float32([0.25, 0.5]), "a.png", ())
        >>> scores["Edema"], scores.top(1)
        (np.float32(0.5), {'Edema': np.float32(0.5)})
    """

    def __init__(
        self,
        labels: Vocabulary,
        values: NDArray[np.float32],
        origin: str,
        warnings: tuple[str, ...],
        calibrated: Mapping[str, Calibrated] | None = None,
    ) -> None:
        self.labels, self.array, self.origin, self.warnings = labels, values, origin, warnings
        self._calibrated = calibrated or {}

    def __getitem__(self, label: str) -> np.float32:
        return self.array[self.labels.index(label)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, label: object) -> bool:
        return label in self.labels

    @property
    def probabilities(self) -> Mapping[str, float]:
        """Label to calibrated score, for the labels whose preset was calibrated; empty where none was."""
        return {label: known.probability(float(self[label])) for label, known in self._calibrated.items()}

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """Label to its probability held against the stored threshold, for the labels that have one."""
        found = {label: known.decision(float(self[label])) for label, known in self._calibrated.items()}
        return {label: decision for label, decision in found.items() if decision is not None}

    def top(self, k: int) -> dict[str, np.float32]:
        """The `k` highest scores, highest first."""
        order = np.argsort(-self.array, kind="stable")[:k]
        return {self.labels[i]: self.array[i] for i in order}

    def __repr__(self) -> str:
        return f"Scores({', '.join(f'{label}={score:.4f}' for label, score in self.items())})"
