"""Reader of Moodle's "Download all submissions"."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from blindgrade.collect.downloads import by_student, strangers
from blindgrade.collect.source_item import Asked, Listing, SourceItem
from blindgrade.roster.names import normal
from blindgrade.roster.people import Identifier
from blindgrade.systems.moodle.times import Worksheet, read_worksheet

# "Ana Doe_4711_assignsubmission_file_/score.py", or without folders "Ana Doe_4711_assignsubmission_file_score.py".
# If students submit in groups, each member has a folder with the group's files: "Group A-Ana Doe_4711_…".
MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<what>file|onlinetext)(?:_(?P<file>.*))?")


def moodle(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Submissions in Moodle's "Download all submissions"; None for any other folder.

    The download may have a folder for each student or not.
    """
    found = by_student(MOODLE, entries, "number")
    if not found:
        return None
    sheet = read_worksheet(asked.worksheet, asked.columns, asked.zone) if asked.worksheet else None
    listing = Listing("moodle", refused=strangers(MOODLE, entries))
    for number, files in found.items():
        name = files[0][0]["name"]
        who = (Identifier("moodle", number), Identifier("name", name))
        given = tuple((match["file"] or "", path) for match, path in files)
        item = SourceItem(f"{name} ({number})", who, number, given, teams=_teams(name))
        listing.items.append(_timed(item, number, sheet) if sheet else item)
    return listing


def _timed(item: SourceItem, number: str, sheet: Worksheet) -> SourceItem:
    """The submission with the time of the worksheet, and with the group if the worksheet's name shows one."""
    readings = [("", item.who[1].value), *item.teams]
    line = next((found for _, name in readings if (found := sheet.line(number, name))), None)
    teams = tuple((group, name) for group, name in item.teams if line and normal(line.name) == normal(name))
    item = item.at("moodle", partial(sheet.time, line))
    if not teams:
        return item
    [(group, name), *_] = teams
    who = (item.who[0], Identifier("name", name))
    return SourceItem(
        f"{name} ({number})", who, item.own, item.entries, submitted_at=item.submitted_at, clock=item.clock,
        group=group, unclear=item.unclear,
    )  # fmt: skip


def _teams(name: str) -> tuple[tuple[str, str], ...]:
    """Readings of a name as "GROUP-NAME". Group and name may have hyphens, so each hyphen gives one."""
    cuts = [match.start() for match in re.finditer("-", name)]
    return tuple((name[:cut].strip(), name[cut + 1 :].strip()) for cut in cuts if name[:cut] and name[cut + 1 :])
