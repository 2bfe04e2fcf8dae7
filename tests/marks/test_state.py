"""Which runs of `course grade` bring the marks up to date."""

from __future__ import annotations

from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.marks.marks import LessonMarks, Stale
from blindgrade.marks.state import not_helped, notes, to_grade

COURSE = Catalog(Path(__file__).parents[2])
HERE, LATE = Path("/submitted"), Path("/late")


def answer(lesson: str, *stale: Stale, folders: tuple[Path, ...] = (HERE,)) -> LessonMarks:
    return LessonMarks(lesson, stale=list(stale), folders=set(folders))


def stale(student: str, lesson: str, folder: Path = HERE, at: str = "2026", reason: str = "") -> Stale:
    return Stale(student, lesson, folder, at, reason)


def runs(*answers: LessonMarks) -> list[tuple[int, str, Path]]:
    return [(run.marks, run.lesson, run.folder) for run in to_grade(COURSE, answers)]


def test_lessons_of_one_module_are_one_run_if_the_whole_module_was_graded_from_the_folder() -> None:
    first, second = (
        answer("lesson-7.2.1", stale("ana", "lesson-7.2.1")),
        answer("lesson-7.2.2", stale("bo", "lesson-7.2.2")),
    )
    assert runs(first, second) == [(2, "lesson-7.2", HERE)]
    second.folders = {LATE}
    assert runs(first, second) == [(1, "lesson-7.2.1", HERE), (1, "lesson-7.2.2", HERE)]


def test_one_lesson_is_named_alone_also_if_its_module_was_graded() -> None:
    both = stale("ana", "lesson-7.2.1"), stale("bo", "lesson-7.2.1")
    assert runs(answer("lesson-7.2.1", *both), answer("lesson-7.2.2")) == [(2, "lesson-7.2.1", HERE)]


def test_each_folder_has_its_run_and_the_one_that_was_graded_last_comes_last() -> None:
    marks = answer(
        "lesson-7.2.1",
        stale("ana", "lesson-7.2.1", LATE, "2026-12-02"),
        stale("bo", "lesson-7.2.1", HERE, "2026-12-01"),
    )
    assert [folder for _, _, folder in runs(marks)] == [HERE, LATE]


def test_marks_that_grading_does_not_help_are_listed_with_their_reason() -> None:
    marks = answer("lesson-7.2.1", stale("ana", "lesson-7.2.1", reason="it is too large"))
    assert runs(marks) == [] and not_helped([marks]) == ["ana lesson-7.2.1: it is too large"]


def test_a_note_names_some_students_and_counts_the_others() -> None:
    marks = LessonMarks("lesson-7.2.1", old=[f"s{number}" for number in range(10)])
    [note] = notes([marks])
    assert "10 marks (s0 lesson-7.2.1, " in note and "and 2 more)" in note
