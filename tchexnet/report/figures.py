"""Plots as SVG text that takes the colours of the page around it: ROC, precision and recall, reliability, intervals."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Sequence
from math import isnan
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from tchexnet.evaluation.inputs import Floats
from tchexnet.evaluation.measure import Finding
from tchexnet.evaluation.reliability import Reliability

INK = "#010203"
"""Stands for the page's text colour; `svg` puts `currentColor` in its place, so that plots follow light and dark."""
COLOURS = ("#2f7de1", "#e0762f")
"""Of the model and of the other one: both readable on white and on black."""
FAINT = "#8a929b"
POINTS = 200
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tchexnet",
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}

Curve = tuple[str, NDArray[np.bool_], Floats]
"""A model's name, the truth (n,) and its scores (n,)."""


def roc(curves: Sequence[Curve]) -> str:
    """ROC curves over the diagonal of chance."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=INK, lw=0.6, ls=":")
        for colour, (name, truth, scores) in zip(COLOURS, curves, strict=False):
            x, y, _ = roc_curve(truth, scores)
            axes.plot(*_thinned(x, y), color=colour, lw=1.6, label=name)
        axes.set(xlabel="1 - specificity", ylabel="sensitivity", xlim=(0, 1), ylim=(0, 1.01))
        _legend(axes, curves)

    return _square(draw)


def precision_recall(curves: Sequence[Curve]) -> str:
    """Precision against recall over the line of the prevalence, where scores without information lie."""

    def draw(axes: Axes) -> None:
        axes.axhline(float(curves[0][1].mean()), color=INK, lw=0.6, ls=":")
        for colour, (name, truth, scores) in zip(COLOURS, curves, strict=False):
            precision, recall, _ = precision_recall_curve(truth, scores)
            axes.step(*_thinned(recall, precision), color=colour, lw=1.6, where="post", label=name)
        axes.set(xlabel="sensitivity (recall)", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01))
        _legend(axes, curves)

    return _square(draw)


def reliability(score: Reliability, probability: Reliability | None) -> str:
    """Share of positives against the mean value, for tenths of the images; on the diagonal a value is a probability."""
    shown = [("score", score), *([("probability", probability)] if probability else [])]

    def draw(axes: Axes) -> None:
        top = max([0.05, *(max(one.high, one.mean) for _, found in shown for one in found.bins)])
        axes.plot([0, 1], [0, 1], color=INK, lw=0.6, ls=":")
        for colour, (name, found) in zip(COLOURS, shown, strict=False):
            means, shares = ([getattr(one, part) for one in found.bins] for part in ("mean", "share"))
            ends = [[one.share - one.low for one in found.bins], [one.high - one.share for one in found.bins]]
            axes.errorbar(means, shares, np.maximum(ends, 0), color=colour, lw=1, marker="o", ms=3, label=name)
        axes.set(xlabel="mean " + " or ".join(name for name, _ in shown), ylabel="share of positives")
        axes.set(xlim=(0, min(1, top)), ylim=(0, min(1, top)))
        _legend(axes, shown)

    return _square(draw)


def intervals(findings: Sequence[Finding], counted: Collection[str], others: dict[str, float]) -> str:
    """AUC and interval of every label, highest first; below, in grey, those with too few positives to count.

    Args:
        counted: the labels of the mean.
        others: label to the other model's AUC, drawn as a mark.
    """
    defined = (one for one in findings if not isnan(one.auc))
    shown = sorted(defined, key=lambda one: (one.label in counted, one.auc))
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 0.6 + 0.26 * max(len(shown), 2)), layout="constrained")
        axes = figure.subplots()
        axes.axvline(0.5, color=INK, lw=0.6, ls=":")
        for row, one in enumerate(shown):
            colour = COLOURS[0] if one.label in counted or len(shown) == 1 else FAINT
            axes.plot([one.bootstrap_low, one.bootstrap_high], [row, row], color=colour, lw=2)
            axes.plot(one.auc, row, "o", color=colour, ms=5)
            if one.label in others:
                axes.plot(others[one.label], row, "D", color=COLOURS[1], ms=4)
        axes.set_yticks(range(len(shown)), [one.label.replace("_", " ") for one in shown])
        axes.set(xlabel="AUC", ylim=(-0.6, max(len(shown), 2) - 0.4))
        return svg(figure)


def svg(figure: Figure) -> str:
    """The figure as an `<svg>` element without sizes of its own, in the page's ink."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    element = text.getvalue()
    element = element[element.index("<svg") :].replace(INK, "currentColor")
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r' id="[a-z]+[a-z0-9]*_\d+"', "", element)
    return re.sub(
        r'<svg([^>]*?) width="[^"]*"',
        r"<svg\1",
        re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element, count=1),
        count=1,
    )


def _square(draw: Callable[[Axes], None]) -> str:
    with rc_context(_STYLE):
        figure = Figure(figsize=(3.1, 2.8), layout="constrained")
        draw(figure.subplots())
        return svg(figure)


def _legend(axes: Axes, curves: Sequence[object]) -> None:
    if len(curves) > 1:
        axes.legend(frameon=False, fontsize=8)


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """At most POINTS of a curve's points, the ends among them."""
    if len(x) <= POINTS:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, POINTS).round().astype(int))
    return x[kept], y[kept]
