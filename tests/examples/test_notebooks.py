"""The notebooks are executed, and are committed without outputs; Binder installs what they need."""

import json
import os
import tomllib

import pytest

NOTEBOOKS = ["explore_predictions", "train_your_own", "features_with_sklearn"]


def cells(repo, name):
    return json.loads((repo / "examples" / f"{name}.ipynb").read_text("utf-8"))["cells"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_committed_without_outputs(repo, name) -> None:
    """An output could hold a patient's radiograph."""
    code = [cell for cell in cells(repo, name) if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_every_notebook_is_tested(repo) -> None:
    assert sorted(path.stem for path in (repo / "examples").glob("*.ipynb")) == sorted(NOTEBOOKS)


def test_binder_installs_an_extra_that_exists(repo) -> None:
    build = repo / ".binder" / "postBuild"
    extras = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert "'.[examples]'" in build.read_text("utf-8") and "examples" in extras
    assert os.access(build, os.X_OK)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
# nbclient 0.11 and jupyter_client 8.10 leave sockets to the garbage collector when a kernel has stopped.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_runs_from_top_to_bottom(repo, name, monkeypatch) -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs pip install 'tchexnet[examples]'")
    nbclient = pytest.importorskip("nbclient", reason="needs pip install 'tchexnet[examples]'")
    monkeypatch.setenv("PYTHONPATH", str(repo))
    notebook = nbformat.read(repo / "examples" / f"{name}.ipynb", 4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(repo / "examples")}}
    )
    client.execute()
    assert all(cell.get("execution_count") for cell in notebook.cells if cell.cell_type == "code")
