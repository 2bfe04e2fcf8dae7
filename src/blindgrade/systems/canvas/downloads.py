"""Reader of Canvas's "Download submissions"."""

from __future__ import annotations

import re
from pathlib import Path

from blindgrade.collect.downloads import by_student, strangers
from blindgrade.collect.source_item import Asked, Listing, SourceItem
from blindgrade.roster.people import Identifier

# "doeana_LATE_1187_54321_score.py"; an anonymous assignment has "anon_LATE_x7Yq2_54321_score.py".
CANVAS = re.compile(
    r"(?P<name>[^_].*?)_(?:(?P<late>LATE)_)?(?P<user>\d+|(?<=anon_)[A-Za-z0-9]{5}|(?<=anon_LATE_)[A-Za-z0-9]{5})"
    r"_(?P<submission>\d+)_(?P<file>.+)"
)


# Canvas writes LATE only if the assignment has a due date there.
NONE_LATE = (
    "no file is marked LATE: nobody was late in Canvas, or the assignment has no due date there; check it in Canvas if"
    " lateness matters"
)


def canvas(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Submissions in Canvas's "Download submissions", which has no subfolders; None for any other folder."""
    files = [path for path in entries if path.is_file() and not path.is_symlink()]
    found = by_student(CANVAS, files, "user")
    if not found or 2 * sum(len(group) for group in found.values()) <= len(files):
        return None
    listing = Listing("canvas", refused=strangers(CANVAS, entries))
    listing.refused += [(p.name, "it is no file") for p in entries if p not in files and CANVAS.fullmatch(p.name)]
    for user, group in found.items():
        name = group[0][0]["name"]
        who = (Identifier("canvas", user), Identifier("name", name))
        submitted = tuple((match["file"], path) for match, path in group)
        late = any(match["late"] for match, _ in group)
        listing.items.append(SourceItem(f"{name} ({user})", who, user, submitted, late=late))
    if not any(item.late for item in listing.items):
        listing.remarks.append(NONE_LATE)
    return listing
