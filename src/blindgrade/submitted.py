"""What a cohort handed in: a folder, file or archive for each student, and when each came."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blindgrade.engine.submission import archives

COLLECTED = ".collected.json"
MAX_COLLECTED = 64 << 20
FILES = (".py", ".ipynb")
STUDENT = re.compile(r"[^\x00-\x1f/]{1,200}")


class NothingHandedIn(Exception):
    """There is no folder of submissions; the message says what to name."""


@dataclass(frozen=True)
class HandedIn:
    """One student's submission. `submitted_at` is as it was collected, None where nobody wrote it down.

    `lessons` has the times of lessons whose files came at another time than the newest.
    """

    student: str
    path: Path
    submitted_at: str | None = None
    lessons: dict[str, str | None] = field(default_factory=dict)

    def at(self, lesson: str) -> str | None:
        """When this lesson's files came."""
        return self.lessons.get(lesson, self.submitted_at)


@dataclass(frozen=True)
class Aside:
    """A submission that was not graded, and why."""

    student: str
    reason: str
    lesson: str = ""


def handed_in(folder: Path) -> tuple[list[HandedIn], list[Aside]]:
    """The submissions in a folder, by student, and what lies there and is none."""
    if not folder.is_dir():
        raise NothingHandedIn(f"{folder} is no folder; name the one that holds a submission for each student")
    times = _times(folder / COLLECTED)
    found: dict[str, HandedIn] = {}
    aside: list[Aside] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        student = _student(path)
        if student is None:
            aside.append(Aside(path.name, "is no folder, Python file, notebook or archive of a student"))
        elif path.is_symlink():
            aside.append(Aside(student, f"{path.name} is a symbolic link; put the submission itself in its place"))
        elif student in found:
            both = f"{found[student].path.name} and {path.name}"
            aside.append(Aside(student, f"{both} are both there, and the first was graded; keep one"))
        else:
            found[student] = HandedIn(student, path, *times.get(student, (None, {})))
    if not found and not aside:
        raise NothingHandedIn(f"{folder} is empty; put a submission for each student into it")
    return list(found.values()), aside


def _student(path: Path) -> str | None:
    name = path.name
    if path.is_file() or path.is_symlink():
        suffixes = [s for s in (*FILES, *archives.SUFFIXES) if name.lower().endswith(s)]
        if not suffixes and not path.is_dir():
            return None
        name = name[: len(name) - max((len(s) for s in suffixes), default=0)]
    elif not path.is_dir():
        return None  # a pipe, a device
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return name if STUDENT.fullmatch(name) and name.isprintable() else None


def _times(path: Path) -> dict[str, tuple[str | None, dict[str, str | None]]]:
    """When each student submitted, also lesson by lesson, as `course collect` wrote it down beside the submissions.

    Never from within a student's folder: what lies there is the student's word.
    """
    entries = _read(path).get("students")
    if not isinstance(entries, dict):
        return {}
    found = {}
    for student, entry in entries.items():
        lessons = entry.get("lessons") if isinstance(entry, dict) else None
        by_lesson = {name: _time(of) for name, of in lessons.items()} if isinstance(lessons, dict) else {}
        found[student] = (_time(entry), by_lesson)
    return found


def _time(entry: Any) -> str | None:
    time = entry.get("submitted_at") if isinstance(entry, dict) else None
    return time if isinstance(time, str) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_COLLECTED:
            return {}
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
