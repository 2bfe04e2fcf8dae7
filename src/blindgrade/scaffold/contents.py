"""Additions to the text of course.toml. Comments and the order of the entries stay."""

from __future__ import annotations

import json

from blindgrade.course import LessonEntry
from blindgrade.toml_lines import tables


def with_module(text: str, module: str, title: str) -> str:
    """The text with one module more, after the last one."""
    return _after(text, ("module",), f"[[module]]\nid = {_quoted(module)}\ntitle = {_quoted(title)}")


def with_lesson(text: str, module: int, entry: LessonEntry) -> str:
    """The text with this lesson at the end of the module with this number, counted from 0."""
    lines = [f"{key} = {_quoted(getattr(entry, key))}" for key in ("id", "slug", "title")]
    return _after(text, ("module", module), "\n".join(["[[module.lesson]]", *lines]))


def with_concept(text: str, concept: str, title: str, lesson: str) -> str:
    """The text with one concept more, after the last one."""
    lines = [
        f"id = {_quoted(concept)}",
        f"title = {_quoted(title)}",
        'depth = "introduced"',
        f"lessons = [{_quoted(lesson)}]",
    ]
    return _after(text, ("concept",), "\n".join(["[[concept]]", *lines]))


def _after(text: str, place: tuple[str | int, ...], part: str) -> str:
    """The text with a part after the last table at this place, or at its end if there is none."""
    lines = text.splitlines()
    last = max((one.last for one in tables(text) if one.path[: len(place)] == place), default=len(lines))
    lines[last:last] = ["", *part.splitlines()]
    return "\n".join(lines).rstrip() + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
