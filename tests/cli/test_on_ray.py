"""`--ray [ADDRESS]`: with a word, without one, and what goes with it alone."""

import re

import pytest
import typer
from typer.testing import CliRunner

from tchexnet.cli.main import app
from tchexnet.cli.on_ray import cluster_of
from tchexnet.scoring.cluster import Cluster

SCORE = typer.main.get_command(app).commands["score"]


@pytest.mark.parametrize(
    ("words", "ray", "source"),
    [
        (["in", "--out", "o.csv"], None, "in"),
        (["in", "--out", "o.csv", "--ray"], "", "in"),
        (["--ray", "in", "--out", "o.csv"], "", "in"),
        (["--ray", "s3://bucket/in", "--out", "o.csv"], "", "s3://bucket/in"),
        (["in", "--ray", "--out", "o.csv"], "", "in"),
        (["in", "--ray", "auto", "--out", "o.csv"], "auto", "in"),
        (["--ray", "head.example:6379", "in", "--out", "o.csv"], "head.example:6379", "in"),
        (["--ray=10.0.0.7:6379", "in", "--out", "o.csv"], "10.0.0.7:6379", "in"),
        (["--out", "o.csv", "--", "--ray"], None, "--ray"),
    ],
)
def test_the_address_may_be_left_out(words: list[str], ray: str | None, source: str) -> None:
    params = SCORE.make_context("score", words).params
    assert (params["ray"], params["source"], params["out"]) == (ray, source, "o.csv")


def test_the_cluster_that_is_asked_for() -> None:
    assert cluster_of(None, None, None, None) is None
    assert cluster_of("", 3, 2, 0.5) == Cluster(None, 3, 2, 0.5)
    assert cluster_of("auto", None, None, None) == Cluster("auto")


@pytest.mark.parametrize("option", ["--actors", "--cpus-per-actor", "--gpus-per-actor"])
def test_what_goes_with_ray_alone(option: str) -> None:
    ran = CliRunner().invoke(app, ["score", "in", "--out", "o.csv", option, "1"])
    assert ran.exit_code == 2
    assert "go with --ray" in " ".join(re.sub(r"[^\w. -]", " ", ran.output).split())
