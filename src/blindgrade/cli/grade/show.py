"""`grade EXERCISE --show CHECK`: a snippet that reproduces a public check."""

from __future__ import annotations

from pathlib import Path

from blindgrade.catalog import Catalog, Target
from blindgrade.checks import Check
from blindgrade.cli.exits import BAD_REQUEST, stop, stops
from blindgrade.cli.grade.screen import put
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.snippet import snippet
from blindgrade.engine.submission.reading import SubmissionError, read_submission
from blindgrade.ids import nearest_of
from blindgrade.lesson_files import LessonFiles


def show(catalog: Catalog, lessons: tuple[str, ...], place: Path, name: str) -> None:
    """Print the snippet. End the command if the names do not give one public check."""
    targets = catalog.find(catalog.canonical(lessons))
    if len(targets) != 1 or len(targets[0].exercises) != 1:
        stop(f"--show needs one exercise; run `grade lesson-7.2.1/score_from_noise --show {name}`", BAD_REQUEST)
    [target] = targets
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    check = _check(target, checks, name)
    put(snippet(checks, check, _file(target, place)))


def _check(target: Target, checks: LessonChecks, name: str) -> Check:
    """The public check with this name, or the only one whose name has the text in it."""
    exercise = target.exercises[0]
    public = {check.name: check for check in checks.of(exercise)}
    wanted = name.strip().rpartition("/")[2]
    if wanted in public:
        return public[wanted]
    if _is_hidden(target, wanted):
        stop(f"{wanted} is a hidden check, so its inputs and values are not shown; {_listed(public)}", BAD_REQUEST)
    found = [one for one in public if wanted and wanted.casefold() in one.casefold()]
    if len(found) == 1:
        return public[found[0]]
    near = nearest_of(wanted, found or public)
    hint = f"did you mean {' or '.join(near)}?" if near else "it has no public check"
    stop(f"{exercise} has no public check with the name {name!r} (hidden checks are not shown); {hint}", BAD_REQUEST)


def _listed(public: dict[str, Check]) -> str:
    return (
        f"the public checks of this exercise are {', '.join(public)}" if public else "this exercise has no public one"
    )


def _is_hidden(target: Target, name: str) -> bool:
    """Whether this course has the private checks, and this is one of them."""
    if not target.files.private_checks.is_file():
        return False
    return any(check.name == name and not check.public for check in LessonChecks(target.files, target.lesson).all)


def _file(target: Target, place: Path) -> Path:
    """The student's file that a grading would read."""
    files: LessonFiles = target.files
    with stops(BAD_REQUEST, SubmissionError):
        found = read_submission(place, [files], {files.entry.id: {e.defines for e in target.lesson.exercises}})
    submission = found[files.entry.id]
    if submission is None or submission.unreadable:
        reason = submission.unreadable if submission else f"there is no file for {files.entry.id} in {place}"
        stop(reason, BAD_REQUEST)
    if place.is_dir():
        name = submission.lines.file
        there = [folder / name for folder in (place / files.folder, place / "exercises" / files.folder, place)]
        path = next((path for path in [*there, *place.rglob(name)] if path.is_file()), None)
    else:
        path = place if place.suffix in (".py", ".ipynb") else None
    if path is None:
        stop(f"--show needs your file itself; unpack {place} and name the folder", BAD_REQUEST)
    return path
