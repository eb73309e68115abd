"""The README is executed: its output is what the scripts print, its commands are understood, its code runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from tchexnet.cli.main import app

REPO = Path(__file__).parents[1]
README = (REPO / "README.md").read_text()
PAGES = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))]
COMMANDS = sorted(
    {
        line.strip().split("  #")[0]
        for page in PAGES
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), flags=re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith("tchexnet ")
    }
)


def test_the_output_shown_is_the_output() -> None:
    block = re.search(r"prints[^\n]*:\n\n```\n(.*?)```", README, flags=re.DOTALL)
    assert block
    printed = ""
    for script in ("hello_CheXNet.py", "hello_tCheXNet.py", "hello_CheXNet_features.py"):
        ran = subprocess.run([sys.executable, script], cwd=REPO, capture_output=True, text=True, check=True)
        printed += ran.stdout
    shown, expected = numbers_apart(block[1])
    real, numbers = numbers_apart(printed)
    assert shown in real
    first = real[: real.index(shown)].count("#")
    assert numbers[first : first + len(expected)] == pytest.approx(expected, abs=1e-4)


def numbers_apart(text: str) -> tuple[str, list[float]]:
    """(the text with # for each number that has a point, the numbers); runs of spaces become one."""
    pattern = r"\d+\.\d*(?:e-\d+)?"
    return re.sub(r" +", " ", re.sub(pattern, "#", text)), [float(number) for number in re.findall(pattern, text)]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_shown_are_understood(line: str) -> None:
    """Each `tchexnet ...` of the README and docs parses: the command exists, and so do its options."""
    command, arguments = get_command(app), shlex.split(line)[1:]
    context = command.make_context("tchexnet", list(arguments), resilient_parsing=True)
    while hasattr(command, "commands"):
        name = arguments.pop(0)
        assert name in command.commands, f"{line}: there is no command {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
    for word in arguments:
        assert not word.startswith("--") or word.split("=")[0] in known, f"{line}: there is no option {word}"
    assert context


def test_the_python_shown_runs(tmp_path: Path) -> None:
    block = re.search(r"```python\n(import tchexnet\n.*?)```", README, flags=re.DOTALL)
    assert block
    sample = str(REPO / "hello_world_images" / "mean_chest.png")
    code = re.sub(r'"[\w.]+\.(?:png|dcm)"', repr(sample), block[1])
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PYTHONPATH": str(REPO), "PATH": ""})
