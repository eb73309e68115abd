"""`tchexnet presets`: what is installed, and what each preset is."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tchexnet.presets import preset as presets
from tchexnet.presets import store

app = typer.Typer(help="Trained weights and their cards.", no_args_is_help=True)


@app.command("list")
def list_presets() -> None:
    """Every preset that can be loaded: name, labels, input size, licence, folder.

    Example: tchexnet presets list
    """
    for name in store.names():
        preset = presets.read(store.find(name))
        size = preset.recipe.size
        print(f"{name}\t{len(preset.labels)} labels\t{size} px\t{preset.licence}\t{preset.folder}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A preset's name, or its folder.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="The description preset.json instead of the card.")] = False,
) -> None:
    """A preset's model card.

    Example: tchexnet presets show chexnet
    """
    preset = presets.read(store.find(name))
    if as_json:
        print(json.dumps(json.loads((preset.folder / presets.DESCRIPTION).read_text()), indent=2))
    else:
        print(preset.card)
