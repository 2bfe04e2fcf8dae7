from __future__ import annotations

import os
from pathlib import Path

import pytest

from blindgrade.collect.source_item import SourceError
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
