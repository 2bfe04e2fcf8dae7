"""A file of a simulated student has each chosen answer in its place, and the stub for each missing one."""

import json
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.cohort_report.structure import definitions, form
from blindgrade.engine.answers.lesson_checks import LessonChecks, provide_toys
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.engine.worker.lesson import load
from blindgrade.models import Outcome
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.rehearsed import Rehearsals
from blindgrade.simulate.simulation import Choice, Version
from blindgrade.simulate.written import write_submissions

COURSE = Catalog(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def lesson(pieces):
    return pieces[0]


def test_every_known_answer_loads_plain_and_restyled(lesson):
    provide_toys(lesson.files)
    for exercise, choice in lesson.variants:
        for restyled in (False, True):
            text = lesson.text({exercise: choice}, restyled=restyled)
            assert not load(lesson.files.module, text, "student.py").problems
            assert "SOLUTION" not in text


def test_a_file_of_stubs_earns_nothing_and_a_file_of_solutions_earns_all(lesson):
    reference = LiveReference(LessonChecks(lesson.files, lesson.lesson), lesson.solution)
    for kind, outcome in (("stub", Outcome.NOT_ATTEMPTED), ("solution", Outcome.PASSED)):
        text = lesson.text({e.name: Choice(kind) for e in lesson.lesson.exercises})
        results = Trusted.by(reference).lesson(load(lesson.files.module, text, "student.py"), 0)
        assert [r.outcome for r in results] == [outcome] * len(results)


def test_a_written_misconception_is_diagnosed_as_itself(lesson):
    rehearsals = Rehearsals(lesson, seed=3)
    chosen = {e.name: Choice("solution") for e in lesson.lesson.exercises}
    chosen["correlation"] = Choice("misconception", "covariance")
    attempt = rehearsals.attempt("s1", Version(_noon(), chosen))
    result = next(r for r in attempt.exercises if r.name == "correlation")
    assert "covariance" in {c.misconception for c in result.checks}
    assert attempt.points == sum(r.points for r in attempt.exercises) < attempt.max_points


def test_a_rehearsed_attempt_is_equal_to_the_attempt_of_the_whole_file(lesson, cohort):
    rehearsals = Rehearsals(lesson, seed=cohort.seed)
    reference = LiveReference(LessonChecks(lesson.files, lesson.lesson), lesson.solution)
    for student in cohort.students[:12]:
        for version in student.versions.get(lesson.lesson.id, [])[-1:]:
            module = load(lesson.files.module, lesson.text(version.choices), "student.py")
            whole = Trusted.by(reference).lesson(module, cohort.seed)
            assert [(r.name, r.outcome) for r in rehearsals.attempt(student.id, version).exercises] == [
                (r.name, r.outcome) for r in whole
            ]


def test_a_copy_looks_different_and_has_the_same_structure(lesson):
    choices = {"correlation": Choice("misconception", "covariance")}
    plain, copied = lesson.text(choices), lesson.text(choices, restyled=True)
    assert plain != copied
    assert form(definitions(plain)["fit_line"]) == form(definitions(copied)["fit_line"])
    assert "my_slope" in copied and "my_slope" not in plain


@pytest.mark.parametrize("files", COURSE.ready(), ids=lambda files: files.entry.id)
def test_the_courses_own_answers_can_be_composed(files):
    own = Pieces(COURSE, files.entry.id)
    provide_toys(files)
    for kind in ("misconception", "alternative"):
        choices = {exercise: choice for exercise, choice in own.variants if choice.kind == kind}
        for restyled in (False, True):
            text = own.text(choices, restyled=restyled)
            assert not load(files.module, text, "student.py").problems


def test_a_cohort_is_written_for_course_grade(pieces, cohort, tmp_path):
    count = write_submissions(pieces, cohort, tmp_path)
    files = sorted(tmp_path.glob("*/*/*.py"))
    assert count == len(files) == sum(len(s.versions) for s in cohort.students)
    times = json.loads((tmp_path / ".collected.json").read_text())["students"]
    assert set(times) == {path.parts[-3] for path in files}
    known = json.loads((tmp_path / ".simulated.json").read_text())
    assert len(known["students"]) == 200 and known["seed"] == cohort.seed


def _noon():
    from datetime import UTC, datetime

    return datetime(2026, 9, 1, 12, tzinfo=UTC)
