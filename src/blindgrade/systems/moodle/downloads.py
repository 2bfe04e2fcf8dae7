"""Reader of Moodle's "Download all submissions"."""

from __future__ import annotations

import re
from pathlib import Path

from blindgrade.collect.downloads import by_student, strangers
from blindgrade.collect.source_item import Listing, SourceItem
from blindgrade.roster.people import Identifier

# "Ana Doe_4711_assignsubmission_file_/score.py", or without folders "Ana Doe_4711_assignsubmission_file_score.py".
MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<what>file|onlinetext)(?:_(?P<file>.*))?")


def moodle(root: Path, entries: list[Path]) -> Listing | None:
    """Submissions in Moodle's "Download all submissions"; None for any other folder.

    The download may have a folder for each student or not.
    """
    found = by_student(MOODLE, entries, "number")
    if not found:
        return None
    listing = Listing("moodle", refused=strangers(MOODLE, entries))
    for number, files in found.items():
        name = files[0][0]["name"]
        who = (Identifier("moodle", number), Identifier("name", name))
        listing.items.append(
            SourceItem(f"{name} ({number})", who, number, tuple((m["file"] or "", p) for m, p in files))
        )
    return listing
