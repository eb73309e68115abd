"""What an image may cost to read. Everything here is checked before a single pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from tchexnet.errors import ImageError


@dataclass(frozen=True)
class Limits:
    """Bounds on one image. Pass your own to `read` where the defaults do not fit.

    Args:
        max_bytes: length of the file, and of what a deflated DICOM file expands to.
        max_pixels: height x width. The largest chest detectors give about 19 million.
        max_side: height or width, in pixels.
        min_side: height or width, in pixels; a smaller image cannot show a chest.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 36_000_000
    max_side: int = 16_384
    min_side: int = 32

    def check_bytes(self, count: int, origin: str) -> None:
        """Raise ImageError `empty` or `too large` for a file of `count` bytes."""
        if count == 0:
            raise ImageError("empty", f"{origin} is empty (0 bytes): copy or download it again.")
        if count > self.max_bytes:
            raise ImageError(
                "too large",
                f"{origin} has {count:,} bytes and the limit is {self.max_bytes:,}: "
                "check that it is one radiograph, or raise Limits.max_bytes.",
            )

    def check_size(self, height: int, width: int, origin: str) -> None:
        """Raise ImageError `too small` or `too large` for an image of `height` x `width` pixels."""
        size = f"{width} x {height} pixels"
        if min(height, width) < self.min_side:
            raise ImageError(
                "too small",
                f"{origin} is {size} and the least side is {self.min_side}: give the full image, not a thumbnail.",
            )
        if max(height, width) > self.max_side or height * width > self.max_pixels:
            raise ImageError(
                "too large",
                f"{origin} is {size} and the limit is {self.max_pixels:,} pixels, {self.max_side:,} a side: "
                "make it smaller, or raise Limits.max_pixels and max_side.",
            )


DEFAULT_LIMITS = Limits()
