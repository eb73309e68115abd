"""The recipe: how a radiograph becomes network input. A preset carries its own; nobody passes mean and std by hand.

Every path (predict, score, train, evaluate, explain, export, web) goes through `Recipe.apply`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import RecipeError
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.resampling import FILTERS, resize

_VIEWS = {"one": 1, "flip": 2, "ten-crop": 10}


@dataclass(frozen=True)
class Recipe:
    """Network input as plain data.

    A grey value p in [0, 1] becomes `(low + p * (high - low) - mean) / std`, channel by channel.

    Args:
        size: height and width of the network's input, in pixels.
        fit: `stretch` resizes to the square and ignores the aspect ratio; `crop` resizes the shorter side to
            `resize_to` and cuts the square from the centre; `pad` adds black to make a square, then resizes.
        resize_to: length of the shorter side before cropping; None means `size`. Only for `crop`, and for ten crops.
        interpolation: `bilinear`, `bicubic`, `lanczos` or `box`; all widen their support when they shrink.
        channels: 1, or 3 equal ones.
        views: `one`; `flip`, the image and its mirror image; `ten-crop`, four corners, the centre, and their mirrors.
            Scores and features are means over the views.
        low, high: what black and white are mapped to, before mean and std.
        mean, std: one number a channel.
    """

    size: int = 224
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    resize_to: int | None = None
    interpolation: str = "bilinear"
    channels: Literal[1, 3] = 3
    views: Literal["one", "flip", "ten-crop"] = "one"
    low: float = 0.0
    high: float = 1.0
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(float(m) for m in self.mean))
        object.__setattr__(self, "std", tuple(float(s) for s in self.std))
        for problem in self._problems():
            raise RecipeError(f"The recipe cannot be used: {problem}.")

    def _problems(self) -> list[str]:
        shortest = self.resize_to if self.resize_to is not None else self.size
        rules = {
            f"size must lie between 32 and 2048, not {self.size}": 32 <= self.size <= 2048,
            f"fit must be stretch, crop or pad, not {self.fit!r}": self.fit in ("stretch", "crop", "pad"),
            f"interpolation must be one of {', '.join(FILTERS)}, not {self.interpolation!r}": self.interpolation
            in FILTERS,
            f"views must be one of {', '.join(_VIEWS)}, not {self.views!r}": self.views in _VIEWS,
            f"channels must be 1 or 3, not {self.channels!r}": self.channels in (1, 3),
            f"mean and std need {self.channels} numbers each": len(self.mean) == len(self.std) == self.channels,
            "std must be above 0": all(s > 0 for s in self.std),
            f"high ({self.high}) must be above low ({self.low})": self.high > self.low,
            f"resize_to ({shortest}) must be at least size ({self.size})": shortest >= self.size,
            "resize_to goes with fit 'crop' only": self.resize_to is None or self.fit == "crop",
            "ten crops need fit 'crop'": self.views != "ten-crop" or self.fit == "crop",
        }
        return [problem for problem, holds in rules.items() if not holds]

    @property
    def view_count(self) -> int:
        """How many network inputs one radiograph gives: 1, 2 or 10."""
        return _VIEWS[self.views]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(size, size, channels)"""
        return (self.size, self.size, self.channels)

    def apply(self, radiograph: Radiograph) -> NDArray[np.float32]:
        """Network input for one radiograph: (views, size, size, channels) float32, normalised."""
        return self.normalise(np.stack(self._views(self.canvas(radiograph))))

    def canvas(self, radiograph: Radiograph) -> NDArray[np.float32]:
        """The grey image that views are cut from: (h, w) float32 in [0, 1]; square unless ten crops are taken."""
        pixels = radiograph.pixels
        if self.fit == "pad":
            pixels = _pad_to_square(pixels)
        height, width = self.resized(*pixels.shape)
        resized = _resize(pixels, height, width, self.interpolation)
        if self.fit == "crop" and self.views != "ten-crop":
            return _crop(resized, (height - self.size) // 2, (width - self.size) // 2, self.size)
        return resized

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) after resizing, before a crop; for `pad`, of what has been padded."""
        if self.fit != "crop":
            return self.size, self.size
        scale = (self.resize_to or self.size) / min(height, width)
        return max(self.size, round(height * scale)), max(self.size, round(width * scale))

    def normalise(self, grey: NDArray[np.float32]) -> NDArray[np.float32]:
        """Grey values (..., h, w) in [0, 1] to network values (..., h, w, channels) float32."""
        scaled = self.low + grey * (self.high - self.low)
        values = np.empty((*grey.shape, self.channels), np.float32)
        # A channel at a time: NumPy is three times slower along an inner axis of length three.
        for channel, (mean, std) in enumerate(zip(self.mean, self.std, strict=True)):
            values[..., channel] = (scaled - np.float32(mean)) / np.float32(std)
        return values

    def _views(self, canvas: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        if self.views == "one":
            return [canvas]
        if self.views == "flip":
            return [canvas, canvas[:, ::-1]]
        bottom, right = canvas.shape[0] - self.size, canvas.shape[1] - self.size
        corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
        crops = [_crop(canvas, top, left, self.size) for top, left in corners]
        return crops + [crop[:, ::-1] for crop in crops]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for preset.json."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Recipe:
        """The recipe that `to_dict` wrote.

        Raises:
            RecipeError: a field is unknown or out of range.
        """
        unknown = sorted(set(fields) - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise RecipeError(
                f"The recipe has unknown fields: {', '.join(unknown)}. Is this preset from a later version?"
            )
        return cls(**fields)


def _resize(pixels: NDArray[np.float32], height: int, width: int, interpolation: str) -> NDArray[np.float32]:
    if pixels.shape == (height, width):
        return pixels
    return np.clip(resize(pixels, height, width, interpolation), 0.0, 1.0)


def _crop(pixels: NDArray[np.float32], top: int, left: int, size: int) -> NDArray[np.float32]:
    return pixels[top : top + size, left : left + size]


def _pad_to_square(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = pixels.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(pixels, ((top, side - height - top), (left, side - width - left)))


IMAGENET = Recipe()
"""CheXNet-Keras and tCheXNet: 224 px stretched, three channels, ImageNet mean and std."""

TORCHVISION = Recipe(fit="crop")
"""reproduce-chexnet: shorter side to 224, centre crop, ImageNet mean and std."""

ARNOWENG = Recipe(fit="crop", resize_to=256, views="ten-crop")
"""arnoweng/CheXNet and zoogzog/chexnet: shorter side to 256, ten 224-pixel crops averaged."""

TORCHXRAYVISION = Recipe(fit="crop", channels=1, low=-1024.0, high=1024.0, mean=(0.0,), std=(1.0,))
"""torchxrayvision: one channel, centre crop, 224 px, values from -1024 to 1024."""
