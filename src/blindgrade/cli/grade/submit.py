"""Run `grade LESSON --submit`: hand in what would be graded, and show what the service says."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.cli.exits import (
    ALL_DONE,
    BAD_REQUEST,
    GRADER_FAILED,
    INTERRUPTED,
    NOT_ACCEPTED,
    SOME_NOT,
    say,
    stop,
    stops,
)
from blindgrade.cli.grade.screen import put
from blindgrade.cli.grade.signing_in import say_clock
from blindgrade.cli.grade.submitted_text import status_text
from blindgrade.models import Outcome
from blindgrade.submitting import sending
from blindgrade.submitting.client import Client
from blindgrade.submitting.handing_in import Collected, NothingToSubmit, collected
from blindgrade.submitting.outbox import Outbox
from blindgrade.submitting.sign_ins import BadAddress, NotSignedIn, SignIns
from blindgrade.submitting.wire_models import SubmissionList, SubmissionStatus

# Other options of `grade` than these have no meaning with --submit.
FITTING = {"as_json", "sandbox", "device", "reference", "verbose"}
GRAVEST = (BAD_REQUEST, NOT_ACCEPTED, GRADER_FAILED, SOME_NOT, ALL_DONE)


@dataclass
class _Run:
    client: Client
    outbox: Outbox
    wait: bool
    quiet: bool
    found: list[SubmissionStatus] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)


def submit(
    lessons: tuple[str, ...], submission: Path | None, *, submit: bool, wait: bool, options: dict[str, Any]
) -> int:
    """Hand in the lessons. Exit code."""
    if not submit:
        stop("--wait and --no-wait belong to --submit; run `grade LESSON --submit`", BAD_REQUEST)
    _refuse(lessons, options)
    with stops(BAD_REQUEST, CourseError, UnknownId, NothingToSubmit, NotSignedIn, BadAddress):
        catalog = Catalog.locate()
        targets = _whole(catalog, lessons)
        mine = SignIns.read(os.environ).of(catalog.course.title, os.environ)
        place = submission or catalog.root / "exercises"
        todo = [(target, collected(place, target)) for target in _with_files(targets, place, lessons)]
    run = _Run(Client(mine.url, mine.token), Outbox(catalog.local), wait, options["as_json"])
    for sentence in sending.send_kept(run.client, run.outbox):
        say(sentence)
    try:
        _send(run, todo)
    except KeyboardInterrupt:
        say("interrupted; what was accepted is graded all the same, and the same command shows the result")
        return INTERRUPTED
    say_clock(run.client)
    if run.quiet:
        _print_json(run.found)
    return next(code for code in GRAVEST if code in run.codes)


def _refuse(lessons: tuple[str, ...], options: dict[str, Any]) -> None:
    if not lessons:
        stop("--submit needs a lesson; run `grade lesson-7.2.1 --submit`", BAD_REQUEST)
    for name, value in options.items():
        if name not in FITTING and value not in (None, False):
            shown = {"open_it": "open"}.get(name, name.replace("_", "-"))
            stop(f"--submit goes without --{shown}; run `grade {' '.join(lessons)} --submit`", BAD_REQUEST)


def _whole(catalog: Catalog, names: tuple[str, ...]) -> list[Target]:
    ids = catalog.canonical(names)
    for one in ids:
        if "/" in one:
            lesson = one.partition("/")[0]
            stop(
                f"{one} is one exercise, and a lesson is handed in as a whole; run `grade {lesson} --submit`",
                BAD_REQUEST,
            )
    return catalog.find(ids)


def _with_files(targets: list[Target], place: Path, names: tuple[str, ...]) -> list[Target]:
    """Lessons of which there are files. Of a module, a student may not have begun every lesson."""
    if len(targets) == 1:
        return targets
    found = []
    for target in targets:
        try:
            collected(place, target)
        except NothingToSubmit as error:
            say(f"{target.lesson.id} is left out: {error}")
        else:
            found.append(target)
    if not found:
        raise NothingToSubmit(f"there is nothing to submit for {' '.join(names)}; name the files with --submission")
    return found


def _send(run: _Run, todo: list[tuple[Target, Collected]]) -> None:
    sent = []
    for target, files in todo:
        for note in files.notes:
            say(note)
        lesson = target.lesson.id
        offered = sending.hand_in(run.client, run.outbox, lesson, str(uuid.uuid4()), files.files)
        for sentence in offered.sentences:
            say(sentence)
        if offered.receipt is not None and offered.status.receipt is not None and not run.quiet:
            number, place = offered.status.receipt.number, _near(offered.receipt)
            put(f"{lesson}: accepted as your submission {number}; the receipt is {place}\n")
        sent.append(offered)
    for offered in sent:
        status = offered.status
        if offered.accepted and run.wait:
            status, sentences = sending.wait_for(run.client, status, _progress(run))
            for sentence in sentences:
                say(sentence)
        run.found.append(status)
        run.codes.append(offered.code if offered.code is not None else exit_code(status))
        if not run.quiet and offered.accepted and run.wait:
            put("\n" + status_text(status))


def _progress(run: _Run) -> sending.Progress:
    def show(status: SubmissionStatus) -> None:
        if run.quiet:
            return
        place = f"{status.position} before it" if status.position else ""
        about = f"about {status.expected_seconds:.0f} s" if status.expected_seconds else ""
        say(f"{status.lesson}: {', '.join(part for part in (status.message, place, about) if part)}")

    return show


def _near(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _print_json(found: list[SubmissionStatus]) -> None:
    whole = found[0] if len(found) == 1 else SubmissionList(submissions=found)
    put(whole.model_dump_json(by_alias=True, indent=1) + "\n")


def exit_code(status: SubmissionStatus) -> int:
    """Exit code from what the student may read: nothing that is hidden changes it."""
    if status.state in ("failed", "set_aside"):
        return GRADER_FAILED
    if status.state != "done":
        return ALL_DONE
    view = status.view
    if view is None or view.unreadable:
        return SOME_NOT
    if any(exercise.outcome is Outcome.ERROR for exercise in view.exercises):
        return GRADER_FAILED
    short = view.points is not None and view.points < view.max_points - 1e-9
    return SOME_NOT if short or any(e.outcome is not Outcome.PASSED for e in view.exercises) else ALL_DONE
