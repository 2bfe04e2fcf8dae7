"""Attempts into nbgrader's own gradebook, in SQLite and in PostgreSQL, read back through nbgrader's API."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from blindgrade.catalog import Catalog
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.scores import LessonScores, read_scores
from blindgrade.models import Attempt, Late, Lesson, Outcome, Policy
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.systems.nbgrader.gradebook import Synced, sync

from ... import postgres_server
from ...graded import LESSON, Store, attempt, exercise, marks, scored

MINI = Path(__file__).parents[2] / "courses" / "mini"
PEOPLE = Roster.of([Person("ana", (Identifier("name", "Doe, Ana Maria"), Identifier("email", "ana@uni.edu")))])


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of an empty database."""
    with postgres_server.postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gradebook.db"
    server: str = request.getfixturevalue("postgres")
    return postgres_server.new_database(server, f"course_{abs(hash(tmp_path))}")


def put(url: str, folder: Path, lesson: Lesson | None = None, policy: Policy | None = None) -> Synced:
    catalog = Catalog(MINI)
    files = catalog.files(LESSON)
    scores = read_scores(marks(folder), policy or Policy())
    return sync(url, ((files, lesson or catalog.lesson(files), s) for s in scores), PEOPLE)


def seen(url: str) -> dict[str, Any]:
    """Totals, grades and comments, as nbgrader's API and its formgrader read them."""
    with Gradebook(url) as gradebook:
        found: dict[str, Any] = {}
        for submission in gradebook.assignment_submissions(LESSON):
            [notebook] = submission.notebooks
            found[submission.student.id] = {
                "score": (submission.score, submission.max_score, submission.needs_manual_grade),
                "at": submission.timestamp,
                "grades": {g.name: (g.auto_score, g.max_score, g.needs_manual_grade) for g in notebook.grades},
                "comments": {c.name: c.comment for c in notebook.comments},
            }
        return found


def cohort(store: Store) -> Path:
    return store(attempt("ana", (1, 1, 1)), attempt("bo", (0.8, 0, 1), day=3))


def test_scores_and_comments_arrive_and_a_second_run_changes_nothing(url: str, store: Store) -> None:
    folder = cohort(store)
    first = put(url, folder)
    assert (first.submissions, first.added, first.changed) == (2, 2 + 2 + 2 + 6 + 6, 0)
    found = seen(url)
    assert found["ana"]["score"] == (100, 100, False)
    assert found["bo"]["score"] == (52, 100, False)
    assert found["bo"]["at"] == datetime(2026, 11, 3, 10)
    assert found["bo"]["grades"]["grade-standardize"] == (32, 40, False)
    assert found["bo"]["comments"] == {
        "standardize": r"- ✗ The claim \<of\> a check. → Look again.",
        "correlation": r"- ✗ The claim \<of\> a check. → Look again.",
        "fit_line": None,
    }
    again = put(url, folder)
    assert (again.submissions, again.added, again.changed) == (2, 0, 0)
    assert seen(url) == found


def test_a_better_submission_changes_only_its_own_rows(url: str, store: Store) -> None:
    put(url, cohort(store))
    before = seen(url)
    done = put(url, store(attempt("bo", (1, 0, 1), day=4)))
    assert (done.added, done.changed) == (0, 3)  # the time, one grade, its comment
    after = seen(url)
    assert after["bo"]["score"] == (60, 100, False)
    assert after["ana"] == before["ana"]


