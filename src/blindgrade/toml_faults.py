"""What is wrong with a TOML file that a person wrote, in words: each fault with its line and the entry around it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from blindgrade.toml_lines import line_of

MOST = 10  # faults that one message lists


def at(path: Path, *place: str | int) -> str:
    """The file and the line of this place in it: "lesson.toml:12". Only the file if it cannot be read."""
    try:
        return f"{path}:{line_of(path.read_text(encoding='utf-8-sig'), place)}"
    except (OSError, UnicodeDecodeError):
        return str(path)


def faults(path: Path, data: Mapping[str, Any], model: type[BaseModel], error: ValidationError) -> str:
    """Message with a line for each fault that the model found in the file's data."""
    known = _keys(model)
    lines = [_fault(path, data, known, one["loc"], one["type"], one["msg"]) for one in error.errors()]
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n".join([*lines[:MOST], *more])


def _fault(
    path: Path, data: Mapping[str, Any], known: Iterable[str], place: Sequence[str | int], kind: str, said: str
) -> str:
    key = place[-1] if place else ""
    around = place[:-1] if isinstance(key, str) else place
    entry = entry_words(data, around)
    if kind == "missing":
        return f"{at(path, *place)}: {entry}`{key}` is missing; add it"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(key), sorted(known), n=1)
        advice = f"did you mean `{near[0]}`?" if near else "remove it"
        return f"{at(path, *place)}: {entry}there is no key `{key}`; {advice}"
    said = said.removeprefix("Value error, ").rstrip(".")
    named = f"`{key}`: " if isinstance(key, str) and key else ""
    return f"{at(path, *place)}: {entry}{named}{said[:1].lower()}{said[1:]}; correct it"


def entry_words(data: Mapping[str, Any], place: Sequence[str | int]) -> str:
    """The entry in words, counted from 1: "exercise 3 (`fit_line`): ". "" for the file itself."""
    words: list[str] = []
    here: Any = data
    for part in place:
        here = _inside(here, part)
        if isinstance(part, str):
            words.append(part)
        else:
            name = next((here[key] for key in ("name", "id") if isinstance(here, dict) and key in here), None)
            words[-1:] = [f"{words[-1] if words else 'entry'} {part + 1}" + (f" (`{name}`)" if name else "")]
    return f"{', '.join(words)}: " if words else ""


def _inside(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _keys(model: type[BaseModel]) -> set[str]:
    """Every key that a file of this model may have, in any of its tables."""
    schema = model.model_json_schema(by_alias=True)
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}
