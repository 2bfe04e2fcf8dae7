"""The second phase of `grade`: everything until the first line on the screen, without torch.

The phases follow each other by imports, so these are inside functions: `begin` asks a resident, `start` prints the
first heading, `warm_start` starts the warm process, `run` and `watch` import torch while that process does the same on
another core.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from blindgrade.catalog import Catalog, CourseError, UnknownId, need_packages
from blindgrade.cli import exits
from blindgrade.cli.exits import BAD_REQUEST, say_unfinished, stop, stops
from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.printing import Printing, Silent
from blindgrade.cli.grade.refusals import FORMATS, MODES, need_solutions
from blindgrade.cli.grade.screen import Screen
from blindgrade.render.terminal.paper import heading

if TYPE_CHECKING:
    from blindgrade.cli.grade.session import Session


def start(lessons: tuple[str, ...], submission: Path | None, *, first: str = "", **options: Any) -> None:
    """Grade lessons, watch them, or show the student's progress. `first`: the lesson whose heading is printed."""
    code = work(lessons, submission, first=first, **options)
    if code is not None:
        exits.leave(code)  # everything is printed and ended


def work(
    lessons: tuple[str, ...], submission: Path | None, *, first: str = "", session: Session | None = None,
    **options: Any,
) -> int | None:  # fmt: skip
    """The same, in a process that goes on. Exit code; None if the command ends as every program does.

    A resident keeps its `session` from one command to the next.
    """
    wanted = {name: options.pop(name) for name in (*MODES, *FORMATS)}
    with stops(BAD_REQUEST, UnknownId, CourseError):
        catalog = Catalog.locate()
        if wanted["hint"] or not lessons:
            _stand(catalog, lessons, wanted["hint"])
            return None
        place = submission or catalog.root / "exercises"
        if wanted["show"] is not None:
            _show(catalog, lessons, place, wanted["show"])
            return None
        ids = catalog.canonical(lessons)
        targets = catalog.find(ids, say_unfinished)
        need_packages(targets)
        if wanted["explain"]:
            need_solutions(targets, options["reference"])
        job = Job(catalog, ids, targets, place, wanted, options)
        return _watch(job) if wanted["watch"] else _grade(job, first, session)


def _stand(catalog: Catalog, lessons: tuple[str, ...], hint: bool) -> None:
    # Imported here, because a grading does not need it and would start later.
    from blindgrade.cli.grade.standing import show_hint, show_standing

    if hint:
        show_hint(catalog, lessons, Screen())
    else:
        show_standing(catalog, Screen())


def _show(catalog: Catalog, lessons: tuple[str, ...], place: Path, check: str) -> None:
    # Imported here, because it imports torch.
    from blindgrade.cli.grade.show import show

    show(catalog, lessons, place, check)


def _watch(job: Job) -> int:
    if not job.submission.exists():
        stop(f"{job.submission} does not exist; name a .py or .ipynb file or a folder", BAD_REQUEST)
    Screen().show(*[heading(t.files.entry.id, t.lesson.title) for t in job.targets], "", "starting …")
    from blindgrade.cli.grade.warm_start import watch_warm

    return watch_warm(job)


def _grade(job: Job, first: str, session: Session | None) -> int:
    printing = Silent() if job.quiet else Printing(job, first)
    printing.begin()
    from blindgrade.cli.grade.warm_start import grade_warm

    return grade_warm(job, printing, session)
