"""The first line of a grading, before the course's files are checked: only names and titles are read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from blindgrade.cli.grade.screen import Screen
from blindgrade.files import toml_data
from blindgrade.render.terminal.paper import heading
from blindgrade.resident.use import course_of

PLAIN = re.compile(r"(?P<lesson>lesson-\d+(?:\.\d+)*)(?:/(?P<exercise>\w+))?")


def print_heading(names: tuple[str, ...]) -> str:
    """The same, for the course around the working directory."""
    root = course_of(Path(), os.environ)
    return first_heading(root, names) if root is not None else ""


def first_heading(root: Path, names: tuple[str, ...]) -> str:
    """Print the heading of the first lesson. Its id; empty if the names are not written in full, or are not known."""
    try:
        found = _first(root, names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""  # the command itself will report a fault in these files
    if found is None:
        return ""
    lesson, title = found
    Screen().show(heading(lesson, title))
    return lesson


def _first(root: Path, names: tuple[str, ...]) -> tuple[str, str] | None:
    """Id and title of the first lesson that the names cover."""
    course = toml_data(root / "course.toml")
    entries = [e for module in course["module"] for e in module["lesson"] if e.get("status", "ready") == "ready"]
    covered: set[str] = set()
    specs: dict[str, dict[str, Any]] = {}
    for name in names:
        match = PLAIN.fullmatch(name)
        wanted = match["lesson"] if match else name
        mine = [e for e in entries if name == "all" or (match and f"{e['id']}.".startswith(f"{wanted}."))]
        if not mine:
            return None
        if match and match["exercise"]:
            [entry] = mine
            spec = specs[entry["id"]] = _spec(root, entry)
            if match["exercise"] not in [exercise["name"] for exercise in spec["exercise"]]:
                return None
        covered |= {entry["id"] for entry in mine}
    first = next(entry for entry in entries if entry["id"] in covered)
    spec = specs.get(first["id"]) or _spec(root, first)
    return str(first["id"]), str(spec["title"])


def _spec(root: Path, entry: dict[str, Any]) -> dict[str, Any]:
    folder = f"{entry['id'].replace('-', '_').replace('.', '_')}_{entry['slug']}"
    return toml_data(root / "exercises" / folder / "lesson.toml")
