"""Files in the shapes of Moodle's, Canvas's and Gradescope's own downloads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blindgrade.collect.source_item import SourceError

if TYPE_CHECKING:
    from conftest import Desk


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


def test_canvas_gives_back_the_names_that_students_gave(desk: Desk) -> None:
    path = desk.zipped(
        desk.source / "submissions.zip",
        {
            "doeana_1187_54321_basics-2.py": "second = 2\n",
            "doeana_1187_54321_basics-1.py": "first = 1\n",
            "doeana_1187_54321_my_notes.txt": "n",
            "roebo_LATE_1188_54322_basics.ipynb": "{}",
        },
    )
    report = desk.collect(path)
    assert (report.kind, report.complete) == ("canvas", True)
    assert desk.current("1187") == {"basics.py": "second = 2\n", "my_notes.txt": "n"}
    assert set(desk.versions("1187")[0]) == {"basics-1.py", "basics-2.py", "my_notes.txt"}
    assert desk.record("1188")["late"] is True and desk.record("1187")["late"] is False


def test_canvas_anonymous_submissions_are_told_apart(desk: Desk) -> None:
    desk.write(desk.source / "anon_x7Yq2_54321_basics.py")
    desk.write(desk.source / "anon_LATE_b3Kp9_54322_basics.py")
    assert sorted(desk.collect(kind="canvas").new) == ["b3Kp9", "x7Yq2"]


METADATA = """---
submission_1001:
  :submitters:
  - :name: Ana Doe
    :sid: S001
    :email: ana@uni.edu
  :created_at: 2026-11-02 17:30:00.123456000 Z
  :score: !ruby/object:BigDecimal 18:0.1e2
  :output: !binary |-
    /w==
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
  :history: []
submission_1002:
  :submitters:
  - :name: Bo Roe
    :sid: S002
    :email: bo@uni.edu
  - :name: Cy Poe
    :sid:
    :email: cy@uni.edu
  :created_at: 2026-11-03 08:00:00.000000000 +02:00
submission_1003:
  :submitters: []
"""


def test_gradescope_export_with_a_group(desk: Desk) -> None:
    root = "assignment_8046601_export/"
    path = desk.zipped(
        desk.source / "submissions.zip",
        {
            f"{root}submission_metadata.yml": METADATA,
            f"{root}submission_1001/basics.py": "a = 1\n",
            f"{root}submission_1002/basics.py": "b = 1\n",
            f"{root}submission_1003/basics.py": "c = 1\n",
            f"{root}submission_1004/basics.py": "d = 1\n",
            f"__MACOSX/{root}._submission_metadata.yml": "",
        },
    )
    report = desk.collect(path)
    assert report.kind == "gradescope"
    assert sorted(report.new) == ["S001", "S002", "cy@uni.edu"]
    assert desk.record("S001")["submitted_at"] == "2026-11-02T17:30:00Z"
    assert desk.record("S002")["submitted_at"] == "2026-11-03T06:00:00Z"
    assert desk.current("S002") == desk.current("cy@uni.edu") == {"basics.py": "b = 1\n"}
    assert ("S002", "a group's submission") in report.notes
    assert dict(report.refused) == {
        "submission_1003": "submission_metadata.yml names no submitter",
        "submission_1004": "submission_metadata.yml does not list it",
    }


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "a: !!python/object/apply:os.system ['true']\n", "\x00"])
def test_metadata_that_is_none_is_one_error(desk: Desk, text: str) -> None:
    desk.write(desk.source / "submission_metadata.yml", text)
    with pytest.raises(SourceError, match="export it again"):
        desk.collect()


def test_a_file_of_no_student_is_refused_and_the_others_are_taken(desk: Desk) -> None:
    desk.write(desk.source / "doeana_1187_54321_basics.py")
    desk.write(desk.source / "roebo_1188_54322_basics.py")
    desk.write(desk.source / "grades.csv")
    report = desk.collect()
    assert sorted(report.new) == ["1187", "1188"]
    assert report.refused == [("grades.csv", "its name is none that this system gives")]


def test_a_download_that_holds_one_student_is_still_read_as_a_download(desk: Desk) -> None:
    path = desk.zipped(desk.source / "one.zip", {"Ana Doe_4711_assignsubmission_file_/basics.py": "a = 1\n"})
    assert list(desk.collect(path).new) == ["4711"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_student_cannot_pass_for_a_download_that_names_others(desk: Desk, packed: bool) -> None:
    name = "ana/roebo_1188_54322_basics.py"
    source = desk.zipped(desk.source / "all.zip", {name: "x"}) if packed else desk.write(desk.source / name).parents[1]
    with pytest.raises(SourceError, match="--kind folders if it is a student's"):
        desk.collect(source)
    assert list(desk.collect(source, kind="folders").new) == ["ana"]


def test_a_name_that_is_no_text_is_told_and_stops_nobody(desk: Desk) -> None:
    for name in (b"An\xff_4711_assignsubmission_file_", b"Bo_4712_assignsubmission_file_"):
        folder = os.path.join(os.fsencode(desk.source), name)
        os.mkdir(folder)
        desk.write(Path(os.fsdecode(folder)) / "basics.py")
    assert sorted(desk.collect().new) == ["4711", "4712"]
    assert desk.record("4711")["versions"][0]["label"] == "An\udcff (4711)"
