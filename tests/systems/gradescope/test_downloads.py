"""Files in the shape of Gradescope's own export."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from blindgrade.collect.source_item import SourceError

from ...desk import Desk

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


def export(desk: Desk, time: str) -> None:
    desk.write(
        desk.source / "submission_metadata.yml",
        f"submission_1:\n  :submitters:\n  - :name: Ana\n    :sid: S1\n{time}",
    )
    desk.write(desk.source / "submission_1" / "basics.py")


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("  :created_at: 2026-11-03 08:00:00.000000000 -08:00\n", "2026-11-03T16:00:00Z"),
        ("  :created_at: 2026-11-03 08:00:00 -0800\n", "2026-11-03T16:00:00Z"),
        ("  :created_at: '2026-11-03T08:00:00Z'\n", "2026-11-03T08:00:00Z"),
        ("  :created_at: 2026-11-03 08:00:00\n", "2026-11-03T07:00:00Z"),
    ],
)
def test_a_time_is_read_with_its_zone_and_without_one_in_the_zone_that_is_named(desk: Desk, time: str, at: str) -> None:
    export(desk, time)
    assert desk.collect(zone=ZoneInfo("Europe/Berlin")).complete
    assert desk.record("S1")["submitted_at"] == at and desk.record("S1")["versions"][0]["clock"] == "gradescope"


@pytest.mark.parametrize(
    ("time", "says"),
    [
        ("  :created_at: 2026-11-03 08:00:00\n", "its time has no time zone"),
        ("  :created_at: 2026-11-03\n", "has no time for it; export it again"),
        ("  :created_at: soon\n", "is not written like"),
        ("", "has no time for it; export it again"),
    ],
)
def test_a_time_that_is_not_certain_is_listed(desk: Desk, time: str, says: str) -> None:
    export(desk, time)
    report = desk.collect()
    [(label, reason)] = report.unclear
    assert label == "Ana" and says in reason and not report.complete and desk.record("S1")["submitted_at"] is None


def test_the_members_of_a_submission_are_a_group(desk: Desk) -> None:
    desk.write(desk.source / "submission_metadata.yml", METADATA)
    for number in (1001, 1002):
        desk.write(desk.source / f"submission_{number}" / "basics.py")
    assert desk.collect().groups == {"submission_1002": ["S002", "cy@uni.edu"]}
    assert desk.record("S002")["group"] == "submission_1002" and desk.record("S001")["group"] == ""
