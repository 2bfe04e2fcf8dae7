"""Files beside a lesson's file in its folder: helper modules and small data files."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from blindgrade.engine.submission.files import MAX_PYTHON, MIB, Unreadable, decode, read_bytes

MAX_FILES = 200
MAX_TOTAL = 16 * MIB
MAX_ENTRIES = 5_000  # names that are read in one lesson's folder

NOT_THE_STUDENTS = frozenset({"lesson.toml", "public_checks.py", "answer_key.json"})  # the course's own files


def add_helpers(
    files: dict[str, bytes],
    folder: Path,
    lesson_files: Collection[str],
    problems: list[str],
    shared: Collection[str] = (),
) -> None:
    """Add helper modules and small data files to `files`, the nearest first, until a limit is reached.

    `lesson_files` are names in the folder that are no helpers: the lesson's file, and the file that was read as it.
    `shared` are names of the course's shared files, such as toys.py. The grader itself puts them into the box.
    """
    total = sum(len(content) for content in files.values())
    for name in _walk(folder, problems, shared):
        if name in lesson_files:
            continue
        if len(files) >= MAX_FILES:
            problems.append(f"{name} and later files were left out: at most {MAX_FILES} files are taken; remove some")
            return
        python = name.endswith(".py")
        room = MAX_TOTAL - total
        try:
            content = read_bytes(folder / name, min(MAX_PYTHON, room) if python else room)
            if python:
                decode(content)
        except Unreadable as error:
            problems.append(f"{name} was left out: it {error}" + _full(total))
            continue
        files[name] = content
        total += len(content)


def _full(total: int) -> str:
    return f" ({total / MIB:.1f} of {MAX_TOTAL // MIB} MiB were taken before it)" if total > MIB else ""


def _walk(folder: Path, problems: list[str], shared: Collection[str]) -> Iterator[str]:
    """Names of the files that may be taken. A folder's files come before the files in its subfolders."""
    # A package `toys` would hide the course's toys.py.
    courses = NOT_THE_STUDENTS.union(shared, (name.removesuffix(".py") for name in shared))
    seen = 0
    waiting = [""]
    while waiting:
        prefix = waiting.pop(0)
        try:
            with os.scandir(folder / prefix) as entries:
                # Limited before it is sorted, because a folder may contain millions of names.
                found = [entry for entry, _ in zip(entries, range(MAX_ENTRIES - seen + 1), strict=False)]
        except OSError:
            problems.append(f"{prefix.rstrip('/')} cannot be opened and was left out; check its permissions")
            continue
        seen += len(found)
        if seen > MAX_ENTRIES:
            problems.append(f"the folder contains more than {MAX_ENTRIES} files; keep only what the lesson needs")
            return
        for entry in sorted(found, key=lambda entry: entry.name):
            name = prefix + entry.name
            if name in courses or _skipped(entry):
                continue
            if not name.isprintable():
                problems.append(f"{name!a} was left out: its name cannot be printed; rename it")
            elif entry.is_symlink():
                problems.append(f"{name} was left out: it is a symbolic link; replace it with the file itself")
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(name + "/")
            else:
                yield name


def _skipped(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return name.startswith(".") or name == "__pycache__" or name.endswith((".pyc", ".ipynb"))
