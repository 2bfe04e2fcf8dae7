from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from blindgrade.collect.source_item import SourceError
from blindgrade.roster.reading import read_roster
from blindgrade.submitted import read_submitted

from ...desk import Desk

LESSON = "lesson_1_1_1_basics"


def submit(desk: Desk, student: str, time: str, text: str, assignment: str = "lesson-1.1.1") -> Path:
    folder = desk.source / "mini" / "inbound" / f"{student}+{assignment}+{time} UTC+Zm9v"
    desk.write(folder / "basics.ipynb", text)
    desk.write(folder / "timestamp.txt", f"{time} UTC")
    desk.write(folder / "submission_secret.txt", "s")
    return folder


@pytest.mark.parametrize("below", ["", "mini", "mini/inbound"])
def test_nbgrader_exchange_from_each_of_its_folders(desk: Desk, below: str) -> None:
    submit(desk, "ana", "2026-11-02 10:00:00.000000", "first")
    submit(desk, "ana", "2026-11-03 10:00:00.000000", "second")
    submit(desk, "bo", "2026-11-02 11:00:00.000000", "bo's")
    (desk.source / "mini" / "outbound" / "lesson-1.1.1").mkdir(parents=True)
    report = desk.collect(desk.source / below)
    assert (report.kind, report.complete) == ("nbgrader", True)
    assert desk.current("ana") == {f"{LESSON}/basics.ipynb": "second"}
    assert desk.versions("ana") == [{"basics.ipynb": b"first"}, {"basics.ipynb": b"second"}]
    assert desk.record("ana")["submitted_at"] == "2026-11-03T10:00:00Z"
    assert desk.record("ana")["lessons"][LESSON]["submitted_at"] == "2026-11-03T10:00:00Z"


def test_an_older_submission_that_is_collected_later_is_kept_and_not_current(desk: Desk) -> None:
    submit(desk, "ana", "2026-11-03 10:00:00.000000", "second")
    desk.collect()
    submit(desk, "ana", "2026-11-02 10:00:00.000000", "first")
    desk.collect()
    assert desk.current("ana") == {f"{LESSON}/basics.ipynb": "second"}
    assert len(desk.versions("ana")) == 2


def test_a_lesson_keeps_its_own_time_when_another_assignment_comes_later(desk: Desk) -> None:
    submit(desk, "ana", "2026-11-02 10:00:00.000000", "first")
    desk.write(desk.source / "mini" / "inbound" / "ana+lesson-2+2026-11-20 10:00:00.000000 UTC" / "notes.txt", "later")
    desk.collect()
    [ana], _ = read_submitted(desk.to)
    assert ana.submitted_at == "2026-11-20T10:00:00Z"
    assert ana.at("lesson-1.1.1") == "2026-11-02T10:00:00Z"


def test_a_folder_of_nbgrader_collect_is_collected_too(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "lesson-1.1.1" / "basics.ipynb", "n")
    desk.write(desk.source / "ana" / "lesson-1.1.1" / "timestamp.txt", "2026-11-02 12:00:00.000000 +0200")
    report = desk.collect()
    assert report.kind == "nbgrader"
    assert desk.record("ana")["submitted_at"] == "2026-11-02T10:00:00Z"
    assert desk.current("ana") == {f"{LESSON}/basics.ipynb": "n"}


def test_several_courses_and_an_empty_exchange_are_reported(desk: Desk) -> None:
    (desk.source / "mini" / "inbound").mkdir(parents=True)
    desk.write(desk.source / "mini" / "outbound" / "lesson-1.1.1" / "timestamp.txt")
    with pytest.raises(SourceError, match="holds no submissions"):
        desk.collect()
    (desk.source / "other" / "inbound").mkdir(parents=True)
    with pytest.raises(SourceError, match="several courses; name one"):
        desk.collect()


@pytest.mark.skipif(os.getuid() != 0, reason="gives a folder to another account")
def test_a_submission_made_by_another_account_is_noted(desk: Desk) -> None:
    folder = submit(desk, "ana", "2026-11-02 10:00:00.000000", "x")
    os.chown(folder, 1, 1)
    assert ("ana", "the account daemon made this submission") in desk.collect().notes


def handed_in(desk: Desk, name: str, stamp: str | None = None) -> None:
    folder = desk.source / "inbound" / name
    desk.write(folder / "basics.py", f"name = {name!r}\n")
    if stamp is not None:
        desk.write(folder / "timestamp.txt", stamp)


def times(desk: Desk) -> dict[str, str | None]:
    return {
        path.parent.name: desk.record(path.parent.name)["submitted_at"] for path in desk.to.glob("*/.collected.json")
    }


def test_a_time_in_every_form_that_nbgrader_writes_is_the_right_instant(desk: Desk) -> None:
    """nbgrader writes the time by its settings timezone and timestamp_format, into the name and into timestamp.txt."""
    written = {
        "ana": "2026-11-10 21:40:00.000000 UTC",
        "bob": "2026-11-11 03:40:00.000000 CET",
        "cyd": "2026-11-11 03:40:00.000000 +0100",
        "dan": "2026-11-10 21:40:00 UTC",
        "eve": "2026-11-10 21:40:00.000000 EST",
        "fay": "2026-11-11T03:40:00+0100",
        "gus": "2026-11-11 03:40:00.000000 +03",
    }
    for student, time in written.items():
        handed_in(desk, f"{student}+lesson-1.1.1+{time}", time)
    report = desk.collect()
    assert (report.kind, report.complete) == ("nbgrader", True)
    assert times(desk) == {
        "ana": "2026-11-10T21:40:00Z", "bob": "2026-11-11T02:40:00Z", "cyd": "2026-11-11T02:40:00Z",
        "dan": "2026-11-10T21:40:00Z", "eve": "2026-11-11T02:40:00Z", "fay": "2026-11-11T02:40:00Z",
        "gus": "2026-11-11T00:40:00Z",
    }  # fmt: skip


