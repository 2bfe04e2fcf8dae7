"""A group hands in once, and each member has the submission."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.collect.groups import read_groups
from blindgrade.collect.source_item import SourceError

from ..desk import Desk

LESSON = "lesson_1_1_1_basics"


def table(desk: Desk, text: str) -> Path:
    path = desk.source.parent / "groups.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_with_the_groups_name_is_each_members_submission(desk: Desk) -> None:
    desk.write(desk.source / "Team 1" / "basics.py", "ours = 1\n")
    desk.write(desk.source / "cy" / "basics.py", "mine = 1\n")
    report = desk.collect(groups=table(desk, "group,student\nTeam 1,ana\nTeam 1,bo\n"))
    assert report.complete and report.groups == {"Team 1": ["ana", "bo"]}
    assert desk.current("ana") == desk.current("bo") == {"basics.py": "ours = 1\n"}
    assert desk.record("ana")["group"] == desk.record("bo")["versions"][0]["group"] == "Team 1"
    assert desk.record("ana")["lessons"][LESSON]["group"] == "Team 1" and desk.record("cy")["group"] == ""
    assert desk.collect(groups=table(desk, "group,student\nTeam 1,ana\nTeam 1,bo\n")).new == {}


def test_what_one_member_hands_in_counts_for_each_member(desk: Desk) -> None:
    """Canvas writes the name of one member, or the group's name in small letters without spaces."""
    desk.write(desk.source / "doeana_1187_54321_basics.py", "ours = 1\n")
    desk.write(desk.source / "team2_LATE_1189_54322_basics.py", "theirs = 1\n")
    path = table(desk, "Group Name,SIS Login ID\nTeam 1,ana\nTeam 1,bo\nTeam 2,cy\n,zoe\n")
    people = desk.roster(("ana", "Ana Doe"), ("bo", "Bo Roe"), ("cy", "Cy Poe"))
    report = desk.collect(roster=people, groups=path)
    assert report.complete and sorted(report.new) == ["ana", "bo", "cy"]
    assert desk.current("bo") == {"basics.py": "ours = 1\n"} and desk.record("bo")["late"] is False
    assert desk.current("cy") == {"basics.py": "theirs = 1\n"} and desk.record("cy")["late"] is True


def test_the_same_files_of_two_members_are_one_submission_and_other_files_are_refused(desk: Desk) -> None:
    path = table(desk, "team;member\nTeam 1;ana\nTeam 1;bo\n")
    for student in ("ana", "bo"):
        desk.write(desk.source / student / "basics.py", "ours = 1\n")
    report = desk.collect(groups=path)
    assert report.complete and len(desk.record("ana")["versions"]) == len(desk.record("bo")["versions"]) == 1
    desk.write(desk.source / "bo" / "basics.py", "other = 1\n")
    report = desk.collect(groups=path)
    reason = "ana and bo are submissions of one group, Team 1; keep the right one in the source"
    assert sorted(report.refused) == [("ana", reason), ("bo", reason)], "once, though both members have it"


def test_a_member_whom_the_roster_lacks_is_set_aside_and_found_when_the_roster_has_the_student(desk: Desk) -> None:
    desk.write(desk.source / "Team 1" / "basics.py", "ours = 1\n")
    path = table(desk, "group,student\nTeam 1,ana\nTeam 1,zoe\nTeam 1,yan\n")
    report = desk.collect(roster=desk.roster(("ana", "Ana Doe")), groups=path, kind="folders")
    assert list(report.new) == ["ana"] and not report.complete
    assert [(label, why) for label, why, _ in report.set_aside] == [
        ("zoe (in Team 1)", "it is not in the roster; add it there"),
        ("yan (in Team 1)", "it is not in the roster; add it there"),
    ]
    kept = [desk.to / where for _, _, where in report.set_aside]
    assert [(one / "basics.py").read_text() for one in kept] == ["ours = 1\n"] * 2
    report = desk.collect(roster=desk.roster(("ana", "Ana"), ("zoe", "Zoe")), groups=path, kind="folders")
    assert list(report.new) == ["zoe"] and desk.record("zoe")["group"] == "Team 1"
    assert [one.exists() for one in kept] == [False, True]


def test_the_known_member_may_be_listed_after_the_unknown_ones(desk: Desk) -> None:
    desk.write(desk.source / "Team 1" / "basics.py", "ours = 1\n")
    path = table(desk, "group,student\nTeam 1,zoe\nTeam 1,yan\nTeam 1,ana\n")
    report = desk.collect(roster=desk.roster(("ana", "Ana Doe")), groups=path, kind="folders")
    assert list(report.new) == ["ana"] and (desk.to / "ana" / "basics.py").read_text() == "ours = 1\n"
    kept = [desk.to / where for _, _, where in report.set_aside]
    assert [(one / "basics.py").read_text() for one in kept] == ["ours = 1\n"] * 2


def test_a_group_that_is_named_later_is_written_into_the_stored_version(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py")
    desk.collect()
    report = desk.collect(groups=table(desk, "group,student\nTeam 1,ana\nTeam 1,bo\n"))
    assert ("ana", "its group is Team 1 now") in report.notes and list(report.new) == ["bo"]
    assert desk.record("ana")["group"] == "Team 1" and len(desk.record("ana")["versions"]) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("group,student\nA,ana\nB,bo\nB,ana\n", "lines 2 and 4 have the student ana; give each student one group"),
        ("group,student\nA,ana\nA,ana\n", "lines 2 and 3 have the student ana"),
        ("student\nana\n", "has no column `group`; write a first line such as group,student"),
        ("group,shoes\nA,38\n", "has no column `student`"),
        ("group,student\n", "names no group; write a line for each student"),
        ("group,student\nA,jo\0\n", "NUL character"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_with_its_lines(desk: Desk, text: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        read_groups(table(desk, text), None)


def test_a_student_of_two_lines_under_two_names_is_one_student(desk: Desk) -> None:
    people = desk.roster(("ana", "Ana Doe"))
    with pytest.raises(SourceError, match="lines 2 and 3 have the student ana"):
        read_groups(table(desk, "gruppe;student\nA;ana\nB;Doe, Ana\n"), people)
