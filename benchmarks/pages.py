"""Put what a command printed between its markers on a page of docs/."""

from __future__ import annotations

import re
from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: the page has no such markers.
    """
    old = page.read_text("utf-8")
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    new, count = re.subn(f"{start}.*?{end}", lambda _: f"{start}\n\n{text.strip()}\n\n{end}", old, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{page} has no one place between {start} and {end}.")
    page.write_text(new, "utf-8")