def by_hand(url: str, student: str, **fields: Any) -> None:
    with Gradebook(url) as gradebook:
        grade = gradebook.find_grade("grade-standardize", "basics", LESSON, student)
        for name, value in fields.items():
            setattr(grade, name, value)
        gradebook.find_comment("standardize", "basics", LESSON, student).manual_comment = "By hand."
        gradebook.db.commit()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty gradebook; nbgrader takes seconds to make one."""
    file = tmp_path_factory.mktemp("empty") / "gradebook.db"
    sync(f"sqlite:///{file}", [], PEOPLE)
    return file


@pytest.fixture
def lite(empty: Path, tmp_path: Path) -> str:
    """An empty gradebook for one test."""
    shutil.copy(empty, tmp_path)
    return f"sqlite:///{tmp_path}/gradebook.db"


def test_an_instructors_score_stays_and_waits_for_another_look(lite: str, store: Store) -> None:
    folder = cohort(store)
    put(lite, folder)
    by_hand(lite, "bo", manual_score=35.0)
    assert put(lite, folder).changed == 0
    put(lite, store(attempt("bo", (0.5, 0, 1), day=5)))
    found = seen(lite)["bo"]
    assert found["score"] == (55, 100, True)
    assert found["grades"]["grade-standardize"] == (20, 40, True)
    assert found["comments"]["standardize"] == "By hand."


def test_a_fault_of_the_grader_waits_for_an_instructor(lite: str, store: Store) -> None:
    one = attempt("ana", (1, 1, 1))
    one.exercises[1] = exercise("correlation", 1, outcome=Outcome.ERROR)
    put(lite, store(one))
    assert seen(lite)["ana"]["grades"]["grade-correlation"] == (40, 40, True)


def test_names_come_from_the_roster(lite: str, store: Store) -> None:
    put(lite, cohort(store))
    with Gradebook(lite) as gradebook:
        ana, bo = gradebook.find_student("ana"), gradebook.find_student("bo")
        assert (ana.first_name, ana.last_name, ana.email) == ("Ana Maria", "Doe", "ana@uni.edu")
        assert (bo.first_name, bo.last_name, bo.email) == (None, None, None)


def test_submissions_that_nbgrader_made_are_filled_in(lite: str, store: Store) -> None:
    """`nbgrader autograde` or formgrader may have made the rows first, waiting for a person."""
    put(lite, store(attempt("zoe", (1, 1, 1))))
    with Gradebook(lite) as gradebook:
        gradebook.add_student("ana")
        gradebook.add_submission(LESSON, "ana")
    assert seen(lite)["ana"]["score"] == (0, 100, True)
    put(lite, store(attempt("ana", (1, 1, 1))))
    assert seen(lite)["ana"]["score"] == (100, 100, False)


def other(catalog: Catalog, **changes: Any) -> Lesson:
    lesson = catalog.lesson(catalog.files(LESSON))
    first = lesson.exercises[0].model_copy(update=changes)
    return lesson.model_copy(update={"exercises": [first, *lesson.exercises[1:]]})


def test_changed_points_reach_the_gradebook(lite: str, store: Store) -> None:
    folder = cohort(store)
    put(lite, folder)
    put(lite, folder, other(Catalog(MINI), points=50.0))
    assert seen(lite)["ana"]["score"] == (100, 110, False)


def test_other_exercises_than_the_gradebook_knows_are_refused(lite: str, store: Store) -> None:
    folder = cohort(store)
    put(lite, folder)
    with pytest.raises(GradebookError, match="grade-scale, grade-standardize.*nbgrader db assignment remove"):
        put(lite, folder, other(Catalog(MINI), name="scale"))


def test_a_database_that_cannot_be_opened_says_how_and_keeps_the_password(store: Store) -> None:
    folder = cohort(store)
    with pytest.raises(GradebookError, match="--db sqlite:///FILE") as caught:
        put("postgresql+psycopg2://grader:secret@localhost:1/none", folder)
    assert "secret" not in str(caught.value)


def test_generate_assignment_may_come_later(lite: str, store: Store) -> None:
    """nbgrader refuses a notebook whose cells differ by name from those that have submissions; ours have the same."""
    put(lite, cohort(store))
    with Gradebook(lite) as gradebook:
        notebook = gradebook.find_notebook("basics", LESSON)
        ours = ["standardize", "correlation", "fit_line"]
        assert sorted(c.name for c in notebook.source_cells) == sorted([*ours, *(f"grade-{n}" for n in ours)])
        assert sorted(c.name for c in notebook.grade_cells) == sorted(f"grade-{n}" for n in ours)
        assert sorted(c.name for c in notebook.solution_cells) == sorted(ours)


def test_an_exercise_without_a_result_waits_for_an_instructor(lite: str, store: Store) -> None:
    one: Attempt = attempt("ana", (1, 1, 1))
    put(lite, store(one.model_copy(update={"exercises": one.exercises[:1]})))
    assert seen(lite)["ana"]["grades"]["grade-fit_line"] == (None, 20, True)


def test_lateness_is_the_late_submission_penalty_and_ends_with_the_due_date(url: str, store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1), day=1), attempt("ana", (1, 1, 0), day=3), attempt("bo", (1, 1, 1), day=1))
    late = Policy(attempts="mean", due={LESSON: datetime(2026, 11, 2, tzinfo=UTC)}, late=Late(penalty=0.25))

    def penalties() -> dict[str, tuple[float, float]]:
        with Gradebook(url) as gradebook:
            found = gradebook.assignment_submissions(LESSON)
            return {one.student.id: (one.score, one.late_submission_penalty) for one in found}

    put(url, folder, policy=late)
    assert penalties() == {"ana": (90, 20), "bo": (100, 0)}  # (100 + 80) / 2, and (100 + 40) / 2 after lateness
    again = put(url, folder, policy=late)
    assert (again.added, again.changed) == (0, 0)
    put(url, folder, policy=Policy(attempts="mean"))
    assert penalties() == {"ana": (90, 0), "bo": (100, 0)}
    again = put(url, folder, policy=Policy(attempts="mean"))
    assert (again.added, again.changed) == (0, 0)


def put_scores(url: str, *lessons: LessonScores) -> Synced:
    catalog = Catalog(MINI)
    files = catalog.files(LESSON)
    return sync(url, ((files, catalog.lesson(files), one) for one in lessons), Roster())


def with_decision(scores: LessonScores, student: str, **fields: Any) -> LessonScores:
    changed = {**scores.attempts, student: scores.attempts[student].model_copy(update=fields)}
    return LessonScores(scores.lesson, changed, [])


def total(url: str, student: str) -> float:
    """Points as `nbgrader export` counts them."""
    with Gradebook(url) as gradebook:
        found = gradebook.find_submission(LESSON, student)
        return float(found.score - found.late_submission_penalty)


def credit(url: str, student: str) -> float | None:
    with Gradebook(url) as gradebook:
        found: float | None = gradebook.find_grade("grade-standardize", "basics", LESSON, student).extra_credit
        return found


def test_added_points_are_extra_credit_and_a_comment_and_go_with_the_decision(url: str, scores: LessonScores) -> None:
    more = with_decision(scores, "bo", points=57.0, adjusted=5.0)
    put_scores(url, more)
    assert (total(url, "bo"), credit(url, "bo")) == (57, 5)
    comment = seen(url)["bo"]["comments"]["standardize"]
    assert comment.endswith("Look again.\n\nYour instructor added 5 points to this lesson.")
    assert put_scores(url, more).changed == 0
    put_scores(url, with_decision(scores, "bo", points=54.5, adjusted=2.5))
    assert (total(url, "bo"), credit(url, "bo")) == (54.5, 2.5)
    put_scores(url, scores)
    assert (total(url, "bo"), credit(url, "bo")) == (52, None)
    assert "instructor" not in seen(url)["bo"]["comments"]["standardize"]


def test_points_by_a_decision_alone_count_without_an_attempt(url: str) -> None:
    alone = scored("zoe", 0.0).model_copy(update={"points": 7.0, "adjusted": 7.0})
    put_scores(url, LessonScores(LESSON, {"zoe": alone}, []))
    assert total(url, "zoe") == 7
    assert seen(url)["zoe"]["score"] == (7, 100, False)


def test_extra_credit_that_a_person_gave_stays_beside_added_points(url: str, scores: LessonScores) -> None:
    put_scores(url, scores)
    by_hand(url, "bo", extra_credit=1.5)
    put_scores(url, with_decision(scores, "bo", points=57.0, adjusted=5.0))
    assert credit(url, "bo") == 6.5
    put_scores(url, scores)
    assert credit(url, "bo") == 1.5


def test_points_that_were_taken_are_a_penalty(url: str, scores: LessonScores) -> None:
    put_scores(url, with_decision(scores, "bo", points=40.0, adjusted=-12.0))
    assert (total(url, "bo"), credit(url, "bo")) == (40, None)


def test_an_excused_student_is_left_as_it_is_and_named(url: str, scores: LessonScores) -> None:
    others = {student: score for student, score in scores.attempts.items() if student != "bo"}
    done = put_scores(url, LessonScores(LESSON, others, [], {"bo"}))
    assert sorted(seen(url)) == ["ana", "cy"]
    assert done.notes == ["lesson-1.1.1: excused: bo; nbgrader's gradebook stays as it is for them"]


def test_both_forms_of_an_id_with_an_accent_are_one_student(url: str, scores: LessonScores) -> None:
    composed, decomposed = "zo\u00eb", "zoe\u0308"
    with_accent = LessonScores(LESSON, {composed: scores.attempts["bo"]}, [])
    put_scores(url, with_accent)
    again = put_scores(url, LessonScores(LESSON, {decomposed: scores.attempts["bo"]}, []))
    assert (list(seen(url)), seen(url)[composed]["score"][0], again.added, again.changed) == ([composed], 52, 0, 0)
