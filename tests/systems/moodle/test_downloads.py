"""Files in the shapes of Moodle's own downloads."""

from __future__ import annotations

import os
from pathlib import Path

from ...desk import Desk


def test_moodle_with_a_folder_for_each_student(desk: Desk) -> None:
    path = desk.zipped(
        desk.source / "CS101-Basics-54321.zip",
        {
            "Ana Doe_4711_assignsubmission_file_/basics.py": "a = 1\n",
            "Ana Doe_4711_assignsubmission_onlinetext_/onlinetext.html": "<p>done</p>",
            "Bo van der Roe_4712_assignsubmission_file/basics.ipynb": "{}",
        },
    )
    report = desk.collect(path)
    assert (report.kind, report.complete) == ("moodle", True)
    assert desk.current("4711") == {"basics.py": "a = 1\n", "onlinetext.html": "<p>done</p>"}
    assert desk.current("4712") == {"basics.ipynb": "{}"}
    assert desk.record("4711")["submitted_at"] is None and desk.record("4711")["source"].startswith("moodle: ")


def test_moodle_without_folders_and_a_roster_of_names(desk: Desk) -> None:
    desk.write(desk.source / "Ana Doe_4711_assignsubmission_file_basics.py", "a = 1\n")
    desk.write(desk.source / "Ana Doe_4711_assignsubmission_file_helper.py", "h = 1\n")
    desk.write(desk.source / "Zoe Poe_4713_assignsubmission_file_basics.py")
    report = desk.collect(roster=desk.roster(("ana", "Doe, Ana")))
    assert desk.current("ana") == {"basics.py": "a = 1\n", "helper.py": "h = 1\n"}
    ((label, reason, where),) = report.set_aside
    assert label == "Zoe Poe (4713)" and "not in the roster" in reason
    assert (desk.to / where / "basics.py").read_text() == "x = 1\n"


def test_a_download_that_holds_one_student_is_still_read_as_a_download(desk: Desk) -> None:
    path = desk.zipped(desk.source / "one.zip", {"Ana Doe_4711_assignsubmission_file_/basics.py": "a = 1\n"})
    assert list(desk.collect(path).new) == ["4711"]


def test_a_name_that_is_no_text_is_reported_and_stops_nobody(desk: Desk) -> None:
    for name in (b"An\xff_4711_assignsubmission_file_", b"Bo_4712_assignsubmission_file_"):
        folder = os.path.join(os.fsencode(desk.source), name)
        os.mkdir(folder)
        desk.write(Path(os.fsdecode(folder)) / "basics.py")
    assert sorted(desk.collect().new) == ["4711", "4712"]
    assert desk.record("4711")["versions"][0]["label"] == "An\udcff (4711)"
