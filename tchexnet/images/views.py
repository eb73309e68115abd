"""Views of the chest, as DICOM's View Position (0018,5101) and view codes name them."""

from __future__ import annotations

_LATERAL = ("LL", "RL", "LLD", "RLD", "LLO", "RLO", "LATERAL", "LAT")


def is_lateral(view: str | None) -> bool:
    """Whether a view position, or the meaning of a view code, names a lateral view."""
    return view is not None and (view in _LATERAL or "LATERAL" in view)
