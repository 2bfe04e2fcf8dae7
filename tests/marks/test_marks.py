"""Folders that are gone, submissions that cannot be read, attempts without a record, and records of killed runs."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from blindgrade.attempts.reading import StoreError
from blindgrade.marks import looking, record, signature
from blindgrade.marks.recording import record_handed_in
from blindgrade.marks.state import not_helped, notes, to_grade
from blindgrade.models import Policy
from blindgrade.policies import standings
from blindgrade.submitted import read_submitted

from .cohort import LESSON, Cohort, points_of

NOON, LATER = "2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z"


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """Ana handed in A and Bo handed in B; both are graded."""
    made = Cohort(tmp_path)
    made.hand_in("ana", "a", NOON)
    made.hand_in("bo", "b", NOON)
    made.grade()
    return made


def points(cohort: Cohort, count: str = "last", submitted: Path | None = None) -> dict[str, float]:
    marks = cohort.marks(count, submitted)
    assert not marks.stale
    policy = Policy(attempts=count)  # type: ignore[arg-type]
    return {s: standings(s, {LESSON: versions}, policy)[0].points for s, versions in marks.students.items()}


def test_a_new_submission_is_not_up_to_date_and_its_last_mark_is_still_known(cohort: Cohort) -> None:
    cohort.hand_in("ana", "c", LATER)
    marks = cohort.marks()
    assert [(one.student, one.folder, one.reason) for one in marks.stale] == [("ana", cohort.submitted, "")]
    [one] = standings("ana", {LESSON: marks.students["ana"]}, Policy())
    assert (one.points, one.up_to_date) == (points_of("a", 40), False)
    [run] = to_grade(cohort.catalog, [marks])
    assert (run.marks, run.lesson, run.folder) == (1, LESSON, cohort.submitted)


def test_the_last_mark_is_that_of_the_last_run_and_not_of_an_undone_change(cohort: Cohort) -> None:
    cohort.edit(30)
    cohort.grade()
    cohort.edit(40)
    cohort.grade()  # the attempts of before count again, so the newest attempt is the undone one
    cohort.edit(20)
    [one] = standings("ana", {LESSON: cohort.marks().students["ana"]}, Policy())
    assert (one.points, one.up_to_date) == (points_of("a", 40), False)


def test_a_student_who_was_never_graded_is_not_up_to_date(cohort: Cohort) -> None:
    cohort.hand_in("cy", "c", NOON)
    marks = cohort.marks()
    assert [one.student for one in marks.stale] == ["cy"]
    assert [one.attempt for one in marks.students["cy"]] == [None]
    assert standings("cy", {LESSON: marks.students["cy"]}, Policy()) == []


def test_two_spellings_of_one_instant_are_one_submission(cohort: Cohort) -> None:
    cohort.hand_in("ana", "a", "2026-11-01T13:00:00+01:00")
    assert points(cohort) == {"ana": points_of("a", 40), "bo": points_of("b", 40)}
    assert len(cohort.marks("mean").students["ana"]) == 1


def test_an_attempt_that_was_stored_under_another_spelling_is_found(cohort: Cohort) -> None:
    [key] = cohort.store.keys(LESSON, "ana")
    attempt = cohort.store.read(LESSON, "ana", key)
    assert attempt is not None
    cohort.store.path(LESSON, "ana", key).unlink()
    cohort.store.write(attempt.model_copy(update={"key": "0" * 40, "submitted_at": "2026-11-01T13:00:00+01:00"}))
    assert points(cohort)["ana"] == points_of("a", 40)


def test_a_folder_that_is_gone_is_named_and_the_recorded_versions_count(cohort: Cohort) -> None:
    cohort.submitted.rename(cohort.root / "moved")
    marks = cohort.marks()
    assert (marks.gone, marks.stale) == ([cohort.submitted], [])
    assert points(cohort) == {"ana": points_of("a", 40), "bo": points_of("b", 40)}
    assert [note for note in notes([marks]) if f"{cohort.submitted} is gone" in note and "--submitted" in note]
    assert points(cohort, submitted=cohort.root / "moved") == points(cohort)
    assert cohort.marks(submitted=cohort.root / "moved").gone == []


def test_if_the_folder_is_gone_and_the_course_has_changed_no_command_is_named(cohort: Cohort) -> None:
    shutil.rmtree(cohort.submitted)
    cohort.edit(41)
    marks = cohort.marks()
    assert to_grade(cohort.catalog, [marks]) == []
    assert not_helped([marks]) == [f"{who} {LESSON}: its submission is gone" for who in ("ana", "bo")]


def test_a_student_whose_submission_is_gone_is_named_and_the_recorded_one_counts(cohort: Cohort) -> None:
    shutil.rmtree(cohort.submitted / "ana")
    for _ in range(2):
        marks = cohort.marks()
        assert (marks.not_there, marks.stale) == (["ana"], [])
        assert points(cohort)["ana"] == points_of("a", 40)
        assert any("no longer in its folder" in note and f"ana {LESSON}" in note for note in notes([marks]))
        cohort.grade()


def test_a_lesson_whose_file_is_gone_from_a_students_folder_is_named(cohort: Cohort) -> None:
    (cohort.submitted / "ana" / "basics.py").rename(cohort.submitted / "ana" / "other.py")
    for _ in range(2):
        assert cohort.marks().not_there == ["ana"]
        assert points(cohort)["ana"] == points_of("a", 40)
        cohort.grade()


def test_a_submission_that_cannot_be_read_is_not_up_to_date_and_its_reason_is_named(cohort: Cohort) -> None:
    (cohort.submitted / "ana" / "basics.py").write_bytes(b"\xff\xfe\x00")
    cohort.grade()
    marks = cohort.marks()
    [line] = not_helped([marks])
    assert line.startswith(f"ana {LESSON}: ") and to_grade(cohort.catalog, [marks]) == []
    assert [one.unread for one in marks.stale] == [True]
    assert standings("ana", {LESSON: marks.students["ana"]}, Policy())[0].points == points_of("a", 40)


def test_attempts_without_a_record_count_by_the_time_of_grading_with_one_note(cohort: Cohort) -> None:
    (cohort.store.root / LESSON / ".handed-in.json").unlink()
    marks = cohort.marks()
    assert (marks.old, marks.stale) == (["ana", "bo"], [])
    assert {one.up_to_date for versions in marks.students.values() for one in versions} == {None}
    [note] = notes([marks])
    assert "recorded" in note and f"ana {LESSON}, bo {LESSON}" in note


def test_a_run_over_another_folder_changes_only_the_students_it_saw(cohort: Cohort) -> None:
    late = cohort.root / "late"
    shutil.copytree(cohort.submitted / "bo", late / "bo")
    (late / "bo" / "basics.py").write_text("# c\n")
    cohort.grade(folder=late)
    assert points(cohort) == {"ana": points_of("a", 40), "bo": points_of("c", 40)}
    cohort.edit(41)
    runs = to_grade(cohort.catalog, [cohort.marks()])
    assert [(run.marks, run.folder) for run in runs] == [(1, cohort.submitted), (1, late)]
    shutil.rmtree(cohort.submitted / "ana")
    assert cohort.marks().not_there == ["ana"]


def test_a_killed_run_over_another_folder_names_no_wrong_mark(cohort: Cohort) -> None:
    other = cohort.root / "other"
    for student in ("ana", "bo"):
        (other / student).mkdir(parents=True)
        (other / student / "basics.py").write_text("# c\n")
    cohort.grade(folder=other, killed_after=1)
    marks = cohort.marks()
    assert [(one.student, one.folder) for one in marks.stale] == [("bo", other)]
    [ana] = marks.students["ana"]
    assert ana.attempt is not None and ana.attempt.points == points_of("c", 40)
    cohort.grade(folder=other)
    assert points(cohort) == {"ana": points_of("c", 40), "bo": points_of("c", 40)}


def test_a_course_that_is_moved_with_its_submissions_finds_them(cohort: Cohort) -> None:
    for name in ("submitted", "attempts", "course"):
        (cohort.root / "new").mkdir(exist_ok=True)
        (cohort.root / name).rename(cohort.root / "new" / name)
    cohort.submitted, cohort.course = cohort.root / "new" / "submitted", cohort.root / "new" / "course"
    cohort.store.root = cohort.root / "new" / "attempts"
    assert cohort.marks().gone == []
    cohort.hand_in("ana", "c", LATER)
    assert [(one.student, one.folder) for one in cohort.marks().stale] == [("ana", cohort.submitted)]


def test_earlier_files_that_are_not_kept_count_by_their_newest_attempt_with_a_note(cohort: Cohort) -> None:
    cohort.hand_in("ana", "c", LATER)
    cohort.edit(41)
    cohort.grade("mean")
    marks = cohort.marks("mean")
    assert (marks.left_over, marks.stale) == (["ana"], [])
    assert points(cohort, "mean")["ana"] == (points_of("a", 40) + points_of("c", 41)) / 2
    assert any("not kept" in note for note in notes([marks]))
    assert cohort.marks("last").left_over == []


def test_a_kept_version_without_an_attempt_is_not_up_to_date_under_best_alone(cohort: Cohort) -> None:
    cohort.collect("ana", [("c", NOON), ("a", LATER)])
    cohort.grade("last")
    assert cohort.marks("last").stale == []
    assert [one.student for one in cohort.marks("best").stale] == ["ana"]
    cohort.grade("best")
    assert points(cohort, "best")["ana"] == points_of("c", 40)


def test_versions_that_are_no_longer_collected_do_not_count(cohort: Cohort) -> None:
    """A time that was wrong is corrected in the index: the attempt with the wrong time is no second submission."""
    cohort.collect("ana", [("c", NOON), ("a", LATER)])
    cohort.grade("mean")
    cohort.collect("ana", [("c", "2026-11-01T11:00:00Z"), ("a", LATER)])
    cohort.grade("mean")
    assert [one.submitted_at for one in cohort.marks("mean").students["ana"]] == ["2026-11-01T11:00:00Z", LATER]


def test_the_record_is_the_owners_alone_and_says_what_was_handed_in(cohort: Cohort) -> None:
    path = cohort.store.root / LESSON / ".handed-in.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ana = json.loads(path.read_text())["students"]["ana"]
    [version] = ana["versions"]
    assert (ana["folder"], version["sha256"], version["submitted_at"]) == ("submitted", cohort.sha("a"), NOON)
    assert version["path"] == str(cohort.submitted / "ana")


def test_a_damaged_record_is_named(cohort: Cohort) -> None:
    (cohort.store.root / LESSON / ".handed-in.json").write_text("[]")
    with pytest.raises(StoreError, match="handed-in.json is damaged; delete it and run `course grade` again"):
        cohort.marks()


def test_late_markers_and_their_absence_reach_the_versions(cohort: Cohort) -> None:
    cohort.hand_in("ana", "a", None, late=True)
    cohort.hand_in("bo", "b", None, late="perhaps")
    cohort.grade()
    students = cohort.marks().students
    assert [(one.late, one.submitted_at) for one in students["ana"]] == [(True, None)]
    assert [(one.late, one.submitted_at) for one in students["bo"]] == [(None, None)]


def test_files_are_read_again_only_if_they_have_changed(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "SURE_AFTER", -1e9)
    cohort.grade()
    read: list[Path] = []
    before = looking.read_lesson
    monkeypatch.setattr(looking, "read_lesson", lambda path, target: read.append(path) or before(path, target))
    cohort.marks()
    assert read == []
    file = cohort.submitted / "ana" / "basics.py"
    about = file.stat()
    file.write_text("# b\n")  # of the same size, and with the old time of modification
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert [one.student for one in cohort.marks().stale] == ["ana"]
    assert read == [cohort.submitted / "ana"]


def test_the_version_of_the_course_is_computed_only_if_its_files_have_changed(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "course_version", pytest.fail)
    assert cohort.marks().stale == []
    monkeypatch.undo()
    cohort.edit(41)
    assert len(cohort.marks().stale) == 2
    checks = cohort.target.files.checks
    cohort.edit(40)
    checks.write_text(checks.read_text() + "# a comment changes no version\n")
    assert cohort.marks().stale == []


def test_a_course_that_is_edited_during_a_run_is_not_recorded_with_the_version_of_its_beginning(cohort: Cohort) -> None:
    target = cohort.target  # as a run reads it at its beginning
    cohort.edit(41)
    works, _ = read_submitted(cohort.submitted)
    record_handed_in(cohort.store, [target], works, cohort.submitted, None)  # as at its end
    assert len(cohort.marks().stale) == 2


def test_a_student_who_is_not_in_the_folder_that_was_named_keeps_the_recorded_versions(cohort: Cohort) -> None:
    other = cohort.root / "other"
    shutil.copytree(cohort.submitted / "bo", other / "bo")
    (other / "ana").mkdir()
    marks = cohort.marks(submitted=other)
    assert (marks.not_there, sorted(marks.students)) == (["ana"], ["ana", "bo"])


def test_files_that_were_just_written_have_no_signature(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    assert signature.signature(tmp_path) == ""


def test_a_run_names_the_students_who_were_graded_from_another_folder(cohort: Cohort) -> None:
    late = Path(shutil.copytree(cohort.submitted / "bo", cohort.root / "late" / "bo")).parent
    works, _ = read_submitted(late)
    first, again = (record_handed_in(cohort.store, [cohort.target], works, late, None).moved for _ in range(2))
    assert (first, again) == ({cohort.submitted: {"bo"}}, {})
