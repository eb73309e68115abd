"""`tchexnet presets`: what is installed, what each preset is, and how foreign weights become one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tchexnet.cli import preset_networks, talk
from tchexnet.cli.preset_networks import Name
from tchexnet.presets import preset as presets
from tchexnet.presets import store

if TYPE_CHECKING:
    from tchexnet.presets.importing import Imported

app = typer.Typer(help="Trained weights and their cards.", no_args_is_help=True, rich_markup_mode=None)


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
    name: Name,
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


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A checkpoint, or the folder of a preset.", show_default=False)],
    name: Annotated[str, typer.Option("--as", help="The new preset's name.", show_default=False)],
    layout: Annotated[
        str, typer.Option(help="auto, keras, torchvision, arnoweng, reproduce-chexnet, torchxrayvision or tchexnet.")
    ] = "auto",
    labels: Annotated[str, typer.Option(help="The outputs in order, with commas; an empty one is dropped.")] = "",
    licence: Annotated[str, typer.Option(help="An SPDX name; by default what is known about the file.")] = "",
    allow_class: Annotated[
        list[str] | None, typer.Option(help="Read a class of this full name as an inert object; may be repeated.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Compare with the source framework afterwards.")] = False,
) -> None:
    """Make a preset from a public or own checkpoint, without running anything that the file asks for.

    \b
    Example:
      tchexnet presets import model.pth.tar --as arnoweng
    """
    from tchexnet.presets import importing

    chosen = tuple(part.strip() for part in labels.split(",")) if labels else None
    made = importing.import_file(
        file, name, layout=layout, labels=chosen, licence=licence or None, allow=allow_class or ()
    )
    _report(made)
    if verify:
        _verify(made.preset.name, file)


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="A public checkpoint; without one, all are listed.")] = "",
    as_name: Annotated[str, typer.Option("--as", help="The preset's name, if it should be another.")] = "",
    mirror: Annotated[
        str, typer.Option(envvar="TCHEXNET_MIRROR", help="Base URL that has the files by their own names.")
    ] = "",
    offline: Annotated[
        Path | None, typer.Option(envvar="TCHEXNET_OFFLINE", help="Folder that has the files; nothing is downloaded.")
    ] = None,
) -> None:
    """Download a public checkpoint, check it, and import it.

    A download that was cut goes on where it stopped. Proxies are those of HTTPS_PROXY.

    \b
    Example:
      tchexnet presets install reproduce-chexnet
    """
    from tchexnet.presets import installing, registry

    if not name:
        for known in registry.KNOWN:
            print(f"{known.name}\t{known.licence}\t{known.title}\t{known.url or known.page}")
        return
    with talk.download(name) as tell:
        made = installing.install(name, as_name=as_name or None, mirror=mirror or None, offline=offline, tell=tell)
    _report(made)


@app.command()
def verify(
    name: Name,
    against: Annotated[
        Path | None, typer.Option(help="The checkpoint it was made from: compare with the source framework.")
    ] = None,
    image: Annotated[
        list[Path] | None, typer.Option(help="A radiograph to compute; may be repeated. Without one, synthetic input.")
    ] = None,
) -> None:
    """Check every file of a preset against its sha256, and the engines against each other.

    \b
    Example:
      tchexnet presets verify chexnet
    """
    _verify(name, against, image or ())


@app.command()
def remove(name: Annotated[str, typer.Argument(help="An installed preset.", show_default=False)]) -> None:
    """Delete an installed preset; the shipped ones stay.

    \b
    Example:
      tchexnet presets remove arnoweng
    """
    print(f"removed\t{store.remove(name)}")


app.command("guard")(preset_networks.guard)
app.command("export")(preset_networks.export)
app.command("quantise")(preset_networks.quantise)


def _report(made: Imported) -> None:
    preset, recipe = made.preset, made.preset.recipe
    facts = {
        "preset": preset.name,
        "folder": preset.folder,
        "layout": made.layout,
        "tensors mapped": f"{made.mapped}; {made.ignored} ignored by rule; none left over",
        "labels": ", ".join(preset.labels) + (f"; {made.dropped} untrained outputs dropped" if made.dropped else ""),
        "recipe": f"{recipe.size} px, {recipe.fit}, {recipe.channels} channels, views {recipe.views}, "
        f"epsilon {preset.epsilon}",
        "licence": preset.licence,
        "sha256": preset.source.get("sha256", ""),
        "git blob": preset.source.get("git_blob", ""),
        "known as": made.identity,
    }
    for title, fact in facts.items():
        print(f"{title}\t{fact}")


def _verify(name: str, against: Path | None, images: Sequence[Path] = ()) -> None:
    from tchexnet.presets import verifying

    for title, fact in verifying.verify(presets.read(store.find(name)), against, images).items():
        print(f"{title}\t{fact}")
