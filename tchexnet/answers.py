"""A prediction as plain data: one object for the command line and for the web, so that neither drifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tchexnet.scores import Scores


def json_object(
    path: str, preset: str, scores: Scores, features: Sequence[float] | None = None, top: int | None = None
) -> dict[str, Any]:
    """The object that `predict --json` prints and `POST /v1/predict` gives; docs/schemas.md describes it.

    Args:
        path: the path as given, or an upload's own name.
        preset: the preset's name.
        scores: of the radiograph.
        features: its 1024 features, if they were asked for.
        top: only the highest scores, highest first.
    """
    labels = shown(scores, top)
    found: dict[str, Any] = {
        "path": path,
        "preset": preset,
        "scores": {label: float(score) for label, score in labels.items()},
        "warnings": list(scores.warnings),
    }
    probabilities, decisions = scores.probabilities, scores.decisions
    if probabilities:
        found["probabilities"] = {label: probabilities[label] for label in labels if label in probabilities}
    if decisions:
        found["decisions"] = {label: asdict(decisions[label]) for label in labels if label in decisions}
    if features is not None:
        found["features"] = [float(value) for value in features]
    return found


def shown(scores: Scores, top: int | None) -> dict[str, Any]:
    """All scores in the preset's order, or the `top` highest."""
    return dict(scores.items()) if top is None else scores.top(top)
