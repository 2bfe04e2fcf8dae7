"""nbgrader's preprocessors of ours: students' code is graded in the sandbox, never run in a kernel.

`configure` is called by the `nbgrader_config.py` that `course release --as nbgrader` writes.
"""

from __future__ import annotations

import atexit
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
    SaveCells,
)
from traitlets import Enum, Unicode
from traitlets.config import Config

from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.gradebook.comments import comment
from blindgrade.gradebook.scores import ExerciseScore
from blindgrade.models import Attempt, ExerciseResult, Outcome
from blindgrade.render.text.plain import exercise_text
from blindgrade.systems.nbgrader.names import exercise_of, grade_id

if TYPE_CHECKING:
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.references import References
    from blindgrade.engine.grading.warm_process import Zygote

Notebook = Any  # nbformat's NotebookNode, which is a dict with attributes
Resources = dict[str, Any]

SCHEMA_VERSION = 3
SOLUTION_ONLY = "solution-only"  # the tag of cells that no student sees
SOLVED = "### BEGIN SOLUTION"  # in no notebook that students get
ATTEMPT = "blindgrade_attempt"  # where the attempt lies in nbconvert's resources, from one preprocessor to the next


class CannotGrade(Exception):
    """This course or machine cannot grade the submission; no points are written. The message says what to do."""


