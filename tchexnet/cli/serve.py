"""`tchexnet serve`: a page and a REST service on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from tchexnet.cli import talk
from tchexnet.errors import ConfigError

_EXAMPLE = """A page to look at radiographs, and a REST service for programs, from one process on this machine.

\b
Example: tchexnet serve --port 8000
  curl -F file=@hello_world_images/mean_chest.png http://127.0.0.1:8000/v1/predict
"""
_MIB = 1024 * 1024


def command(
    host: Annotated[str, typer.Option(help="Where to listen; anything but this machine needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    preset: Annotated[
        list[str] | None, typer.Option(help="A preset's name or folder; may be repeated; else chexnet and tchexnet.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="TCHEXNET_TOKEN", help="Clients must send it; better set in the environment.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep uploads and answers in this folder.")] = None,
    browse: Annotated[Path | None, typer.Option(help="Page through a table of scores (CSV or Parquet).")] = None,
    images: Annotated[Path | None, typer.Option(help="With --browse: the folder of its images.")] = None,
    labels: Annotated[Path | None, typer.Option(help="With --browse: a table of what is true.")] = None,
    max_mb: Annotated[float, typer.Option(help="A request's body at most, in MiB (413).")] = 64,
    max_pixels: Annotated[int, typer.Option(help="An image's height x width at most (422).")] = 36_000_000,
    max_files: Annotated[int, typer.Option(help="Images a request (413).")] = 16,
    max_requests: Annotated[int, typer.Option(help="Requests in hand at once (429).")] = 64,
    max_seconds: Annotated[float, typer.Option(help="For a request to arrive (408), and for its answer (503).")] = 60,
) -> None:
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise ConfigError("serve needs fastapi and uvicorn: pip install 'tchexnet[web]'.")
    from tchexnet.web.settings import Settings

    try:
        settings = Settings(
            presets=tuple(preset) if preset else Settings.presets,
            host=host,
            port=port,
            token=token or None,
            keep=keep,
            browse=browse,
            images=images,
            labels=labels,
            max_bytes=int(max_mb * _MIB),
            max_pixels=max_pixels,
            max_files=max_files,
            max_requests=max_requests,
            max_seconds=max_seconds,
        )
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error
    from tchexnet.web.server import serve

    serve(settings, lambda address: talk.say(f"tchexnet is at {address} (Ctrl-C stops it). Research use only."))


command.__doc__ = _EXAMPLE
