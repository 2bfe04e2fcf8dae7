"""Writing of attempts into nbgrader's gradebook, with nbgrader's own classes and tables, many rows at a time.

A second run with the same attempts changes nothing. Scores and comments that an instructor entered never change. An
exercise has the points that the student earned. The points that lateness costs are nbgrader's late submission penalty.
nbgrader's feedback and export subtract it. Points that an instructor's decision added are extra credit
(systems/nbgrader/adjustments.py). Excused students stay as they are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from nbgrader import api
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from blindgrade.clock import instant
from blindgrade.gradebook.comments import comments
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.marks import about_excused
from blindgrade.gradebook.scores import LessonScores, Score
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson, Level, Outcome
from blindgrade.roster.matching import Roster
from blindgrade.roster.names import composed
from blindgrade.student_view import student_view
from blindgrade.systems.nbgrader.adjustments import BEGINNING, added, extra_credit, with_sentence
from blindgrade.systems.nbgrader.names import grade_id, solution_id

Rows = list[dict[str, Any]]
KERNEL = '{"display_name": "Python 3", "language": "python", "name": "python3"}'


@dataclass
class Synced:
    """Result of a sync: the number of submissions, of added rows and of changed rows, and notes for the instructor."""

    submissions: int = 0
    added: int = 0
    changed: int = 0
    notes: list[str] = field(default_factory=list)


class Syncer:
    """nbgrader's gradebook at `url`, which may be empty. Use it as a context."""

    def __init__(self, url: str, roster: Roster, course_id: str = "default_course") -> None:
        self.roster = roster
        self.synced = Synced()
        try:
            with _alembic_in_reach():
                self._gradebook = api.Gradebook(url, course_id)
        except (SQLAlchemyError, ImportError) as error:
            first = str(error).splitlines()[0]
            raise GradebookError(
                f"the gradebook {_without_password(url)} cannot be opened ({first}); give it as --db sqlite:///FILE or"
                " --db postgresql://USER@HOST/NAME (and pip install psycopg2-binary)"
            ) from None
        self._db = self._gradebook.db
        self._students: dict[str, str] | None = None  # ids by their composed form

    def __enter__(self) -> Syncer:
        return self

    def __exit__(self, *error: object) -> None:
        self._gradebook.close()

    def lesson(self, files: LessonFiles, lesson: Lesson, scores: LessonScores, level: Level = Level.CHECKS) -> None:
        """Write one lesson's scores, in one transaction. `level` is what students may read in the comments."""
        self.synced.notes += about_excused(scores, "nbgrader's gradebook stays as it is for them")
        scores = self._for_the_gradebook(scores)
        first = lesson.exercises[0].name
        try:
            notebook = self._skeleton(files, lesson)
            cells = {cell.name: cell.id for cell in notebook.grade_cells}
            solutions = {cell.name: cell.id for cell in notebook.solution_cells}
            self._add_students(list(scores.attempts))
            submitted = self._submissions(notebook.assignment.id, notebook.id, scores)
            self._grades(submitted, cells, scores)
            self._extra_credit(submitted, cells[grade_id(first)], solutions[solution_id(first)], scores)
            self._comments(submitted, solutions, scores, first, level)
            self._db.commit()
        except SQLAlchemyError as error:
            self._db.rollback()
            why = str(error).splitlines()[0]
            raise GradebookError(f"{lesson.id} was not written ({why}); run the command again") from None
        self.synced.submissions += len(scores.attempts)

    # ------------------------------------------------------------ the lesson in nbgrader

    def _skeleton(self, files: LessonFiles, lesson: Lesson) -> Any:
        """The lesson's notebook in the gradebook. If it is missing, make it as `nbgrader generate_assignment` does."""
        book = self._gradebook
        names = (files.module, lesson.id)
        try:
            notebook = book.find_notebook(*names)
        except api.MissingEntry:
            book.update_or_create_assignment(lesson.id)
            notebook = book.add_notebook(*names, kernelspec=KERNEL)
        wanted = {grade_id(e.name): e.points for e in lesson.exercises}
        has = {cell.name: cell.max_score for cell in notebook.grade_cells}
        if notebook.submissions and set(has) != set(wanted):
            differ = ", ".join(sorted(set(has) ^ set(wanted)))
            raise GradebookError(
                f"the gradebook has submissions of {lesson.id} with other exercises than the course ({differ}); sync"
                " into a new gradebook (--db sqlite:///new.db), or remove the old submissions with `nbgrader db"
                f" assignment remove {lesson.id}`"
            )
        for exercise in lesson.exercises:
            if has.get(grade_id(exercise.name)) == exercise.points:
                continue
            marked, points = grade_id(exercise.name), exercise.points
            book.update_or_create_grade_cell(marked, *names, max_score=points, cell_type="code")
            book.update_or_create_solution_cell(solution_id(exercise.name), *names)
            known = {cell.name for cell in notebook.source_cells}
            for cell, locked in ((marked, True), (solution_id(exercise.name), False)):
                if cell not in known:
                    book.add_source_cell(cell, *names, cell_type="code", locked=locked)
        self._db.expire_all()
        return book.find_notebook(*names)

    # ------------------------------------------------------------ rows, many at a time

    def _for_the_gradebook(self, scores: LessonScores) -> LessonScores:
        """Scores under the ids that the gradebook has.

        An id with an accent has two forms in Unicode. Folders of macOS and nbgrader may have different ones.
        """
        if self._students is None:
            self._students = {composed(student): student for student in self._db.scalars(select(api.Student.id))}
        known = self._students
        attempts = {known.get(composed(s), s): a for s, a in scores.attempts.items()}
        return LessonScores(scores.lesson, attempts, scores.notes)

    def _add_students(self, students: list[str]) -> None:
        assert self._students is not None
        rows: Rows = []
        for student in students:
            if composed(student) not in self._students:
                person = self.roster.person(student)
                first, last = person.names
                email = person.get("email") or None
                rows.append({"id": student, "first_name": first or None, "last_name": last or None, "email": email})
        self._insert(api.Student, rows)
        self._students |= {composed(row["id"]): row["id"] for row in rows}

    def _submissions(self, assignment: str, notebook: str, scores: LessonScores) -> dict[str, str]:
        """Id of each student's submitted notebook in the gradebook, by student."""
        table = api.SubmittedAssignment
        query = select(table.student_id, table.id, table.timestamp).where(table.assignment_id == assignment)
        have = {student: (key, at) for student, key, at in self._db.execute(query)}
        new: Rows = []
        moved: Rows = []
        for student, attempt in scores.attempts.items():
            at = _instant(attempt)
            if student not in have:
                key = uuid4().hex
                new.append({"id": key, "assignment_id": assignment, "student_id": student, "timestamp": at})
                have[student] = (key, at)
            elif have[student][1] != at:
                moved.append({"key": have[student][0], "timestamp": at})
        self._insert(table, new)
        self._update(table, moved, "timestamp")
        return self._notebooks(notebook, {student: have[student][0] for student in scores.attempts}, scores)

    def _notebooks(self, notebook: str, submissions: dict[str, str], scores: LessonScores) -> dict[str, str]:
        table = api.SubmittedNotebook
        query = select(table.assignment_id, table.id, table.late_submission_penalty)
        have = {row[0]: row[1:] for row in self._db.execute(query.where(table.notebook_id == notebook))}
        found: dict[str, str] = {}
        new: Rows = []
        changed: Rows = []
        for student, key in submissions.items():
            taken = _taken_off(scores.attempts[student])
            found[student], old = have.get(key, (uuid4().hex, None))
            if key not in have:
                place = {"id": found[student], "assignment_id": key, "notebook_id": notebook, "flagged": False}
                new.append({**place, "late_submission_penalty": taken})
            elif (old or 0.0) != (taken or 0.0):
                changed.append({"key": found[student], "late_submission_penalty": taken})
        self._insert(table, new)
        self._update(table, changed, "late_submission_penalty")
        return found

    def _grades(self, submitted: dict[str, str], cells: dict[str, str], scores: LessonScores) -> None:
        table = api.Grade
        columns = (table.notebook_id, table.cell_id, table.id, table.auto_score, table.manual_score)
        query = select(*columns).where(table.cell_id.in_(list(cells.values())))
        have = {(row[0], row[1]): row[2:] for row in self._db.execute(query)}
        new: Rows = []
        changed: Rows = []
        for student, attempt in scores.attempts.items():
            results = {grade_id(result.name): result for result in attempt.exercises}
            for name, cell in cells.items():
                result = results.get(name)
                score = result.points if result is not None else _without_result(attempt)
                waits = score is None or (result is not None and result.outcome is Outcome.ERROR)
                old = have.get((submitted[student], cell))
                if old is None:
                    place = {"id": uuid4().hex, "notebook_id": submitted[student], "cell_id": cell}
                    new.append({**place, "auto_score": score, "needs_manual_grade": waits})
                elif old[1] != score:
                    # Like nbgrader: a person looks at a manual score again when the grader's score has changed.
                    waits = waits or old[2] is not None
                    changed.append({"key": old[0], "auto_score": score, "needs_manual_grade": waits})
        self._insert(table, new)
        self._update(table, changed, "auto_score", "needs_manual_grade")

    def _extra_credit(self, submitted: dict[str, str], cell: str, solution: str, scores: LessonScores) -> None:
        """Write the points that a decision added to the lesson, before the comments that say so are replaced."""
        table = api.Comment
        query = select(table.notebook_id, table.auto_comment).where(table.cell_id == solution)
        said = dict(self._db.execute(query.where(table.auto_comment.contains(BEGINNING))).all())
        changing = {s: a for s, a in scores.attempts.items() if added(a) or submitted[s] in said}
        if not changing:
            return
        columns = (api.Grade.notebook_id, api.Grade.id, api.Grade.extra_credit)
        have = {row[0]: row[1:] for row in self._db.execute(select(*columns).where(api.Grade.cell_id == cell))}
        changed: Rows = []
        for student, attempt in changing.items():
            key, old = have[submitted[student]]
            new = extra_credit(old, said.get(submitted[student]), attempt)
            if (old or 0.0) != (new or 0.0):
                changed.append({"key": key, "extra_credit": new})
        self._update(api.Grade, changed, "extra_credit")

    def _comments(
        self, submitted: dict[str, str], cells: dict[str, str], scores: LessonScores, first: str, level: Level
    ) -> None:
        table = api.Comment
        query = select(table.notebook_id, table.cell_id, table.id, table.auto_comment)
        have = {(r[0], r[1]): r[2:] for r in self._db.execute(query.where(table.cell_id.in_(list(cells.values()))))}
        new: Rows = []
        changed: Rows = []
        for student, attempt in scores.attempts.items():
            names = [one.name for one in attempt.exercises]
            said = {solution_id(name): text for name, text in comments(student_view(attempt, level), names).items()}
            said[solution_id(first)] = with_sentence(said.get(solution_id(first)), attempt)
            for name, cell in cells.items():
                text = said.get(name)
                old = have.get((submitted[student], cell))
                if old is None:
                    place = {"id": uuid4().hex, "notebook_id": submitted[student], "cell_id": cell}
                    new.append({**place, "auto_comment": text})
                elif old[1] != text:
                    changed.append({"key": old[0], "auto_comment": text})
        self._insert(table, new)
        self._update(table, changed, "auto_comment")

    def _insert(self, model: Any, rows: Rows) -> None:
        if rows:
            self._db.execute(insert(model.__table__), rows)
        self.synced.added += len(rows)

    def _update(self, model: Any, rows: Rows, *columns: str) -> None:
        if rows:
            table = model.__table__
            statement = update(table).where(table.c.id == bindparam("key"))
            self._db.connection().execute(statement.values({name: bindparam(name) for name in columns}), rows)
        self.synced.changed += len(rows)


