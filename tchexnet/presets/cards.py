"""Model cards: how good a preset is, on what, how it was made, what it is for, and where it stops."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from tchexnet.evaluation.summary import Row, Summary
from tchexnet.presets.preset import Preset


@dataclass(frozen=True)
class Facts:
    """What a card says beside the numbers.

    Args:
        title: one sentence: what the preset is.
        test: what it was tested on, as a noun phrase.
        made: how it was made: data, recipe, hardware, wall time.
        use: what it is for.
        limits: plain sentences.
        comparison: a sentence about a paired comparison, or nothing.
        command: what reprints the table.
    """

    title: str
    test: str
    made: str
    use: str
    limits: tuple[str, ...]
    command: str
    comparison: str = ""


def render(preset: Preset, summary: Summary, facts: Facts) -> str:
    """The card in Markdown."""
    parts = [
        f"# {preset.name}",
        facts.title,
        "Research use; not a medical device.",
        "## How good it is",
        f"On {facts.test}. Intervals are 95%, from {summary.macro.rounds_used} bootstrap rounds over patients.",
        table(summary.rows),
        _macro(summary),
        facts.comparison,
        f"Reprinted by `{facts.command}`.",
        "## How it was made",
        facts.made,
        "## What it is for",
        facts.use,
        "## Where it stops",
        "\n".join(f"- {limit}" for limit in facts.limits),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(rows: list[Row]) -> str:
    """A Markdown table, one row a finding."""
    lines = ["| finding | n | positives | prevalence | AUC | 95% interval |", "|---|--:|--:|--:|--:|---|"]
    lines += [_line(row) for row in rows]
    return "\n".join(lines)


def _line(row: Row) -> str:
    start = f"| {row.label} | {row.n} | {row.positives} | {100 * row.prevalence:.1f}% |"
    if isnan(row.auc):
        return f"{start} not defined: {row.reason} | |"
    interval = "not defined" if isnan(row.low) else f"{row.low:.3f} to {row.high:.3f}"
    return f"{start} {row.auc:.3f} | {interval} |"


def _macro(summary: Summary) -> str:
    macro = summary.macro
    if len(summary.rows) == 1:
        return ""
    out = f" {', '.join(macro.left_out)} stays out: too few positives." if macro.left_out else ""
    return (
        f"Mean AUC over {len(macro.labels)} findings: **{macro.value:.3f}** [{macro.low:.3f}, {macro.high:.3f}].{out}"
    )
