"""`tchexnet explain`: where on a radiograph a score comes from, as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tchexnet.cli import talk

if TYPE_CHECKING:
    from tchexnet.explain import Explanation

PICTURES = (".png", ".jpg", ".jpeg")

_EXAMPLE = """The map of one finding over a radiograph. docs/explain.md says what such a map is worth.

Example: tchexnet explain hello_world_images/mean_chest.png --label Effusion --out why.png
"""


def command(
    image: Annotated[str, typer.Argument(help="Path of a radiograph.", show_default=False)],
    label: Annotated[str, typer.Option(help="The finding, one of the preset's labels.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The picture to write: .png, .jpg or .jpeg.", show_default=False)],
    preset: Annotated[str, typer.Option(help="A preset's name, or its folder.")] = "chexnet",
    view: Annotated[str, typer.Option(help="cam, or odds: each cell's log-odds over the prevalence.")] = "cam",
    alpha: Annotated[float, typer.Option(min=0, max=1, help="Opacity of the hottest colour.")] = 0.4,
    plain: Annotated[bool, typer.Option("--plain", help="The overlay alone: no label, no colour bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The map's numbers on stdout; see docs/schemas.md.")] = False,
) -> None:
    from tchexnet.classifier import load
    from tchexnet.explain import overlay

    if out.suffix.lower() not in PICTURES:
        raise typer.BadParameter(f"{out.name!r} is no picture's name; end it with .png or .jpg.", param_hint="--out")
    found = load(preset).explain(image, label, view)
    picture = found.image(alpha) if plain else overlay.figure(found, alpha, preset)
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(out)
    for warning in found.radiograph.warnings:
        talk.say(f"warning: {image}: {warning}")
    print(json.dumps(json_object(image, preset, found, out)) if as_json else out)


command.__doc__ = _EXAMPLE


def json_object(path: str, preset: str, found: Explanation, out: Path) -> dict[str, Any]:
    """The object that `--json` prints; docs/schemas.md describes it."""
    return {
        "path": path,
        "preset": preset,
        "label": found.label,
        "method": found.method,
        "score": found.score,
        "grid": found.grid.tolist(),
        "low": found.low,
        "high": found.high,
        "picture": str(out),
        "warnings": list(found.radiograph.warnings),
    }
