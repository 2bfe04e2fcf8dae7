"""The files that a submission consists of: what would be graded, as texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.engine.submission.file_names import SUFFIXES, suffix_of
from blindgrade.engine.submission.files import MAX_PYTHON, Unreadable, decode, read_bytes
from blindgrade.engine.submission.outputs import without_outputs
from blindgrade.engine.submission.reading import LessonSubmission, SubmissionError, read_submission
from blindgrade.submitting.wire_models import MAX_BODY

MAX_WITH_OUTPUTS = 128 << 20
ENVELOPE = 64  # bytes of a request around the files


class NothingToSubmit(Exception):
    """There is nothing that can be submitted. The message says why and what to do."""


@dataclass(frozen=True)
class Collected:
    """Files by their names, and notes about what is not sent."""

    files: dict[str, str]
    notes: list[str]


def collected(path: Path, target: Target) -> Collected:
    """Files of the submission at `path` for a lesson. NothingToSubmit if there are none, or if they are too large."""
    lesson = target.lesson.id
    names = {lesson: {exercise.defines for exercise in target.lesson.exercises}}
    try:
        found = read_submission(path, [target.files], names)[lesson]
    except SubmissionError as error:
        raise NothingToSubmit(str(error)) from None
    if found is None:
        own = f"{target.files.module}.py or .ipynb"
        raise NothingToSubmit(f"{path} holds no file for {lesson} ({own}); name the right one with --submission")
    files, notes = _texts(path, target, found)
    if not files:
        raise NothingToSubmit(found.unreadable)
    _check_size(files)
    return Collected(files, notes)


def _texts(path: Path, target: Target, found: LessonSubmission) -> tuple[dict[str, str], list[str]]:
    files = _originals(path, target)
    if not files and found.file in found.files:
        files = {found.file: found.files[found.file].decode("utf-8", "replace")}
    notes = []
    for name, content in found.files.items():
        if name == found.file:
            continue
        try:
            files[name] = _text(content)
        except UnicodeDecodeError:
            notes.append(f"{name} is not text, so it is not sent; the service grades without it")
    return files, notes


def _originals(path: Path, target: Target) -> dict[str, str]:
    """The lesson's own files as the student sees them: a notebook stays one, so that results name its cells."""
    module = target.files.module
    if path.is_file():
        places = {f"{module}{suffix_of(path.name)}": path} if suffix_of(path.name) == ".ipynb" else {}
    else:
        folders = (path / target.files.folder, path / "exercises" / target.files.folder, path)
        every = [{f"{module}{one}": folder / f"{module}{one}" for one in SUFFIXES} for folder in folders]
        there = [{name: file for name, file in some.items() if file.is_file()} for some in every]
        places = next((some for some in there if some), {})
    found = {}
    for name, file in places.items():
        try:
            if name.endswith(".ipynb"):
                found[name] = _text(without_outputs(read_bytes(file, MAX_WITH_OUTPUTS)))
            else:
                found[name] = decode(read_bytes(file, MAX_PYTHON))[0]
        except (Unreadable, UnicodeDecodeError):
            continue  # the service would read the other file, too
    return found


def _text(content: bytes) -> str:
    if b"\0" in content:
        raise UnicodeDecodeError("utf-8", content, 0, 1, "a NUL byte")
    return content.decode("utf-8-sig")


def _check_size(files: dict[str, str]) -> None:
    sizes = {name: len(json.dumps(text, ensure_ascii=False).encode()) + len(name) for name, text in files.items()}
    whole = sum(sizes.values()) + ENVELOPE
    if whole > MAX_BODY:
        largest = max(sizes, key=lambda name: sizes[name])
        raise NothingToSubmit(
            f"the files are {whole / (1 << 20):.1f} MiB together, and the service takes {MAX_BODY >> 20} MiB; the"
            f" largest is {largest} with {sizes[largest] / (1 << 20):.1f} MiB: make it smaller, or move it away"
        )
