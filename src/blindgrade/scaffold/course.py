"""`course new`: a course with one small lesson, which builds, verifies, releases and grades at once."""

from __future__ import annotations

import re
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.generate.build import build
from blindgrade.scaffold.filling import ScaffoldError, filled, write_new


def new_course(folder: Path, title: str = "") -> list[str]:
    """Write the course into a new or empty folder and build it; return what was written.

    ScaffoldError if the folder has files, or if it is inside another course. Then nothing was written.
    """
    if folder.exists() and (not folder.is_dir() or any(_visible(folder))):
        raise ScaffoldError(f"{folder} is not empty; choose a new folder")
    around = next((up for up in folder.resolve().parents if (up / "course.toml").is_file()), None)
    if around is not None:
        raise ScaffoldError(f"{folder} would be inside the course {around}; choose a folder outside of it")
    written = write_new(folder, filled("course", {"title": title or _titled(folder.resolve().name)}))
    build(Catalog(folder.resolve()), ["all"], check=False)
    return written


def _visible(folder: Path) -> list[Path]:
    """What is in the folder, without what git and editors keep there."""
    return [path for path in folder.iterdir() if path.name not in (".git", ".vscode", ".idea", ".venv", ".DS_Store")]


def _titled(name: str) -> str:
    """The folder's name as a title: "my-course" is "My course"."""
    words = re.sub(r"[-_\s]+", " ", name).strip()
    return words[:1].upper() + words[1:]
