"""Lesson folders that course.toml does not list: written, but unknown to every command."""

from __future__ import annotations

import difflib
import os
from collections.abc import Container
from pathlib import Path

from blindgrade.ids import FOLDER, ID

TREES = ("solutions", "exercises", "graders")
NEAR = 0.8  # likeness of a name that is probably mistyped


def unregistered(root: Path, known: Container[str]) -> dict[str, Path]:
    """Folders of lessons that are not `known`, by the id that each folder's name gives."""
    found: dict[str, Path] = {}
    for tree in TREES:
        names = sorted(os.listdir(root / tree)) if (root / tree).is_dir() else []
        for name in names:
            match = FOLDER.fullmatch(name)
            if match and (lesson := f"lesson-{match['number'][1:].replace('_', '.')}") not in known:
                found.setdefault(lesson, root / tree / name)
    return found


def folder_of(root: Path, lesson: str) -> Path | None:
    """A folder whose name has the lesson's number, whatever its slug."""
    return unregistered(root, known=()).get(lesson)


def advice(root: Path, known: Container[str], name: str) -> str:
    """What to do if the name means a folder that is not listed; "" if it means none."""
    wanted = name.strip().split("/")[0]
    for lesson, folder in unregistered(root, known).items():
        slug = _slug(folder)
        # Any two ids are alike, so a number is meant only as it is written.
        near = not ID.fullmatch(wanted) and difflib.get_close_matches(wanted, (slug, folder.name), n=1, cutoff=NEAR)
        if near or wanted in (lesson, lesson.removeprefix("lesson-")):
            lines = entry(lesson, slug)
            return f"{folder.relative_to(root)} is not in course.toml; add these lines below its module: {lines}"
    return ""


def entry(lesson: str, slug: str) -> str:
    """Lines of course.toml that list the lesson."""
    title = slug.replace("_", " ").capitalize()
    return f'\n[[module.lesson]]\nid = "{lesson}"\nslug = "{slug}"\ntitle = "{title}"'


def unlisted(root: Path, known: Container[str]) -> list[str]:
    """A sentence for each folder that is not listed."""
    why = "is not in course.toml, so nothing is done with it; add:"
    found = unregistered(root, known)
    return [f"{folder.relative_to(root)} {why} {entry(lesson, _slug(folder))}" for lesson, folder in found.items()]


def _slug(folder: Path) -> str:
    match = FOLDER.fullmatch(folder.name)
    return match["module"] if match else folder.name
