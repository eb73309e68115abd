"""docs/errors.md and the kinds of refusal are one list."""

import re
from pathlib import Path

from tchexnet.errors import IMAGE_ERROR_KINDS


def rows(repo: Path) -> dict[str, tuple[str, str, str]]:
    """Kind to (meaning, example, what to do), from the page's table."""
    lines = (repo / "docs/errors.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return {kind.strip("` "): (meaning, example, todo) for kind, meaning, example, todo in cells}


def test_the_page_lists_every_kind_and_no_other(repo: Path) -> None:
    assert list(rows(repo)) == list(IMAGE_ERROR_KINDS)


def test_every_kind_has_its_meaning_an_example_and_advice(repo: Path) -> None:
    for kind, (meaning, example, todo) in rows(repo).items():
        assert meaning.rstrip(".") == IMAGE_ERROR_KINDS[kind]
        assert re.fullmatch(r".+\.", example), kind
        assert todo, kind


def test_every_kind_is_raised_somewhere(repo: Path) -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (repo / "tchexnet/images").glob("*.py"))
    assert [kind for kind in IMAGE_ERROR_KINDS if f'"{kind}"' not in code] == []
