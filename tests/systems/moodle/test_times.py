"""Moodle's grading worksheet beside its download: the times, in any language, or a list of what is not understood."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from blindgrade.collect.source_item import SourceError

from ...desk import Desk

BERLIN = ZoneInfo("Europe/Berlin")
ENGLISH = "Identifier,Full name,Status,Grade,Last modified (submission),Last modified (grade),Feedback comments\n"
GERMAN = "ID,Vollständiger Name,Status,Bewertung,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung)\n"


@pytest.fixture
def moodle(desk: Desk) -> Desk:
    for name in ("Ana Doe_4711", "Bob Müller_4712"):
        desk.write(desk.source / f"{name}_assignsubmission_file_" / "basics.py", f"x = '{name}'\n")
    return desk


def sheet(desk: Desk, text: str) -> Path:
    path = desk.source.parent / "Grades.csv"
    path.write_text(text, encoding="utf-8")
    return path


def times(desk: Desk) -> dict[str, tuple[str | None, str]]:
    found = {student: desk.record(student) for student in ("4711", "4712")}
    return {student: (one["submitted_at"], one["versions"][-1]["clock"]) for student, one in found.items()}


def test_an_english_worksheet_gives_the_times(moodle: Desk) -> None:
    path = sheet(
        moodle,
        ENGLISH + 'Participant 4711,Ana Doe,Submitted for grading,,"Monday, 2 November 2026, 10:00 PM",-,\n'
        'Participant 4712,Bob Müller,Submitted for grading,,"Friday, 3 July 2026, 10:00 AM",-,\n',
    )
    report = moodle.collect(worksheet=path, zone=BERLIN)
    assert report.complete
    assert times(moodle) == {"4711": ("2026-11-02T21:00:00Z", "moodle"), "4712": ("2026-07-03T08:00:00Z", "moodle")}


def test_a_german_worksheet_gives_the_times(moodle: Desk) -> None:
    path = sheet(
        moodle,
        GERMAN.replace(",", ";") + "Teilnehmer/in 4711;Ana Doe;Abgegeben;;Montag, 2. November 2026, 22:00;-\n"
        "Teilnehmer/in 4712;Bob Müller;Abgegeben;;Freitag, 3. Juli 2026, 10:00;-\n",
    )
    assert moodle.collect(worksheet=path, zone=BERLIN).complete
    assert [at for at, _ in times(moodle).values()] == ["2026-11-02T21:00:00Z", "2026-07-03T08:00:00Z"]


def test_the_column_of_another_language_is_named_by_its_title(moodle: Desk) -> None:
    text = "Tunnus,Nimi,Muokattu (palautus),Muokattu (arvosana)\n"
    text += (
        'Osallistuja 4711,Ana Doe,"maanantaina, 2. marraskuuta 2026, 22:00","tiistaina, 3. marraskuuta 2026, 9:00"\n'
    )
    text += 'Osallistuja 4712,Bob Müller,"perjantaina, 3. heinäkuuta 2026, 10:00",-\n'
    path = sheet(moodle, text.replace("Tunnus", "ID").replace("Nimi", "Full name"))
    wanted = r'Give its title: --column "submitted=Muokattu \(palautus\)" or --column "submitted=Muokattu \(arvosana\)"'
    with pytest.raises(SourceError, match=wanted):
        moodle.collect(worksheet=path, zone=BERLIN)
    with pytest.raises(SourceError, match="has no column 'Muokattu'; its columns are ID, Full name, Muokattu"):
        moodle.collect(worksheet=path, zone=BERLIN, columns={"submitted": "Muokattu"})
    assert moodle.collect(worksheet=path, zone=BERLIN, columns={"submitted": "muokattu (palautus)"}).complete
    assert [at for at, _ in times(moodle).values()] == ["2026-11-02T21:00:00Z", "2026-07-03T08:00:00Z"]


def test_a_time_that_is_not_understood_is_listed_and_the_submission_is_collected_without_a_time(moodle: Desk) -> None:
    path = sheet(
        moodle,
        ENGLISH + "Participant 4711,Ana Doe,Submitted for grading,,02/11/2026 10:00,-,\n"
        'Participant 4712,Bob Müller,Submitted for grading,,"Sunday, 25 October 2026, 2:30 AM",-,\n',
    )
    report = moodle.collect(worksheet=path, zone=BERLIN)
    assert sorted(report.new) == ["4711", "4712"] and not report.complete
    [(ana, day), (bob, twice)] = report.unclear
    assert ana == "Ana Doe (4711)" and "day/month and as month/day; write it in that cell as" in day
    assert bob == "Bob Müller (4712)" and "showed this hour twice; write +0100 or +0200" in twice
    assert [at for at, _ in times(moodle).values()] == [None, None]
    corrected = path.read_text().replace("02/11/2026 10:00", "2026-11-02 10:00")
    path.write_text(corrected.replace('"Sunday, 25 October 2026, 2:30 AM"', "2026-10-25 02:30 +0200"))
    report = moodle.collect(worksheet=path, zone=BERLIN)
    assert report.complete and dict(report.notes)["4711"] == "its time is known now: 2026-11-02T09:00:00Z"
    assert [at for at, _ in times(moodle).values()] == ["2026-11-02T09:00:00Z", "2026-10-25T00:30:00Z"]
    assert [len(moodle.record(student)["versions"]) for student in ("4711", "4712")] == [1, 1]
    assert report.lessons == ["lesson-1.1.1"]


def test_a_wrong_zone_is_corrected_by_collecting_again(moodle: Desk) -> None:
    text = (
        ENGLISH + "Participant 4711,Ana Doe,,,2026-11-02 10:00,-,\nParticipant 4712,Bob Müller,,,2026-11-02 10:00,-,\n"
    )
    path = sheet(moodle, text)
    moodle.collect(worksheet=path, zone=UTC)
    report = moodle.collect(worksheet=path, zone=BERLIN)
    assert report.new == {} and dict(report.notes)["4711"] == (
        "its time was 2026-11-02T10:00:00Z before and is 2026-11-02T09:00:00Z now"
    )
    assert [at for at, _ in times(moodle).values()] == ["2026-11-02T09:00:00Z"] * 2
    assert len(moodle.record("4711")["versions"]) == 1


def test_a_line_without_a_time_and_a_missing_line_are_listed(moodle: Desk) -> None:
    path = sheet(moodle, ENGLISH + "Participant 4711,Ana Doe,No submission,,-,-,\n")
    report = moodle.collect(worksheet=path, zone=BERLIN)
    assert [reason.split(";")[0] for _, reason in report.unclear] == [
        "the worksheet has no time of submission for it", "the worksheet has no line for it",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            ENGLISH + 'Participant 4711,A,,,"Monday, 2 November 2026, 10:00 PM",-,\n',
            "has local times; name the time zone",
        ),
        ("Identifier,Grade\nParticipant 4711,3\n", "has no times of submission; download Moodle's grading worksheet"),
        ("ID,b\0c\n", "NUL character"),
        (None, "cannot be read .* name a CSV file with --worksheet"),
    ],
)
def test_a_file_that_gives_no_times_is_refused_before_anything_is_collected(
    moodle: Desk, text: str | None, says: str
) -> None:
    path = sheet(moodle, text) if text is not None else moodle.source.parent / "none.csv"
    with pytest.raises(SourceError, match=says):
        moodle.collect(worksheet=path)
    assert not list(moodle.to.glob("*"))


def test_a_worksheet_beside_another_kind_of_source_is_refused(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    with pytest.raises(SourceError, match="of kind folders; --worksheet is for sources of kind moodle only"):
        desk.collect(worksheet=sheet(desk, ENGLISH), zone=BERLIN)


def test_the_members_of_a_group_are_known_by_the_worksheets_names(desk: Desk) -> None:
    """Moodle gives each member a folder that begins with the group's name."""
    for name in ("Group A-Ana-Lena Doe_4711", "Group A-Bob Müller_4712", "Zoe Poe-Roe_4713"):
        desk.write(desk.source / f"{name}_assignsubmission_file_" / "basics.py")
    rows = ((4711, "Ana-Lena Doe"), (4712, "Bob Müller"), (4713, "Zoe Poe-Roe"))
    lines = [f"Participant {n},{name},,,2026-11-02 10:00,-,\n" for n, name in rows]
    report = desk.collect(worksheet=sheet(desk, ENGLISH + "".join(lines)), zone=BERLIN)
    assert report.complete and report.groups == {"Group A": ["4711", "4712"]}
    groups = {student: desk.record(student)["group"] for student in ("4711", "4712", "4713")}
    assert groups == {"4711": "Group A", "4712": "Group A", "4713": ""}


def test_the_members_of_a_group_are_known_by_the_rosters_names(desk: Desk) -> None:
    for name in ("Group A-Ana Doe_4711", "Group A-Bob Roe_4712", "Anna-Maria Doe_4713"):
        desk.write(desk.source / f"{name}_assignsubmission_file_" / "basics.py")
    people = (("ana", "Doe, Ana"), ("bob", "Bob Roe"), ("am", "Anna-Maria Doe"), ("maria", "Maria Doe"))
    report = desk.collect(roster=desk.roster(*people))
    assert report.complete and report.groups == {"Group A": ["ana", "bob"]}
    assert desk.record("am")["group"] == "" and sorted(report.new) == ["am", "ana", "bob"]
