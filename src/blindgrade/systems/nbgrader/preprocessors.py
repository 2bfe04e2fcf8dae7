"""Preprocessors for nbgrader that grade students' code in the sandbox. No kernel runs it.

The `nbgrader_config.py` that `course release --as nbgrader` writes calls `configure`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.effects import by_student
from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.gradebook.comments import comments
from blindgrade.models import Level, Outcome
from blindgrade.policies import feedback_level
from blindgrade.student_view import StudentView, student_view
from blindgrade.systems.nbgrader.names import exercise_of, grade_id
from blindgrade.systems.nbgrader.notebook_grading import CannotGrade, Notebook, grade_notebook, refuse_source_notebook
from blindgrade.systems.nbgrader.outputs import outputs

Resources = dict[str, Any]

SCHEMA_VERSION = 3
SOLUTION_ONLY = "solution-only"  # the tag of cells that no student sees
# Keys in nbconvert's resources, where one preprocessor leaves the attempt and its student's view for the next.
ATTEMPT, VIEW = "blindgrade_attempt", "blindgrade_view"

_warned: set[str] = set()  # lessons whose warning this process has logged


def configure(c: Config, course: str) -> None:
    """Set nbgrader to release from our source notebooks and to autograde with the checks of the course at `course`."""
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
    """Removes the cells that no student sees from the released notebook."""

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert."""
        nb.cells = [cell for cell in nb.cells if SOLUTION_ONLY not in cell.metadata.get("tags", ())]
        return nb, resources


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Writes nbgrader's metadata again from the gradebook, and adds missing grade cells.

    The metadata in a submitted notebook cannot be trusted. An unknown key fails nbgrader's validation. An old version
    number or a copied cell ends the run for the whole class.
    """

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            marks = _marks(notebook)
            sources = {cell.name: cell.source for cell in notebook.source_cells}
        seen: set[str] = set()
        for cell in reversed(nb.cells):  # the last of several copies counts, as in Python
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
    """Metadata of nbgrader for every cell that the gradebook knows, by cell id."""
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
    """Grades the notebook and writes each exercise's result into its grade cell. It replaces nbgrader's Execute."""

    course = Unicode("", help="The course's folder, with its solutions and graders.").tag(config=True)
    sandbox = Enum(
        ["strict", "process"],
        default_value="strict",
        help="How students' code is isolated. `process` does not isolate: use it for your own code only.",
    ).tag(config=True)

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert. CannotGrade if the course or the machine cannot grade; then nbgrader writes no points."""
        about = resources["nbgrader"]
        try:
            refuse_source_notebook(nb)
            target = self._target(about["assignment"], about["notebook"])
            attempt = grade_notebook(target, nb, self.sandbox)
        except CannotGrade as error:
            self.log.error("blindgrade cannot grade this: %s", error)
            raise
        attempt.student = about["student"]
        view = student_view(attempt, self._level(target))
        results = {grade_id(result.name): result for result in attempt.exercises}
        for problem in attempt.problems:
            self.log.warning("%s: %s", about["student"], problem)
        unread = view.unreadable  # then only the first exercise's cell says so
        for cell in nb.cells:
            if cell.cell_type == "code":
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                first = not unread or results.get(name) is attempt.exercises[0]
                cell.outputs = outputs(results[name], view, said=first) if name in results else []
        resources[ATTEMPT], resources[VIEW] = attempt, view
        return nb, resources

    def _level(self, target: Target) -> Level:
        """What students may read now. nbgrader's own page adds the points of each exercise, so a warning says so."""
        lesson = target.files.entry.id
        catalog = Catalog(target.files.root)
        try:
            decided = by_student(DecisionStore(catalog.attempts).in_force()).values()
        except StoreError as error:
            self.log.error("blindgrade cannot grade this: %s", error)
            raise CannotGrade(str(error)) from None
        level = feedback_level(lesson, catalog.course.policy, datetime.now(UTC), decided)
        if level in (Level.NOTHING, Level.TOTAL, Level.EXERCISES) and lesson not in _warned:
            _warned.add(lesson)
            self.log.warning(
                "%s: the policy shows students `%s` now, and nbgrader's feedback always has the points of each"
                " exercise; release the feedback when students may read them",
                lesson,
                level.value,
            )
        return level

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
                f"students answer {target.files.entry.id} in {target.files.module}.ipynb, and {notebook}.ipynb is not a"
                " notebook of the course; remove it from source/"
            )
        return target


class SaveComments(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Writes each exercise's diagnosis as its comment. It runs after SaveAutoGrades, which empties the comments."""

    def preprocess(self, nb: Notebook, resources: Resources) -> tuple[Notebook, Resources]:
        """See nbconvert."""
        about = resources["nbgrader"]
        results = {result.name: result for result in resources[ATTEMPT].exercises}
        view: StudentView = resources[VIEW]
        said = comments(view, results)
        with Gradebook(about["db_url"]) as gradebook:
            names = about["notebook"], about["assignment"], about["student"]
            notebook = gradebook.find_submission_notebook(*names)
            for row in notebook.comments:
                row.auto_comment = said.get(row.name)
            for row in notebook.grades:
                result = results.get(exercise_of(row.name) or "")
                if result is not None and result.outcome is Outcome.ERROR:
                    row.needs_manual_grade = True
            gradebook.db.commit()
        return nb, resources
