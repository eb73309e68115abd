"""The cluster files of docs/ray/: they parse, hold what their readers require, and ask for options that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tchexnet.cli.main import app

yaml = pytest.importorskip("yaml", reason="the extra [ray], which brings PyYAML, is not installed")

FOLDER = Path(__file__).parents[1] / "docs" / "ray"


def load(name: str) -> Any:
    (found,) = yaml.safe_load_all((FOLDER / name).read_text())
    return found


def test_the_ray_cluster_has_what_ray_up_requires() -> None:
    found = load("cluster.yaml")
    assert {"cluster_name", "provider", "auth", "available_node_types", "head_node_type"} <= set(found)
    kinds = found["available_node_types"]
    assert found["head_node_type"] in kinds
    assert all("node_config" in kind for kind in kinds.values())
    assert kinds["head"]["resources"] == {"CPU": 0}
    assert sum(kind.get("max_workers", 0) for kind in kinds.values()) == found["max_workers"]
    assert any("--include-dashboard=false" in command for command in found["head_start_ray_commands"])


def test_the_ray_cluster_fits_rays_own_schema() -> None:
    ray = pytest.importorskip("ray", reason="the extra [ray] is not installed")
    jsonschema = pytest.importorskip("jsonschema", reason="the extra [ray] is not installed")
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    jsonschema.validate(load("cluster.yaml"), schema)


def test_the_ray_job_has_what_kuberay_requires() -> None:
    found = load("kuberay.yaml")
    assert (found["apiVersion"], found["kind"]) == ("ray.io/v1", "RayJob")
    spec = found["spec"]
    assert spec["shutdownAfterJobFinishes"] is True
    cluster = spec["rayClusterSpec"]
    head, workers = cluster["headGroupSpec"], cluster["workerGroupSpecs"]
    assert head["rayStartParams"]["num-cpus"] == "0"
    for group in (head, *workers):
        (container,) = group["template"]["spec"]["containers"]
        assert {"name", "image", "resources"} <= set(container)
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]
    for group in workers:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_all_name_one_image_and_one_version_of_ray() -> None:
    texts = [path.read_text() for path in sorted(FOLDER.iterdir())]
    assert {name for text in texts for name in re.findall(r"REGISTRY/\S+", text)} == {"REGISTRY/tchexnet-ray:0.1.0"}
    versions = {
        found for text in texts for found in re.findall(r"(?:rayproject/ray:|rayVersion: \")(\d+\.\d+\.\d+)", text)
    }
    assert versions == {load("kuberay.yaml")["spec"]["rayClusterSpec"]["rayVersion"]}


@pytest.mark.parametrize("page", ["ray/cluster.yaml", "ray/kuberay.yaml", "scale.md"])
def test_the_options_of_every_command_exist(page: str) -> None:
    text = (FOLDER.parent / page).read_text()
    commands = re.findall(r"tchexnet score (?:.*?\\\n)*.*", text)
    assert commands
    shown = CliRunner().invoke(app, ["score", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    options = {option for command in commands for option in re.findall(r"(?<=\s)--[a-z-]+", command)}
    assert options and not {option for option in options if option not in shown}
