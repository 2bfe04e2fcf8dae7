"""Groups that hand in together: a table with a line for each member, such as `groups.csv`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.collect.source_item import SourceError, SourceItem
from blindgrade.roster.errors import RosterError
from blindgrade.roster.matching import Match, Roster
from blindgrade.roster.names import composed, is_id, normal
from blindgrade.roster.people import Identifier
from blindgrade.roster.table import read_table
from blindgrade.roster.titles import SPACES, columns_of, title

# Titles of the column with the group's name: ours, then those of Canvas, Moodle and others.
GROUP = (
    "group", "group name", "groupname", "groups", "team", "team name", "gruppe", "gruppen", "gruppenname", "groupe",
    "groupes", "grupo", "grupos", "gruppo", "gruppi", "groep",
)  # fmt: skip
STUDENT = ("student", "students", "member", "members", "person", "mitglied", "membre", "miembro")
NO_ID = "its name cannot be a student's id; name a roster that lists this student (--roster)"
OWN = ("any", "id", "login", "sid", "email", "canvas", "moodle", "github")


@dataclass(frozen=True)
class Member:
    """One member in the table: how the table names the person, the identifiers, and the line."""

    label: str
    who: tuple[Identifier, ...]
    line: int

    def found(self, roster: Roster | None) -> Match:
        """Id of the student, or None and the reason."""
        if roster is not None:
            return roster.find(self.who)
        own = next((one.value for space in OWN for one in self.who if one.space == space), "")
        return Match(composed(own), "") if is_id(composed(own)) else Match(None, NO_ID)


@dataclass
class Groups:
    """Groups with their members, and the group of each student whom the roster has."""

    members: dict[str, list[Member]] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)

    def named(self, item: SourceItem) -> str:
        """Group with the name of this submission; "" if there is none."""
        names = [one.value for one in item.who if one.space in ("any", "name", "login")]
        for form in (normal, _bare):  # Canvas writes "Team 1" as "team1"
            found = [group for group in self.members if form(group) in map(form, names)]
            if len(found) == 1:
                return found[0]
        return ""


def read_groups(path: Path, roster: Roster | None) -> Groups:
    """Groups in a file. SourceError names the lines that cannot be right."""
    try:
        table = read_table(path, "--groups")
    except RosterError as error:
        raise SourceError(str(error)) from None
    titles = [title(one) for one in table.titles]
    at = next((titles.index(name) for name in GROUP if name in titles), None)
    if at is None:
        raise SourceError(f"{path} has no column `group`; write a first line such as group,student")
    kinds = columns_of(table.titles, [row for _, row in table.rows]).spaces
    spaces = ["any" if name in STUDENT else SPACES.get(name, kind) for name, kind in zip(titles, kinds, strict=True)]
    spaces = ["" if name in GROUP else space for name, space in zip(titles, spaces, strict=True)]
    if not {*OWN, "name"} & set(spaces):
        raise SourceError(f"{path} has no column `student`; write a first line such as group,student")
    groups = Groups()
    lines: dict[str, int] = {}
    for line, row in table.rows:
        cells = dict(zip(spaces, row, strict=False))
        group = row[at] if at < len(row) else ""
        who = tuple(Identifier(space, value) for space, value in cells.items() if space and value)
        if not group or not who:
            continue  # Canvas lists students without a group, too
        member = Member(cells.get("name") or who[0].value, who, line)
        student = member.found(roster).student
        if student is not None and student in lines:
            raise SourceError(
                f"{path}: lines {lines[student]} and {line} have the student {student}; give each student one group"
            )
        if student is not None:
            lines[student], groups.of[student] = line, group
        groups.members.setdefault(group, []).append(member)
    if not groups.members:
        raise SourceError(f"{path} names no group; write a line for each student, with the group")
    return groups


def _bare(name: str) -> str:
    return "".join(c for c in normal(name) if c.isalnum())
