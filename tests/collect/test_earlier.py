"""A folder of `course collect` as a source: every version comes with its time, and a student cannot forge one."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from blindgrade.collect.source_item import SourceError

from ..desk import Desk

LESSON = "lesson_1_1_1_basics"


def moved(desk: Desk) -> None:
    """The collected folder becomes the source."""
    shutil.rmtree(desk.source)
    desk.to.rename(desk.source)


def graded_exchange(desk: Desk) -> None:
    for time, text in (("2026-11-02 10:00:00 UTC", "first\n"), ("2026-11-03 10:00:00 UTC", "second\n")):
        desk.write(desk.source / "inbound" / f"ana+lesson-1.1.1+{time}" / "basics.py", text)
    desk.collect()
    moved(desk)


def test_every_version_keeps_its_time_clock_and_assignment(desk: Desk) -> None:
    graded_exchange(desk)
    before = json.loads((desk.source / "ana" / ".collected.json").read_text())
    report = desk.collect()
    assert (report.kind, report.complete) == ("collected", True)
    assert desk.record("ana") == before and len(before["versions"]) == 2
    assert desk.current("ana") == {f"{LESSON}/basics.py": "second\n"}
    assert desk.collect().new == {} and desk.record("ana") == before


def test_a_handing_in_of_a_then_b_then_a_again_stays_in_that_order(desk: Desk) -> None:
    for text in ("a\n", "b\n", "a\n"):
        desk.write(desk.source / "ana" / "basics.py", text)
        desk.collect()
    folders = [version["folder"] for version in desk.record("ana")["versions"]]
    moved(desk)
    record = json.loads((desk.source / "ana" / ".collected.json").read_text())
    for version in record["versions"]:  # as an earlier version of this program wrote it, in whole seconds
        version["collected_at"] = "2026-11-02T10:00:00Z"
    (desk.source / "ana" / ".collected.json").write_text(json.dumps(record))
    assert desk.collect().complete
    assert [version["folder"] for version in desk.record("ana")["versions"]] == folders
    assert desk.current("ana") == {"basics.py": "a\n"}
    again = desk.collect()
    assert again.new == {} and len(desk.record("ana")["versions"]) == 3


def test_a_late_marker_and_a_group_are_kept(desk: Desk) -> None:
    desk.write(desk.source / "team1_LATE_1189_54322_basics.py")
    groups = desk.source.parent / "groups.csv"
    groups.write_text("group,student\nTeam 1,ana\nTeam 1,bo\n")
    desk.collect(groups=groups, kind="canvas")
    moved(desk)
    report = desk.collect()
    assert report.complete and report.groups == {"Team 1": ["ana", "bo"]}
    assert (desk.record("bo")["late"], desk.record("bo")["group"]) == (True, "Team 1")


def test_an_index_without_records_gives_its_times(desk: Desk) -> None:
    """`course simulate` writes such a folder."""
    desk.write(desk.source / "ana" / "basics.py")
    index = {"students": {"ana": {"submitted_at": "2026-11-02T10:00:00Z", "clock": "simulated"}}}
    (desk.source / ".collected.json").write_text(json.dumps(index))
    assert desk.collect().complete
    assert desk.record("ana")["lessons"][LESSON]["submitted_at"] == "2026-11-02T10:00:00Z"


def test_what_is_missing_or_was_changed_is_listed(desk: Desk) -> None:
    graded_exchange(desk)
    shutil.rmtree(next((desk.source / "ana" / ".versions").glob("2026-11-02*")))
    (desk.source / "ana" / LESSON / "basics.py").write_text("by hand\n")
    desk.write(desk.source / "notes.txt")
    desk.write(desk.source / ".set-aside" / "Zoe-1" / "basics.py")
    index = json.loads((desk.source / ".collected.json").read_text())
    index["students"] |= {"bo": {"submitted_at": None}}
    (desk.source / ".collected.json").write_text(json.dumps(index))
    report = desk.collect()
    assert {(label, reason.split(";")[0]) for label, reason in report.refused} == {
        ("ana", "a version in its .collected.json is missing"),
        ("ana", "somebody changed its current files after collecting"),
        ("notes.txt", "it is no folder of a student"),
        ("bo", ".collected.json lists it, but its folder is missing"),
        (".set-aside", "1 submissions were set aside there"),
    }
    assert desk.current("ana") == {f"{LESSON}/basics.py": "second\n"}


def test_a_record_in_a_students_folder_counts_only_beside_an_index(desk: Desk) -> None:
    graded_exchange(desk)
    (desk.source / ".collected.json").unlink()
    report = desk.collect()
    assert report.kind == "folders" and desk.record("ana")["submitted_at"] is None


def test_a_version_cannot_be_a_path_out_of_its_folder(desk: Desk) -> None:
    graded_exchange(desk)
    record = json.loads((desk.source / "ana" / ".collected.json").read_text())
    record["versions"][1]["folder"] = ".."
    (desk.source / "ana" / ".collected.json").write_text(json.dumps(record))
    report = desk.collect()
    assert any("is missing; copy the whole folder" in reason for _, reason in report.refused)


def test_a_zip_of_a_collected_folder_is_collected_when_its_kind_is_named(desk: Desk) -> None:
    graded_exchange(desk)
    shutil.make_archive(str(desk.source.parent / "all"), "zip", desk.source.parent, os.path.basename(desk.source))
    path = desk.source.parent / "all.zip"
    with pytest.raises(SourceError, match="name that folder or --kind collected"):
        desk.collect(path)
    assert desk.collect(path, kind="collected").complete
    assert desk.record("ana")["submitted_at"] == "2026-11-03T10:00:00Z"
