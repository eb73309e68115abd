"""`tchexnet presets`: what is installed, what each preset is, and how foreign weights become one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tchexnet.cli import talk
from tchexnet.presets import preset as presets
from tchexnet.presets import store

if TYPE_CHECKING:
    from tchexnet.presets.importing import Imported

app = typer.Typer(help="Trained weights and their cards.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="A preset's name, or its folder.", show_default=False)]


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
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=talk.console, transient=True) as bar:
        task = bar.add_task(name, total=None)

        def tell(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

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


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="The file to write; for openvino, its .xml.", show_default=False)],
    form: Annotated[
        str, typer.Option("--format", help="keras, openvino, onnx, litert, or safetensors under torchvision's names.")
    ] = "keras",
) -> None:
    """Write a preset's network for another tool, and say how far its scores are from ours.

    \b
    Example:
      tchexnet presets export chexnet --format keras --out chexnet.keras
    """
    from tchexnet.presets import exporting

    parity = exporting.export(presets.read(store.find(name)), form, out)
    print(f"wrote\t{out}\nlargest difference of a score\t{parity:.2g}")


@app.command()
def quantise(
    name: Name,
    data: Annotated[Path, typer.Option(help="NIH's folder.", show_default=False)],
    image_list: Annotated[str, typer.Option("--list", help="The image list of training.")] = "train_val_list.txt",
) -> None:
    """Add an int8 network to a preset, calibrated on training images, and report its AUCs on the validation patients.

    \b
    Example:
      tchexnet presets quantise chexnet --data nih/ --list train_val_list.txt
    """
    from tchexnet.datasets import nih
    from tchexnet.presets import quantising

    preset = presets.read(store.find(name))
    with talk.bar() as bar:
        tasks = {what: bar.add_task(what, figure="", visible=False) for what in ("calibrating", "comparing")}

        def tell(what: str, done: int, total: int) -> None:
            bar.update(tasks[what], completed=done, total=total, visible=True)

        report = quantising.quantise(preset, nih.read(data, image_list), tell)
    for row in report["labels"]:
        print(f"{row['label']}\t{row['positives']}/{row['n']}\t{_auc(row['fp32'])}\t{_auc(row['int8'])}\t{row['loss']}")
    talk.say(quantising.verdict(report))


def _auc(found: dict[str, float | None]) -> str:
    return " ".join("undefined" if value is None else f"{value:.4f}" for value in found.values())


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
