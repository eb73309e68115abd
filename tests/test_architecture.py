"""The house rules, read from the imports: who may call whom, and which libraries stay in which rooms.

The layers are those printed in docs/architecture.md; there is no second list.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

REPO = Path(__file__).resolve().parents[1]
PACKAGE = REPO / "tchexnet"

# Rooms of one layer do not know each other, with two exceptions: labels raise errors, and a command starts the server.
SIDEWAYS = {("labels", "errors"), ("cli", "web")}

NETWORK = ("fsspec", "http.client", "pooch", "ray", "requests", "urllib.request")
LISTENING = ("fastapi", "http.server", "multiprocessing.connection", "socketserver", "starlette", "uvicorn", "wsgiref")

# Who may import a library that is slow to load or opens connections: a folder, or one file.
RESERVED = {
    "keras": ("models/", "training/", "presets/importers/", "presets/keras_weights.py", "runtime/keras_engine.py"),
    "tensorflow": ("datasets/pipeline.py", "training/backend.py"),
    "openvino": ("runtime/quiet.py",),
    **dict.fromkeys(NETWORK, ("presets/", "scoring/")),
    **dict.fromkeys(LISTENING, ("web/",)),
    "socket": ("presets/", "scoring/", "web/server.py"),
}

LOADED = """
import sys
import tchexnet
if len(sys.argv) > 1:
    tchexnet.load("chexnet").predict(sys.argv[1])
heavy = ("keras", "tensorflow", "openvino_telemetry")
print(*(name for name in heavy if sys.modules.get(name) is not None))
"""


class Import(NamedTuple):
    """One import: the file (relative to the package), its line, and the full name that it asks for."""

    file: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"tchexnet/{self.file}:{self.line} imports {self.name}"


def layers() -> dict[str, int]:
    """Room -> layer, from the block in docs/architecture.md whose lines read `3  presets  explain`."""
    lines = re.findall(r"^(\d)((?:  \w+)+)", (REPO / "docs" / "architecture.md").read_text("utf-8"), re.MULTILINE)
    return {room: int(number) for number, rooms in lines for room in rooms.split()}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file: at its top, inside functions, under TYPE_CHECKING, relative, or by `import_module`."""
    file = path.relative_to(PACKAGE).as_posix()
    package = ("tchexnet", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        for name in _names(node, package):
            yield Import(file, node.lineno, name)


def _names(node: ast.AST, package: tuple[str, ...]) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = [*package[: len(package) + 1 - level]] if level else []
            base += [module] if module else []
            return [".".join([*base, alias.name]) for alias in names]
        case ast.Call(
            func=ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(str(name)), *_],
        ):
            return [name]
    return []


def room(name: str) -> str:
    """`tchexnet.images.read` -> `images`; the package's own front door is the empty room."""
    found = name.split(".")[1:2]
    return found[0] if found and found[0] in layers() else ""


def all_imports() -> list[Import]:
    return [found for path in sources() for found in imports(path)]


def test_every_room_has_a_layer():
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in sources()} - {"__init__", "__main__"}
    assert rooms <= set(layers()), "docs/architecture.md gives these rooms no layer"


def test_imports_go_down():
    level = layers()
    upward = []
    for found in all_imports():
        if found.name.split(".")[0] != "tchexnet":
            continue
        here, there = found.file.split("/")[0].removesuffix(".py"), room(found.name)
        # The front door stands above layer 5, whose `score` it hands out, and below the edges.
        above, below = level.get(here, 5.5), level.get(there, 5.5)
        if here != there and above <= below and (here, there) not in SIDEWAYS:
            upward.append(str(found))
    assert not upward


@pytest.mark.parametrize("library", RESERVED)
def test_reserved_library_stays_in_its_rooms(library):
    strays = [
        str(found)
        for found in all_imports()
        if f"{found.name}.".startswith(f"{library}.") and not found.file.startswith(RESERVED[library])
    ]
    assert not strays


def test_only_the_command_line_prints():
    prints = [
        f"tchexnet/{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sources()
        if path.relative_to(PACKAGE).parts[0] != "cli"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not prints


@pytest.mark.parametrize("act", ["import", "predict"])
def test_a_shipped_preset_reads_without_keras_tensorflow_or_telemetry(act, repo, tmp_path):
    image = next(iter(sorted((repo / "hello_world_images").glob("*.png"))), "hello_world_images/*.png")
    arguments = [str(image)] if act == "predict" else []
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        cwd=repo,
        env={**os.environ, "HOME": str(tmp_path), "TCHEXNET_HOME": str(tmp_path), "PYTHONPATH": str(repo)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []


@pytest.mark.parametrize("name", ["hello_CheXNet.py", "hello_CheXNet_features.py", "hello_tCheXNet.py"])
def test_hello_scripts_stay_under_fifteen_lines(name, repo):
    assert len((repo / name).read_text("utf-8").splitlines()) < 15


def test_the_reader_of_imports_sees_each_way_to_import(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "images").mkdir()
    path = tmp_path / "images" / "read.py"
    path.write_text(
        "import keras.ops\nfrom tchexnet import labels\nfrom . import dicom\nfrom ..errors import ImageError\n"
        "def late():\n    from tchexnet.runtime.engine import Engine\n    importlib.import_module('tensorflow')\n"
    )
    assert sorted(found.name for found in imports(path)) == [
        "keras.ops",
        "tchexnet.errors.ImageError",
        "tchexnet.images.dicom",
        "tchexnet.labels",
        "tchexnet.runtime.engine.Engine",
        "tensorflow",
    ]


def test_only_the_web_server_listens():
    """Whatever opens a listening socket calls `bind` or `start_server` by name."""
    listening = {"bind", "create_server", "start_server", "start_unix_server", "listen"}
    calls = [
        f"tchexnet/{path.relative_to(PACKAGE).as_posix()}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in listening
    ]
    assert calls == ["tchexnet/web/server.py"]
