"""What `--ray` brings to `tchexnet score`: an option whose value may be left out, and the cluster that it asks for."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand

from tchexnet.scoring.cluster import Cluster

HELP_PANEL = "With --ray"
_ADDRESS = re.compile(r"auto|local|[^/\s-][^/\s]*:\d+")


def cluster_of(ray: str | None, actors: int | None, cpus: int | None, gpus: float | None) -> Cluster | None:
    """The cluster asked for, or None.

    Raises:
        typer.BadParameter: actors are described, but there is no `--ray`.
    """
    if ray is not None:
        return Cluster(ray or None, actors, cpus, gpus or 0.0)
    if actors or cpus or gpus:
        raise typer.BadParameter("--actors, --cpus-per-actor and --gpus-per-actor go with --ray.")
    return None


class OptionalAddress(TyperCommand):
    """A command whose `--ray` may stand alone: it takes the next word only where that looks like an address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a `--ray` that stands alone the empty address."""
        given = list(args)
        end = given.index("--") if "--" in given else len(given)
        for i in range(end):
            if given[i] == "--ray" and not (i + 1 < end and _ADDRESS.fullmatch(given[i + 1])):
                given[i] = "--ray="
        return super().parse_args(ctx, given)