def test_nbgraders_own_function_reads_the_same_instants() -> None:
    """`parse_utc` is nbgrader's. It reads a number of a zone in another way than its own strftime writes it."""
    from nbgrader.utils import parse_utc

    from blindgrade.collect.times import read_time

    for time in ("2026-11-10 21:40:00.000000 UTC", "2026-11-11 03:40:00.000000 CET", "2026-11-10 21:40:00.000000 EST"):
        assert read_time(time, None) == parse_utc(time).isoformat() + "Z"


def test_a_time_without_a_zone_is_listed_until_the_zone_is_named(desk: Desk) -> None:
    handed_in(desk, "ana+lesson-1.1.1+2026-11-10 21:40:00.000000", "2026-11-10 21:40:00.000000")
    handed_in(desk, "bob+lesson-1.1.1+2026-11-10 21:40:00.000000 IST")
    handed_in(desk, "cyd+lesson-1.1.1+2026-11-10 21:40:00.000000 UTC")
    report = desk.collect()
    assert list(report.new) == ["cyd"] and not report.complete
    assert {label.partition("+")[0]: reason for label, reason in report.refused} == {
        "ana": "its time has no time zone; name the zone of the system: --timezone Europe/Berlin",
        "bob": "the abbreviation 'IST' of its zone has several meanings; name the zone of the system: --timezone"
        " Europe/Berlin",
    }
    assert desk.collect(zone=ZoneInfo("Asia/Kolkata")).complete
    assert times(desk) == {
        "ana": "2026-11-10T16:10:00Z", "bob": "2026-11-10T16:10:00Z", "cyd": "2026-11-10T21:40:00Z",
    }  # fmt: skip


def test_a_name_that_nbgrader_does_not_write_is_listed(desk: Desk) -> None:
    handed_in(desk, "ana+lesson-1.1.1+2026-11-10 21:40:00.000000 UTC")
    handed_in(desk, "bob+lesson-1.1.1+yesterday")
    handed_in(desk, "cyd")
    handed_in(desk, "dan+lesson-1.1.1+2026-11-40 21:40:00.000000 UTC")
    desk.write(desk.source / "inbound" / "notes.txt")
    report = desk.collect()
    assert list(report.new) == ["ana"]
    assert {label: reason.split(";")[0] for label, reason in report.refused} == {
        "bob+lesson-1.1.1+yesterday": "its name is not STUDENT+ASSIGNMENT+TIME as nbgrader writes it",
        "cyd": "its name is not STUDENT+ASSIGNMENT+TIME as nbgrader writes it",
        "dan+lesson-1.1.1+2026-11-40 21:40:00.000000 UTC": "its date or time does not exist",
        "notes.txt": "its name is not STUDENT+ASSIGNMENT+TIME as nbgrader writes it",
    }


def test_an_inbound_folder_in_which_no_name_is_understood_is_listed_and_not_empty(desk: Desk) -> None:
    handed_in(desk, "bob+lesson-1.1.1+10.11.2026 21:40")
    report = desk.collect()
    assert (report.kind, len(report.refused), report.new) == ("nbgrader", 1, {})


def test_two_times_of_one_submission_are_noted_and_the_later_counts(desk: Desk) -> None:
    handed_in(desk, "ana+lesson-1.1.1+2026-11-10 21:40:00.000000 UTC", "2026-11-09 21:40:00.000000 UTC")
    [(student, note)] = desk.collect().notes
    assert student == "ana" and note.endswith("2026-11-09T21:40:00Z and 2026-11-10T21:40:00Z; the later one counts")
    assert times(desk) == {"ana": "2026-11-10T21:40:00Z"}


def test_ids_with_accents_are_collected_under_composed_of_the_letters(desk: Desk) -> None:
    """macOS stores "é" as two characters. nbgrader takes every login without a + or a *."""
    for student in ("jos\u00e9", "M\u00fcller", "\u0142ukasz"):
        handed_in(desk, f"{unicodedata.normalize('NFD', student)}+lesson-1.1.1+2026-11-10 21:40:00.000000 UTC")
    report = desk.collect()
    assert sorted(report.new) == sorted(["jos\u00e9", "M\u00fcller", "\u0142ukasz"]) and report.complete
    roster = desk.write(
        desk.source.parent / "roster.csv", "id,name\n" + unicodedata.normalize("NFD", "jos\u00e9,Roe\n")
    )
    report = desk.collect(roster=read_roster(roster))
    assert report.known == ["jos\u00e9"] and len(report.set_aside) == 2


def test_what_is_no_submission_in_a_folder_of_nbgrader_collect_is_listed(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "lesson-1.1.1" / "timestamp.txt", "2026-11-02 12:00:00.000000 +0200")
    desk.write(desk.source / "ana" / "lesson-1.1.1" / "basics.py")
    desk.write(desk.source / "bo" / "lesson-1.1.1" / "basics.py")
    desk.write(desk.source / "notes.txt")
    (desk.source / "cy").mkdir()
    assert {label: reason.split(";")[0] for label, reason in desk.collect().refused} == {
        "bo/lesson-1.1.1": "it holds no timestamp.txt", "notes.txt": "it is not a student's folder",
        "cy": "it is empty",
    }  # fmt: skip
