"""Grading of one submitted notebook in the sandbox, with a warm process that stays for the next submission."""

from __future__ import annotations

import atexit
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from blindgrade import seeds
from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.models import Attempt, ExerciseResult, Outcome, SubmissionRef

if TYPE_CHECKING:
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.references import References
    from blindgrade.engine.grading.workers import Workers

Notebook = Any  # nbformat's NotebookNode, which is a dict with attributes

SOLVED = "### BEGIN SOLUTION"  # in no notebook that students get


class CannotGrade(Exception):
    """The course or this machine cannot grade the submission. No points are written. The message says what to do."""


def refuse_source_notebook(nb: Notebook) -> None:
    """CannotGrade if the notebook has solution markers.

    `nbgrader collect` follows a link that a student puts into the exchange. The link can lead to the instructor's own
    source notebook.
    """
    if any(SOLVED in cell.source for cell in nb.cells):
        raise CannotGrade(
            f"the submission contains {SOLVED!r}, which only the notebooks in source/ have; look into submitted/ and"
            " the exchange: the student may have submitted a link to one of them"
        )


def grade_notebook(target: Target, nb: Notebook, sandbox: Any) -> Attempt:
    """Attempt of the notebook. An unreadable notebook earns nothing; the attempt says why.

    The warm process, the seed and the reference's results stay for the next submission. CannotGrade if the course or
    the machine cannot grade.
    """
    warm = _warm(target, sandbox)  # it starts while this process imports torch
    from blindgrade.engine.grading.runner import GraderFailed, grade
    from blindgrade.engine.grading.worker_client import SandboxMissing
    from blindgrade.engine.submission.reading import SubmissionError

    with tempfile.TemporaryDirectory(prefix="blindgrade-nbgrader-") as folder:
        # Only the notebook: nbgrader follows links when it copies the files beside it, so a helper file could be any
        # file of the instructor.
        file = Path(folder) / f"{target.files.module}.ipynb"
        file.write_text(nbformat.writes(_answers(nb)), encoding="utf-8", errors="replace")
        catalog = Catalog(target.files.root)
        try:
            kept = _kept_for(target, sandbox)
            grading = grade(catalog, [target], file, kept.options, warm, kept.references)
        except SubmissionError as error:
            return _unreadable(target, str(error).replace(f"{folder}/", ""))
        except (CourseError, SandboxMissing, GraderFailed) as error:
            _cool()
            raise CannotGrade(str(error)) from None
    [attempt] = grading.lessons
    return attempt


def _answers(nb: Notebook) -> Notebook:
    """Copy of the notebook with empty grade cells. These cells run checks in a kernel, for the student only."""
    copy = nbformat.from_dict(nb)
    for cell in copy.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = ""
    return copy


def _unreadable(target: Target, reason: str) -> Attempt:
    """Attempt without points for a notebook that cannot be read, with the reason."""
    lesson = target.lesson
    results = [
        ExerciseResult(
            name=e.name, title=e.title, outcome=Outcome.NOT_ATTEMPTED, points=0.0, max_points=e.points,
            concepts=e.concepts, checks=[],
        )
        for e in lesson.exercises
    ]  # fmt: skip
    # No check ran, so no seed was drawn.
    return Attempt.of(
        lesson,
        results,
        SubmissionRef(path=f"{target.files.module}.ipynb", sha256=""),
        seed=0,
        problems=[reason],
        unreadable=reason,
    )


# nbgrader makes a new preprocessor for each notebook. So this module stores the values for all notebooks of a lesson.
_zygotes: dict[tuple[str, str, str], Workers] = {}
_kept: dict[tuple[object, ...], _Kept] = {}


def _warm(target: Target, sandbox: Any) -> Workers:
    """Warm process of this lesson. If there is none, start it and stop the one of another lesson."""
    from blindgrade.engine.grading.choosing import workers_for

    key = (str(target.files.root), target.files.entry.id, str(sandbox))
    if key not in _zygotes:
        _cool()
        _zygotes[key] = workers_for([target], sandbox=sandbox, many=True)
        _zygotes[key].start()
    return _zygotes[key]


@dataclass
class _Kept:
    """Options and reference results for all submissions of a lesson. Every student gets the same seed."""

    options: Options
    references: References


def _kept_for(target: Target, sandbox: Any) -> _Kept:
    """Options and reference results for this lesson; new ones when a file of the course has changed.

    A server can run for a whole term, and an instructor may correct the course in that time.
    """
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.references import References

    key = (target.files.root, target.files.entry.id, str(sandbox), _written(target))
    if key not in _kept:
        _kept.clear()
        _kept[key] = _Kept(Options(seed=seeds.draw(), sandbox=sandbox), References())
    return _kept[key]


def _written(target: Target) -> tuple[tuple[str, int], ...]:
    """Modification time in nanoseconds of each file that grades this lesson, by path."""
    files = target.files
    folders = [files.exercises, files.solution.parent, files.private_checks.parent, files.grader_toys]
    texts = [path for folder in folders for path in folder.rglob("*.*") if path.suffix in (".py", ".toml")]
    every = [*files.shared.paths, *files.private_assets, *texts]
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in every if path.is_file()))


def _cool() -> None:
    for zygote in _zygotes.values():
        zygote.close()
    _zygotes.clear()


atexit.register(_cool)
