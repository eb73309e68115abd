"""`tchexnet prepare`: from a data set as it is downloaded to a folder that `tchexnet train --data` takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tchexnet.cli import talk

if TYPE_CHECKING:
    from tchexnet.datasets.manifest import Manifest

app = typer.Typer(
    help="Check a data set, split it by patient, and write what `tchexnet train --data` takes.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CHEXPERT_ROOT = Path("chexpert/CheXpert-v1.0-small")
Out = Annotated[Path, typer.Option(help="Folder for train.csv, valid.csv, perhaps test.csv, and the manifest.")]
Fraction = Annotated[float, typer.Option(help="Share of the patients for validation.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same split.")]
AllowMissing = Annotated[bool, typer.Option("--allow-missing", help="Leave out the rows whose image is not there.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what another preparation left in --out.")]
Blank = Annotated[Literal["zero", "nan"], typer.Option(help="What a label that is not mentioned means.")]
Policy = Annotated[
    str,
    typer.Option(
        help="What -1 becomes: ignore, zeros, ones, zeros-lsr, ones-lsr, multiclass, self-trained; or by label: "
        "zeros,Edema=ones."
    ),
]


@app.command()
def chexpert(
    out: Out,
    root: Annotated[Path, typer.Option(help="CheXpert-v1.0-small or CheXpert-v1.0.")] = CHEXPERT_ROOT,
    recipe: Annotated[
        Literal["corrected", "paper"], typer.Option(help="paper takes tCheXNet's own rows.")
    ] = "corrected",
    policy: Policy = "ignore",
    blank: Blank = "zero",
    view: Annotated[Literal["frontal", "lateral", "all"], typer.Option(help="Which images.")] = "frontal",
    fraction: Fraction = 0.2,
    seed: Seed = 0,
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """Prepare CheXpert; its valid.csv becomes test.csv.

    The recipe `corrected` splits by patient, keeps explicit zeros, and reads -1 by --policy. The recipe `paper` is the
    tCheXNet paper's, faults included: frontal images; rows with an explicit 0 in any of six findings dropped; -1 and
    blank read as 0; the first 80% of the rows for training.

    \b
    Example:
      tchexnet prepare chexpert --root chexpert/CheXpert-v1.0-small --recipe paper --out data/
    """
    from tchexnet.datasets import prepare

    plan = prepare.chexpert(
        root,
        out,
        recipe=recipe,
        policies=policy,
        blank=blank,
        view=view,
        fraction=fraction,
        seed=seed,
        allow_missing=allow_missing,
        overwrite=overwrite,
    )
    _report(plan)


@app.command()
def nih(
    root: Annotated[Path, typer.Option(help="Folder of Data_Entry_2017.csv, the lists and the images.")],
    out: Out,
    archives: Annotated[Path | None, typer.Option(help="Unpack NIH's images_*.tar.gz of this folder first.")] = None,
    image_list: Annotated[str, typer.Option("--list", help="Images to split; `all` for all.")] = "train_val_list.txt",
    test_list: Annotated[str, typer.Option(help="Images of test.csv, if the list is there.")] = "test_list.txt",
    fraction: Fraction = 0.1,
    seed: Seed = 0,
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """Prepare NIH ChestX-ray14: validation patients are split off the official list.

    \b
    Example:
      tchexnet prepare nih --root nih/ --archives downloads/ --out data/
    """
    from tchexnet.datasets import prepare

    if archives is not None:
        _unpack(archives, root)
    plan = prepare.nih(
        root,
        out,
        image_list=image_list,
        test_list=test_list,
        fraction=fraction,
        seed=seed,
        allow_missing=allow_missing,
        overwrite=overwrite,
    )
    _report(plan)


@app.command()
def table(
    csv: Annotated[Path, typer.Argument(help="A CSV with a header: an image column, and labels 1, 0, -1 or blank.")],
    out: Out,
    root: Annotated[Path | None, typer.Option(help="Folder of the images; by default the CSV's.")] = None,
    image: Annotated[str, typer.Option(help="Column of image paths.")] = "auto",
    labels: Annotated[str, typer.Option(help="Label columns, with commas; by default all that hold labels.")] = "",
    patient: Annotated[str, typer.Option(help="Column of patients.")] = "auto",
    policy: Policy = "ignore",
    blank: Blank = "nan",
    fraction: Fraction = 0.1,
    seed: Seed = 0,
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """Prepare a CSV of your own.

    \b
    Example:
      tchexnet prepare table my.csv --root images/ --labels Pneumonia,Edema --patient patient_id --out data/
    """
    from tchexnet.datasets import prepare

    plan = prepare.table(
        csv,
        out,
        root=root,
        image=image,
        labels=[label.strip() for label in labels.split(",") if label.strip()] or None,
        patient=patient,
        policies=policy,
        blank=blank,
        fraction=fraction,
        seed=seed,
        allow_missing=allow_missing,
        overwrite=overwrite,
    )
    _report(plan)


def _report(plan: Manifest) -> None:
    for part, images in plan.images.items():
        typer.echo(f"{part} {images} images {plan.patients[part]} patients")
    for note in plan.notes:
        talk.say(note)
    if plan.shared_patients:
        talk.say(f"patients in both train and valid, since the paper splits by row: {plan.shared_patients}")


def _unpack(archives: Path, root: Path) -> None:
    from tchexnet.datasets.archives import unpack

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=talk.console) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        written = unpack(archives, root, show)
    talk.say(f"{written} images unpacked into {root / 'images'}")
