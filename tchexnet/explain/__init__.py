"""Where on a radiograph a score comes from: class activation maps, their overlay, and how far they may be trusted."""

from tchexnet.explain.explanation import Explanation

__all__ = ["Explanation"]
