"""A command asks the course's resident to do its work, and shows what the resident prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from blindgrade.resident import caller, use
from blindgrade.resident.client import Answer, Resident
from blindgrade.resident.place import NoPlace, place_of


def ask(lessons: tuple[str, ...], submission: Path | None, **options: Any) -> tuple[Answer, str]:
    """Answer of the resident, and the lesson whose heading this command printed itself; empty if it printed none."""
    root = use.course_of(Path(), os.environ)
    if root is None or use.refusal(root, os.environ) or not _inside(submission, root):
        return Answer(), ""
    try:
        resident = Resident(place_of(root, os.environ), root)
    except NoPlace:
        return Answer(), ""
    heading = ""
    sock = resident.find()
    if sock is None:
        if not resident.start():
            return Answer(), ""
        if not (options["as_json"] or options["problems"]):
            from blindgrade.cli.grade.early import first_heading

            heading = first_heading(root, lessons)
        sock = resident.wait()
        resident.leave()
    if sock is None:
        return Answer(), heading
    request = {
        "lessons": list(lessons),
        "submission": None if submission is None else os.fspath(submission),
        "options": {name: os.fspath(value) if isinstance(value, Path) else value for name, value in options.items()},
        "heading": heading,
        "caller": caller.described(),
    }
    return resident.work(sock, request, _out, _err), heading


def _inside(submission: Path | None, root: Path) -> bool:
    """Whether the resident reads only what is in its course's folder."""
    return submission is None or submission.resolve().is_relative_to(root)


def _out(content: bytes) -> None:
    try:
        _write(sys.stdout, content)
    except OSError as error:
        from blindgrade.cli.grade.screen import not_written

        not_written(error)


def _err(content: bytes) -> None:
    _write(sys.stderr, content)


def _write(stream: Any, content: bytes) -> None:
    stream.flush()
    if hasattr(stream, "buffer"):
        stream.buffer.write(content)
        stream.buffer.flush()
    else:
        stream.write(content.decode(getattr(stream, "encoding", None) or "utf-8", "replace"))
