"""Bulk downloads whose file names name the student and the file."""

from __future__ import annotations

from ..desk import Desk


def test_a_file_of_no_student_is_refused_and_the_others_are_collected(desk: Desk) -> None:
    desk.write(desk.source / "doeana_1187_54321_basics.py")
    desk.write(desk.source / "roebo_1188_54322_basics.py")
    desk.write(desk.source / "grades.csv")
    report = desk.collect()
    assert sorted(report.new) == ["1187", "1188"]
    assert report.refused == [("grades.csv", "this system does not give such names")]
