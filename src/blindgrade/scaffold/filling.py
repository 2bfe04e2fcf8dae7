"""Templates of the scaffold, filled and written. They are package data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from blindgrade.files import write_whole

TEMPLATES = Path(__file__).parent / "templates"


class ScaffoldError(Exception):
    """Nothing was written, because something is in the way. The message ends with what to do."""


def filled(folder: str, context: Mapping[str, object]) -> dict[str, str]:
    """Texts of the templates in this folder, by their paths without `.j2`."""
    from jinja2 import Environment, StrictUndefined

    home = TEMPLATES / folder
    # The results are Python, TOML and Markdown, never HTML. `trim_blocks` keeps lines of Jinja out of the result.
    environment = Environment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    # Jinja's own filter escapes for HTML: it writes \\u0027 for an apostrophe. Strings of JSON are strings of TOML.
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    paths = [path for path in sorted(home.rglob("*.j2")) if path.is_file()]
    return {
        path.relative_to(home).as_posix().removesuffix(".j2"): environment.from_string(
            path.read_text(encoding="utf-8")
        ).render(context)
        for path in paths
    }


def write_new(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write files that do not exist yet; return their paths below `root`.

    ScaffoldError if one exists; then nothing is written.
    """
    if there := [name for name in sorted(texts) if (root / name).exists()]:
        raise ScaffoldError(f"{root / there[0]} exists already; choose another name, or remove it")
    return write_over(root, texts)


def write_over(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write these texts over the files that are there; return the paths below `root`."""
    for name, text in texts.items():
        write_whole(root / name, text)
    return list(texts)
