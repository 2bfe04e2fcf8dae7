"""The first phase of `grade`: let the course's resident do the work, or go on without one.

Nothing here imports what takes long: pydantic, rich and torch are in the resident already. The order of the phases:
this one, `start` (everything until the first line, without torch), `warm_start`, `run`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from blindgrade.cli import exits
from blindgrade.cli.grade.refusals import refuse_what_cannot_be
from blindgrade.engine.worker import garbage
from blindgrade.resident.client import Answer

# With one of these options, `grade` does its work itself.
ALONE = ("debug", "watch", "hint", "open_it", "explain")


def begin(
    lessons: tuple[str, ...], submission: Path | None, *, status: bool, stop_resident: bool, no_resident: bool,
    again: bool, submit: bool, wait: bool | None, **options: Any,
) -> None:  # fmt: skip
    """Grade lessons, watch them, or show the student's progress: in the resident if it may serve this command."""
    if submit or wait is not None:
        from blindgrade.cli.grade.submit import submit as hand_in

        exits.leave(hand_in(lessons, submission, submit=submit, wait=wait is not False, options=options))
    if status or stop_resident:
        from blindgrade.cli.grade.status import end_resident, show_status

        exits.leave(end_resident() if stop_resident else show_status(as_json=options["as_json"]))
    refuse_what_cannot_be(lessons, options)
    answer, heading = Answer(), ""
    if not no_resident and _may_serve(lessons, options):
        from blindgrade.cli.grade.asking import ask

        answer, heading = ask(lessons, submission, again=again, **options)
        _finish(answer)
    if not heading and not answer.lines and _prints_lessons(lessons, options):
        from blindgrade.cli.grade.early import print_heading

        heading = print_heading(lessons)
    garbage.search_not()
    from blindgrade.cli.grade.start import start

    start(lessons, submission, first=heading, **options)


def _may_serve(lessons: tuple[str, ...], options: dict[str, Any]) -> bool:
    if not lessons or options["show"] is not None or options["device"] != "cpu":
        return False
    return not any(options[name] for name in ALONE) and options["seed"] is None


def _prints_lessons(lessons: tuple[str, ...], options: dict[str, Any]) -> bool:
    # --explain may still be refused, because it needs the solutions.
    others = any(options[name] for name in ("as_json", "problems", "hint", "watch", "explain"))
    return bool(lessons) and options["show"] is None and not others


def _finish(answer: Answer) -> None:
    """End with the resident's exit code. Without one, leave out the lines that it printed already."""
    if answer.code is not None:
        exits.leave(answer.code)
    if answer.lines:
        from blindgrade.cli.grade.resumed import Resumed

        sys.stdout = Resumed(sys.stdout, answer.lines)