def sync(
    url: str,
    lessons: Iterable[tuple[LessonFiles, Lesson, LessonScores]],
    roster: Roster,
    level: Callable[[str], Level] = lambda lesson: Level.CHECKS,
) -> Synced:
    """Write every lesson's scores into the gradebook at `url`. GradebookError if it cannot be written.

    `level` gives what students may read in the comments on a lesson.
    """
    with Syncer(url, roster) as syncer:
        for files, lesson, scores in lessons:
            syncer.lesson(files, lesson, scores, level(lesson.id))
            syncer.synced.notes += scores.notes
        return syncer.synced


def _without_result(attempt: Score) -> float | None:
    """Points of a cell without a result: None, so that a person looks, or 0 if all points are by a decision.

    nbgrader counts extra credit only in a cell that has points.
    """
    return None if attempt.exercises or not attempt.adjusted else 0.0


def _taken_off(attempt: Score) -> float | None:
    """Points that lateness and decisions cost. None for no points, as in nbgrader's tables."""
    return round(attempt.earned + added(attempt) - attempt.points, 6) or None


def _instant(attempt: Score) -> datetime | None:
    """Time of the submission as nbgrader stores it: in UTC, without a time zone."""
    if attempt.submitted_at is None:
        return None
    return instant(attempt.submitted_at).astimezone(UTC).replace(tzinfo=None)


@contextmanager
def _alembic_in_reach() -> Any:
    """Context in which nbgrader finds the command `alembic`, which it runs for a new gradebook.

    The command is in the same folder as this Python, and PATH may lack that folder.
    """
    old = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{old}"
    try:
        yield
    finally:
        os.environ["PATH"] = old


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.rpartition(':')[0]}:…@{tail}" if at and head.count(":") > 1 else url