def configure(c: Config, course: str) -> None:
    """Make nbgrader release from our source notebooks and autograde with the checks of the course at `course`."""
    c.GradeInSandbox.course = course
    c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}  # as in every other stub of the course
    c.GenerateAssignment.preprocessors = [
        DropSolutionOnly,
        IncludeHeaderFooter,
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ComputeChecksums,
        SaveCells,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
        CheckCellMetadata,
    ]
    c.Autograde.sanitize_preprocessors = [
        RestoreCells,
        ClearOutput,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    c.Autograde.autograde_preprocessors = [
        GradeInSandbox,
        SaveAutoGrades,
        SaveComments,
        AssignLatePenalties,
        CheckCellMetadata,
    ]


class DropSolutionOnly(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Takes the cells that no student sees out of what is released."""

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert."""
        nb.cells = [cell for cell in nb.cells if SOLUTION_ONLY not in cell.metadata.get("tags", ())]
        return nb, resources


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Writes nbgrader's metadata anew from the gradebook, and puts missing grade cells back.

    What a student's notebook says there is the student's word: an unknown key fails nbgrader's validation, an old
    version number ends the run for the whole class, and a copied cell does the same.
    """

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            marks = _marks(notebook)
            sources = {cell.name: cell.source for cell in notebook.source_cells}
        seen: set[str] = set()
        for cell in reversed(nb.cells):  # of a copied cell the last one counts, as in Python
            said = cell.metadata.pop("nbgrader", None)
            name = said.get("grade_id") if isinstance(said, dict) else None
            if isinstance(name, str) and name in marks and name not in seen:
                seen.add(name)
                cell.metadata["nbgrader"] = nbformat.from_dict(marks[name])
        for name, mark in marks.items():
            if mark["grade"] and name not in seen:
                nb.cells.append(_grade_cell(mark, sources.get(name) or "", (nb.nbformat, nb.nbformat_minor) >= (4, 5)))
        return nb, resources


def _marks(notebook: Any) -> dict[str, dict[str, Any]]:
    """nbgrader's metadata of every cell that the gradebook knows, by id."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    marks = {}
    for cell in notebook.source_cells:
        mark = {
            "grade_id": cell.name, "grade": cell.name in points, "solution": cell.name in solutions,
            "locked": bool(cell.locked), "task": False, "schema_version": SCHEMA_VERSION, "cell_type": cell.cell_type,
        }  # fmt: skip
        marks[cell.name] = {**mark, "points": points[cell.name]} if cell.name in points else mark
    return marks


def _grade_cell(mark: dict[str, Any], source: str, with_id: bool) -> Notebook:
    cell: dict[str, Any] = {
        "cell_type": "code", "metadata": {"nbgrader": mark}, "execution_count": None, "outputs": [], "source": source,
    }  # fmt: skip
    return nbformat.from_dict({**cell, "id": mark["grade_id"][:64]} if with_id else cell)


class GradeInSandbox(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """In place of nbgrader's Execute: grades the notebook, and writes each exercise's result into its grade cell."""

    course = Unicode("", help="The course's folder, with its solutions and graders.").tag(config=True)
    sandbox = Enum(
        ["strict", "process"],
        default_value="strict",
        help="How students' code is isolated; `process` is no isolation and for your own code alone.",
    ).tag(config=True)

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert. CannotGrade if the course or the machine is at fault; then nbgrader writes no points."""
        about = resources["nbgrader"]
        try:
            _must_be_the_students(nb)
            target = self._target(about["assignment"], about["notebook"])
            attempt = _grade(target, nb, self.sandbox)
        except CannotGrade as error:
            self.log.error("blindgrade cannot grade this: %s", error)
            raise
        attempt.student = about["student"]
        results = {grade_id(result.name): result for result in attempt.exercises}
        for problem in attempt.problems:
            self.log.warning("%s: %s", about["student"], problem)
        for cell in nb.cells:
            if cell.cell_type == "code":
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                cell.outputs = _outputs(results[name], attempt.problems) if name in results else []
        resources[ATTEMPT] = attempt
        return nb, resources

    def _target(self, assignment: str, notebook: str) -> Target:
        try:
            catalog = Catalog.locate(Path(self.course))
            [target] = catalog.find([assignment])
        except (CourseError, UnknownId, ValueError) as error:
            raise CannotGrade(
                f"the course at {self.course!r} has no lesson for the assignment {assignment!r} ({error});"
                " set c.GradeInSandbox.course in nbgrader_config.py"
            ) from None
        if not target.files.solution.is_file():
            raise CannotGrade(f"{target.files.solution} is missing; set c.GradeInSandbox.course to the private course")
        if notebook != target.files.module:
            raise CannotGrade(
                f"{target.files.entry.id} is answered in {target.files.module}.ipynb, and {notebook}.ipynb is none of"
                " the course's; take it out of source/"
            )
        return target


class SaveComments(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Writes each exercise's diagnosis as its comment, behind nbgrader's SaveAutoGrades, which empties comments."""

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert."""
        about = resources["nbgrader"]
        results = {result.name: ExerciseScore.of(result) for result in resources[ATTEMPT].exercises}
        with Gradebook(about["db_url"]) as gradebook:
            names = about["notebook"], about["assignment"], about["student"]
            notebook = gradebook.find_submission_notebook(*names)
            for row in notebook.comments:
                row.auto_comment = comment(results[row.name]) if row.name in results else None
            for row in notebook.grades:
                result = results.get(exercise_of(row.name) or "")
                if result is not None and result.outcome is Outcome.ERROR:
                    row.needs_manual_grade = True
            gradebook.db.commit()
        return nb, resources


def _must_be_the_students(nb: Notebook) -> None:
    """`nbgrader collect` follows a link that lies in the exchange, and it may lead to your own source notebook."""
    if any(SOLVED in cell.source for cell in nb.cells):
        raise CannotGrade(
            f"the submission holds {SOLVED!r}, which only the notebooks in source/ have; look in submitted/ and in the"
            " exchange whether the student handed in a link to one"
        )


def _grade(target: Target, nb: Notebook, sandbox: Any) -> Attempt:
    """Grade the notebook's text with what is kept for the next submission."""
    warm = _warm(target, sandbox)  # it starts while this process imports torch
    from blindgrade.engine.grading.runner import GraderFailed, grade
    from blindgrade.engine.grading.warm_process import SandboxMissing
    from blindgrade.engine.submission.reading import SubmissionError

    with tempfile.TemporaryDirectory(prefix="blindgrade-nbgrader-") as folder:
        # Only the notebook: nbgrader copies what lies beside it through links, so a helper may be any file of yours.
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
    """The notebook with empty grade cells: they run checks in a kernel, which is the student's business."""
    copy = nbformat.from_dict(nb)
    for cell in copy.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = ""
    return copy


def _outputs(result: ExerciseResult, problems: list[str]) -> list[Notebook]:
    """What nbgrader reads points from, and what the student reads.

    nbgrader takes any text on stderr for zero points, a negative number or no number for all points, and fails on more
    than all: so nothing goes to stderr, and the number is within its bounds.
    """
    points = min(max(result.points, 0.0), result.max_points)
    about_file = "".join(f"! {' '.join(problem.split())}\n" for problem in problems)
    text = exercise_text(result) + "\n" + (_harmless(about_file) if result.outcome is not Outcome.PASSED else "")
    stream = {"output_type": "stream", "name": "stdout", "text": text}
    value = {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
        "data": {"text/plain": str(points)},
    }
    return [nbformat.from_dict(stream), nbformat.from_dict(value)]


def _harmless(text: str) -> str:
    from blindgrade.render.safe import shown

    return shown(text)


def _unreadable(target: Target, reason: str) -> Attempt:
    """The attempt of a notebook that cannot be read: nothing earned, and the reason."""
    from blindgrade.models import SubmissionRef

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
        lesson, results, SubmissionRef(path=f"{target.files.module}.ipynb", sha256=""), seed=0, problems=[reason]
    )


# nbgrader makes a new preprocessor for each notebook, so what serves all of them is the module's: one lesson's.
_zygotes: dict[tuple[str, str, str], Zygote] = {}
_kept: dict[tuple[object, ...], _Kept] = {}


def _warm(target: Target, sandbox: Any) -> Zygote:
    """The warm process for this lesson, begun if there is none; that of another lesson is ended."""
    from blindgrade.engine.grading.warm_process import Zygote

    key = (str(target.files.root), target.files.entry.id, str(sandbox))
    if key not in _zygotes:
        _cool()
        _zygotes[key] = Zygote.for_targets([target], sandbox=sandbox)
        _zygotes[key].start()
    return _zygotes[key]


@dataclass
class _Kept:
    """What all submissions of a lesson are graded with: the same inputs for everybody, and the reference's results."""

    options: Options
    references: References


def _kept_for(target: Target, sandbox: Any) -> _Kept:
    """Kept while the course's files stay as they are: a server may run for a term, and its course be mended."""
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.references import References
    from blindgrade.models import MAX_SEED

    key = (target.files.root, target.files.entry.id, str(sandbox), _written(target))
    if key not in _kept:
        _kept.clear()
        _kept[key] = _Kept(Options(seed=secrets.randbelow(MAX_SEED), sandbox=sandbox), References())
    return _kept[key]


def _written(target: Target) -> tuple[tuple[str, int], ...]:
    """When each file that grades this lesson was written, in nanoseconds."""
    files = target.files
    folders = [files.exercises, files.solution.parent, files.private_checks.parent, files.grader_toys]
    texts = [path for folder in folders for path in folder.rglob("*.*") if path.suffix in (".py", ".toml")]
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in [files.toys, *texts] if path.is_file()))


def _cool() -> None:
    for zygote in _zygotes.values():
        zygote.close()
    _zygotes.clear()


atexit.register(_cool)
