"""Install a public checkpoint by its name: download or find its file, check it, import it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tchexnet.errors import PresetError
from tchexnet.presets import digests, download, importing, placing, registry, store
from tchexnet.presets.importing import Imported
from tchexnet.presets.registry import Known


def install(
    name: str,
    *,
    as_name: str | None = None,
    mirror: str | None = None,
    offline: Path | None = None,
    tell: download.Tell = lambda done, total: None,
    pause: float = 1.0,
) -> Imported:
    """Make a preset from the public checkpoint `name`.

    Args:
        as_name: the preset's name, if it should be another.
        mirror: base URL that has the files by their own names.
        offline: a folder that has them; nothing is downloaded then.
        tell: see `download.fetch`.
        pause: see `download.fetch`.

    Raises:
        PresetError: the name is unknown or taken, the file cannot be had, or it is another one.
    """
    known = registry.get(name)
    placing.check_name(as_name or name)
    return importing.import_file(file_of(known, mirror, offline, tell, pause), as_name or name, known=known)


def downloads() -> Path:
    """Where downloaded files are, and where a person puts those that need a login."""
    return store.home() / "downloads"


def file_of(known: Known, mirror: str | None, offline: Path | None, tell: download.Tell, pause: float = 1.0) -> Path:
    """The file of a public checkpoint, checked by its hash: the one that is there already, or downloaded now.

    Args:
        mirror, offline, tell, pause: see `install`.

    Raises:
        PresetError: it cannot be had, or is another one; the message says which file to put where.
    """
    target = (offline or downloads() / known.name) / known.file
    if target.is_file():
        if problem := wrong(known, target):
            raise PresetError(f"{target} is not the file of {known.name!r}: {problem}. Remove it, or get it again.")
        return target
    url = f"{mirror.rstrip('/')}/{quote(known.file)}" if mirror else known.url
    if offline is not None:
        raise PresetError(
            f"{offline} has no {known.file}, the file of {known.name!r}. Get it from {known.url or known.page}."
        )
    if url is None:
        raise PresetError(
            f"{known.name!r} cannot be downloaded by a program. Get {known.file} from {known.page}, put it into "
            f"{target.parent}, and give the command again."
        )
    try:
        download.fetch(url, target, lambda path: wrong(known, path), tell, pause)
    except PresetError as error:
        raise PresetError(
            f"{error} By hand: get {known.file} from {known.url or known.page}, put it into {target.parent}, and give "
            "the command again."
        ) from error
    return target


def wrong(known: Known, path: Path) -> str | None:
    """What is wrong with a file that should be `known`, by its hash and its first bytes; None if nothing is."""
    with path.open("rb") as file:
        start = file.read(64).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "it is a web page"
    found = digests.identify(path)
    for kind, expected in (("sha256", known.sha256), ("git_blob", known.git_blob), ("md5", known.md5)):
        if expected is not None and found[kind] != expected:
            return f"its {kind.replace('_', ' ')} is {found[kind]}, not {expected}"
    return None
