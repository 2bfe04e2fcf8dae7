"""Promises for every source: no file is lost, no file is overwritten, and no link is followed."""

from __future__ import annotations

import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blindgrade.catalog import Catalog
from blindgrade.collect import copy_in
from blindgrade.collect.source_item import SourceError
from blindgrade.engine.submission import archives
from blindgrade.engine.submission.reading import read_submission
from blindgrade.models import Policy

from ..desk import Desk

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson_1_1_1_basics"


def test_a_record_has_time_source_and_digest(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.collect()
    record = desk.record("ana")
    assert record["schema"] == "blindgrade/collected/v1" and record["student"] == "ana"
    assert record["source"] == f"folders: {desk.source}" and len(record["digest"]) == 64
    assert record["submitted_at"] is None and record["lessons"].keys() == {LESSON}


def test_the_index_has_every_student_and_no_file_of_a_student(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.write(desk.source / "ana" / ".collected.json", '{"submitted_at": "2020-01-01T00:00:00Z"}')
    desk.write(desk.source / "bo" / "basics.py")
    desk.collect()
    index = json.loads((desk.to / ".collected.json").read_text())
    assert sorted(index["students"]) == ["ana", "bo"]
    assert index["students"]["ana"]["submitted_at"] is None
    assert index["students"]["ana"]["digest"] == desk.record("ana")["digest"]
    assert desk.versions("ana")[0].keys() == {"basics.py", ".collected.json"}


def test_collecting_again_changes_nothing(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.collect()
    before = (desk.to / "ana" / ".collected.json").read_text()
    report = desk.collect()
    assert report.new == {} and report.known == ["ana"] and report.complete
    assert (desk.to / "ana" / ".collected.json").read_text() == before


def test_a_later_submission_is_current_and_the_earlier_is_kept(desk: Desk) -> None:
    path = desk.write(desk.source / "ana" / "basics.py", "first\n")
    desk.write(desk.source / "ana" / "old_helper.py")
    desk.collect()
    path.write_text("second\n")
    (desk.source / "ana" / "old_helper.py").unlink()
    desk.collect()
    assert desk.current("ana") == {"basics.py": "second\n"}
    assert sorted(v["basics.py"] for v in desk.versions("ana")) == [b"first\n", b"second\n"]
    assert len(desk.record("ana")["versions"]) == 2


def test_going_back_to_an_earlier_submission_is_a_new_one(desk: Desk) -> None:
    for number, text in enumerate(("first\n", "second\n", "first\n")):
        path = desk.zipped(desk.source / f"{number}" / "all.zip", {"ana/basics.py": text})
        os.utime(path, (1_800_000_000 + number, 1_800_000_000 + number))
        desk.collect(path)
    assert desk.current("ana") == {"basics.py": "first\n"} and len(desk.record("ana")["versions"]) == 3
    # An old download that is collected again says nothing new.
    assert desk.collect(desk.source / "1" / "all.zip").known == ["ana"]
    assert desk.current("ana") == {"basics.py": "first\n"}


def test_a_then_b_then_a_again_without_times_is_three_versions_and_the_index_names_the_current_one(desk: Desk) -> None:
    """The folder's own time does not change when a file in it changes, and all three happen in one second."""
    path = desk.write(desk.source / "ana" / "basics.py", "a\n")
    for text in ("a\n", "b\n", "a\n"):
        path.write_text(text)
        assert desk.collect().new == {"ana": ["ana"]}
        assert desk.collect().new == {}
    record = desk.record("ana")
    first, second, third = record["versions"]
    assert first["digest"] == third["digest"] != second["digest"]
    assert first["collected_at"] < second["collected_at"] < third["collected_at"]
    index = json.loads((desk.to / ".collected.json").read_text())["students"]["ana"]
    current = index["lessons"]["lesson-1.1.1"]["folder"]
    assert index["digest"] == third["digest"] and current == third["folder"] != second["folder"]
    assert (desk.to / "ana" / ".versions" / current / "basics.py").read_text() == "a\n"
    assert desk.current("ana") == {"basics.py": "a\n"}


def test_an_instructors_changed_marker_of_a_known_submission_is_stored(desk: Desk) -> None:
    """Canvas marks by its due date. When that changes, the next download has the same files and another name."""
    path = desk.write(desk.source / "doeana_LATE_1187_54321_basics.py")
    desk.collect(kind="canvas")
    path.rename(desk.source / "doeana_1187_54321_basics.py")
    report = desk.collect(kind="canvas")
    assert report.known == ["1187"] and ("1187", "the system no longer marks it as late") in report.notes
    assert desk.record("1187")["lessons"][LESSON]["late"] is False and len(desk.record("1187")["versions"]) == 1


def test_only_new_submissions_name_the_lessons_to_grade(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.collect.current import Lessons

    folders = {"l-1": "l_1", "l_1": "l_1", "l-2": "l_2", "l_2": "l_2"}
    two = Lessons(folders, {"one": "l_1", "two": "l_2"}, {"l_1": "l-1", "l_2": "l-2"})
    monkeypatch.setattr(Lessons, "of", lambda catalog: two)
    desk.write(desk.source / "ana" / "one.py", "1\n")
    assert desk.collect().lessons == ["l-1"]
    (desk.source / "ana" / "one.py").unlink()
    desk.write(desk.source / "ana" / "two.py", "2\n")
    assert desk.collect().lessons == ["l-2"]
    assert desk.collect().lessons == []


def test_a_submission_without_a_lesson_names_the_file_of_the_lesson_that_is_collected(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blindgrade.collect.current import Lessons

    folders = {"l-1": "l_1", "l_1": "l_1", "l-2": "l_2", "l_2": "l_2"}
    two = Lessons(folders, {"one": "l_1", "two": "l_2"}, {"l_1": "l-1", "l_2": "l-2"})
    monkeypatch.setattr(Lessons, "of", lambda catalog: two)
    desk.write(desk.source / "ana" / "homework.py")
    desk.write(desk.source / "bo" / "two.py")
    assert desk.collect().notes == [("ana", "holds no file of a lesson, such as two.py")]
    exchange = desk.source.parent / "exchange"
    desk.write(exchange / "inbound" / "cy+l-2+2026-11-02 10:00:00 UTC" / "homework.py")
    assert desk.collect(exchange).notes == [("cy", "holds no file of a lesson, such as two.py")]


def test_submissions_without_a_time_are_counted_if_the_course_has_due_dates(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(desk.source / "Ana Doe_4711_assignsubmission_file_" / "basics.py")
    assert desk.collect().remarks == []
    real = Catalog.course.func  # type: ignore[attr-defined]
    policy = Policy.model_validate({"due": {"lesson-1.1.1": "2026-11-02T12:00:00+01:00"}})
    monkeypatch.setattr(Catalog, "course", property(lambda self: real(self).model_copy(update={"policy": policy})))
    desk.write(desk.source / "Ana Doe_4711_assignsubmission_file_" / "basics.py", "new\n")
    report = desk.collect()
    assert report.timeless == ["4711"] and report.complete
    [remark] = report.remarks
    assert remark.startswith("1 new submissions have no time, so they never count as late")
    assert "--worksheet FILE --timezone ZONE" in remark


def test_lessons_that_are_submitted_separately_are_current_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blindgrade.collect.current import Lessons

    folders = {"l-1": "l_1", "l_1": "l_1", "l-2": "l_2", "l_2": "l_2"}
    two = Lessons(folders, {"one": "l_1", "two": "l_2"}, {"l_1": "l-1", "l_2": "l-2"})
    monkeypatch.setattr(Lessons, "of", lambda catalog: two)
    desk.write(desk.source / "ana" / "one.py", "1\n")
    desk.write(desk.source / "ana" / "two.py", "2\n")
    desk.collect()
    (desk.source / "ana" / "two.py").unlink()
    (desk.source / "ana" / "one.py").rename(desk.write(desk.source / "ana" / "l-1" / "one.ipynb", ""))
    desk.collect()
    # The notebook of lesson 1 replaces its .py, though it has another name and place; lesson 2 stays.
    assert desk.current("ana") == {"l_1/one.ipynb": "1\n", "two.py": "2\n"}


def test_grade_reads_the_collected_files(desk: Desk) -> None:
    catalog = Catalog(MINI)
    files = [target.files for target in catalog.find(["all"])]
    for number, name in enumerate(
        (
            "basics.py",
            f"{LESSON}/basics.py",
            f"exercises/{LESSON}/basics.py",
            "lesson-1.1.1/basics.py",
            "hw/x/basics.py",
        )
    ):
        desk.write(desk.source / f"s{number}" / name, f"x = {number}\n")
        desk.collect()
        found = read_submission(desk.to / f"s{number}", files, {})["lesson-1.1.1"]
        assert found is not None and found.text == f"x = {number}\n", name


def test_an_archive_in_a_submission_is_unpacked_and_kept(desk: Desk) -> None:
    packed = desk.zipped(
        desk.source / "ana" / "work.zip", {"hw/basics.py": "a = 1\n", "../evil.py": "e", "hw/x.txt": "x"}
    )
    original = packed.read_bytes()
    report = desk.collect()
    assert desk.current("ana") == {"basics.py": "a = 1\n", "x.txt": "x"}
    assert desk.versions("ana") == [{"work.zip": original}]
    assert any("leads out of the archive" in note for _, note in report.notes)
    assert not (desk.to / "evil.py").exists() and not (desk.to / "ana" / "evil.py").exists()


def test_an_archive_that_cannot_be_unpacked_is_kept_and_reported(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.write(desk.source / "ana" / "data.zip", "no archive")
    report = desk.collect()
    assert any("is damaged" in note and "kept as it was submitted" in note for _, note in report.notes)
    assert set(desk.current("ana")) == {"basics.py", "data.zip"}


def test_zip_slip_in_a_download_stays_outside(desk: Desk) -> None:
    path = desk.zipped(
        desk.source / "all.zip", {"ana/basics.py": "a", "../../bo/basics.py": "b", "/etc/cy/basics.py": "c"}
    )
    report = desk.collect(path)
    assert list(report.new) == ["ana"] and not report.complete
    assert len(report.refused) == 2 and all("was left out" in reason for _, reason in report.refused)
    assert sorted(os.listdir(desk.to)) == [".collected.json", "ana"]


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make,says", [(_link, "symbolic link"), (_pipe, "no regular file")])
def test_an_entry_that_is_no_file_is_left_out_with_a_note(desk: Desk, make: object, says: str) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    make(desk.source / "ana" / "more.py")  # type: ignore[operator]
    report = desk.collect()
    assert desk.current("ana") == {"basics.py": "x = 1\n"}
    assert says in report.refused[0][1] and not report.complete


def test_a_folder_that_is_a_link_is_not_entered(desk: Desk, tmp_path: Path) -> None:
    desk.write(tmp_path / "secret" / "basics.py", "secret\n")
    desk.write(desk.source / "bo" / "basics.py")
    (desk.source / "ana").symlink_to(tmp_path / "secret")
    (desk.source / "bo" / "lib").symlink_to(tmp_path / "secret")
    report = desk.collect()
    assert list(report.new) == ["bo"] and len(report.refused) == 2
    assert "secret" not in json.dumps([desk.current("bo"), [list(v) for v in desk.versions("bo")]])


def test_a_link_in_a_tar_of_all_is_not_unpacked(desk: Desk) -> None:
    path = desk.source / "all.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind, link in (("ana/basics.py", tarfile.SYMTYPE, "/etc/passwd"), ("bo", tarfile.SYMTYPE, "ana")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            archive.addfile(info)
        info = tarfile.TarInfo("cy/basics.py")
        archive.addfile(info)
    report = desk.collect(path)
    assert list(report.new) == ["cy"] and len(report.refused) == 2


def test_a_bomb_of_one_student_costs_the_others_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_in, "MAX_UNPACKED", 1 << 20)
    desk.write(desk.source / "ana" / "basics.py", "#" * (2 << 20))
    desk.write(desk.source / "bo" / "basics.py")
    report = desk.collect()
    assert list(report.new) == ["bo"] and report.refused == [
        ("ana", "it holds more than 1 MiB; ask the student for the lesson's files only")
    ]


def test_a_file_too_large_in_a_download_is_left_out_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.collect import collect

    monkeypatch.setattr(collect, "MANY", archives.Limits(unpacked=8 << 20, file=1 << 20, enter=False))
    path = desk.zipped(
        desk.source / "all.zip", {"ana/big.py": b"#" * (2 << 20), "ana/basics.py": "a\n", "bo/basics.py": "b\n"}
    )
    report = desk.collect(path)
    assert sorted(report.new) == ["ana", "bo"] and desk.current("ana") == {"basics.py": "a\n"}
    assert "larger than 1 MiB" in report.refused[0][1]


def test_many_archives_in_one_submission_share_one_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.collect import current

    monkeypatch.setattr(current, "MAX_UNPACKED", 3 << 20)
    desk.write(desk.source / "ana" / "basics.py")
    for number in range(3):
        desk.zipped(desk.source / "ana" / f"{number}.zip", {f"{number}.txt": b"0" * (2 << 20)})
    report = desk.collect()
    assert sum("holds more than" in note for _, note in report.notes) == 2


def test_files_with_equal_names_on_another_system_are_copied_once(desk: Desk) -> None:
    for name in ("basics.py", "Basics.py", "ｂasics.py"):
        desk.write(desk.source / "ana" / name)
    report = desk.collect()
    assert len(desk.current("ana")) == 1 and len(report.refused) == 2
    assert "look alike" in report.refused[0][1]


def test_students_who_differ_in_capitals_only_are_refused(desk: Desk) -> None:
    for name in ("ana", "Ana", "bo"):
        desk.write(desk.source / name / "basics.py")
    report = desk.collect()
    assert list(report.new) == ["bo"]
    assert {reason for _, reason in report.refused} == {
        "Ana and ana differ in capitals only; name a roster with --roster"
    }


def test_a_student_whose_folder_exists_in_other_capitals_is_refused(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.collect()
    (desk.source / "ana").rename(desk.source / "ANA")
    report = desk.collect()
    assert report.new == {} and "some systems treat ANA as the same name" in report.refused[0][1]


def test_two_submissions_of_one_student_at_no_time_are_refused(desk: Desk) -> None:
    desk.write(desk.source / "Ana Doe" / "basics.py", "1")
    desk.write(desk.source / "doe, ana" / "basics.py", "2")
    report = desk.collect(roster=desk.roster(("ana", "Ana Doe")))
    assert report.new == {} and len(report.refused) == 2
    assert "submissions of one student, ana; keep the right one" in report.refused[0][1]


@pytest.mark.parametrize("name", ["Аna", "Ana Doe", ".ana", "con\x1btrol"])
def test_without_a_roster_a_strange_name_is_set_aside(desk: Desk, name: str) -> None:
    desk.write(desk.source / "bo" / "basics.py")
    desk.write(desk.source / name / "basics.py")
    report = desk.collect()
    assert list(report.new) == ["bo"]
    assert name == ".ana" or "name a roster" in report.set_aside[0][1]


def test_a_person_who_looks_like_a_student_is_set_aside_with_the_reason(desk: Desk) -> None:
    desk.write(desk.source / "Аna Doe" / "basics.py")
    report = desk.collect(roster=desk.roster(("ana", "Ana Doe")), kind="folders")
    assert "looks like ana" in report.set_aside[0][1]


def test_a_set_aside_submission_moves_to_its_student_when_the_roster_has_the_student(desk: Desk) -> None:
    desk.write(desk.source / "Ana Doe" / "basics.py")
    where = desk.collect(roster=desk.roster(("bo", "Bo Roe")), kind="folders").set_aside[0][2]
    assert where.startswith(".set-aside/Ana-Doe-") and (desk.to / where / "basics.py").is_file()
    report = desk.collect(roster=desk.roster(("ana", "Ana Doe")), kind="folders")
    assert list(report.new) == ["ana"] and not (desk.to / where).exists()


def test_the_same_files_of_a_known_and_of_an_unknown_student_are_kept_for_both(desk: Desk) -> None:
    for name in ("ana", "Zoe Poe", "Zoë Poe"):
        desk.write(desk.source / name / "basics.py", "equal\n")
    report = desk.collect(kind="folders")
    assert list(report.new) == ["ana"]
    kept = {label: desk.to / where for label, _, where in report.set_aside}
    assert [(one / "basics.py").read_text() for one in kept.values()] == ["equal\n"] * 2 and len({*kept.values()}) == 2
    desk.collect(kind="folders", roster=desk.roster(("zoe", "Zoe Poe"), ("ana", "Ana")))
    assert [one.exists() for one in kept.values()] == [False, True]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
def test_any_order_of_files_without_times_is_kept_and_the_last_is_current(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    for text in texts:
        desk.write(desk.source / "ana" / "basics.py", text)
        desk.collect()
    handed_in = [text for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]
    folders = [version["folder"] for version in desk.record("ana")["versions"]]
    assert [(desk.to / "ana" / ".versions" / one / "basics.py").read_text() for one in folders] == handed_in
    assert desk.current("ana") == {"basics.py": texts[-1]}
    assert desk.record("ana")["lessons"][LESSON]["folder"] == folders[-1]


def test_a_folder_that_somebody_else_made_is_left_alone(desk: Desk) -> None:
    desk.write(desk.to / "ana" / "basics.py", "by hand\n")
    desk.write(desk.source / "ana" / "basics.py")
    report = desk.collect()
    assert (
        desk.current("ana") == {"basics.py": "by hand\n"} and "was not made by course collect" in report.refused[0][1]
    )


def test_an_instructors_change_is_kept(desk: Desk) -> None:
    path = desk.write(desk.source / "ana" / "basics.py", "first\n")
    desk.collect()
    desk.write(desk.to / "ana" / "basics.py", "mended\n")
    path.write_text("second\n")
    desk.collect()
    assert desk.current("ana") == {"basics.py": "second\n"}
    assert {v["basics.py"] for v in desk.versions("ana")} == {b"first\n", b"second\n", b"mended\n"}


def test_a_run_that_was_ended_is_ended_by_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.collect import student_folder

    desk.write(desk.source / "ana" / "basics.py")
    real = student_folder._describe

    def ended(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(student_folder, "_describe", ended)
    with pytest.raises(KeyboardInterrupt):
        desk.collect()
    monkeypatch.setattr(student_folder, "_describe", real)
    for path in desk.to.glob("ana/basics.py"):  # as far as that run came
        path.unlink()
    assert list(desk.collect().new) == ["ana"]
    assert desk.current("ana") == {"basics.py": "x = 1\n"}
    assert not list(desk.to.glob(".incoming-*"))


def test_a_damaged_record_stops_that_student_alone(desk: Desk) -> None:
    for student in ("ana", "bo"):
        desk.write(desk.source / student / "basics.py")
    desk.collect()
    desk.write(desk.to / "ana" / ".collected.json", "{")
    desk.write(desk.source / "bo" / "basics.py", "new\n")
    report = desk.collect()
    assert list(report.new) == ["bo"] and "is damaged; restore it" in report.refused[0][1]


def test_a_submission_without_a_file_of_a_lesson_is_kept_and_reported(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "homework.py")
    report = desk.collect()
    assert ("ana", "holds no file of a lesson, such as basics.py") in report.notes
    assert desk.current("ana") == {"homework.py": "x = 1\n"}


def test_an_empty_folder_is_refused(desk: Desk) -> None:
    (desk.source / "ana").mkdir()
    desk.write(desk.source / "bo" / "basics.py")
    assert desk.collect().refused == [("ana", "there is no file in it")]


@pytest.mark.parametrize("what", ["nothing", "file", "empty", "inside", "bad zip"])
def test_a_path_that_is_no_source_is_one_error(desk: Desk, what: str) -> None:
    source = {
        "nothing": desk.source / "nowhere",
        "file": desk.write(desk.source / "a.txt"),
        "empty": desk.source / "empty",
        "inside": desk.to / "inside",
        "bad zip": desk.write(desk.source / "a.zip", "x"),
    }[what]
    if what in ("empty", "inside"):
        source.mkdir(parents=True)
    with pytest.raises(SourceError):
        desk.collect(source)


def test_the_source_is_never_changed(desk: Desk) -> None:
    path = desk.zipped(desk.source / "all.zip", {"ana/basics.py": "a\n", "bo/work.zip": "no archive"})
    desk.write(desk.source / "folders" / "cy" / "basics.py")
    before = path.read_bytes()
    desk.collect(path)
    desk.collect(desk.source / "folders")
    assert path.read_bytes() == before and zipfile.is_zipfile(path)
    assert [p.name for p in (desk.source / "folders").rglob("*")] == ["cy", "basics.py"]


def test_current_files_that_somebody_removed_are_laid_out_again(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.collect()
    (desk.to / "ana" / "basics.py").unlink()
    assert desk.collect().known == ["ana"] and desk.current("ana") == {"basics.py": "x = 1\n"}


@pytest.mark.parametrize("packed", [False, True])
def test_a_student_cannot_pass_for_a_download_that_names_others(desk: Desk, packed: bool) -> None:
    name = "ana/roebo_1188_54322_basics.py"
    source = desk.zipped(desk.source / "all.zip", {name: "x"}) if packed else desk.write(desk.source / name).parents[1]
    with pytest.raises(SourceError, match="--kind folders if it is a student's"):
        desk.collect(source)
    assert list(desk.collect(source, kind="folders").new) == ["ana"]
