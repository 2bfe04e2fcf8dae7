"""A folder with a folder or an archive for each student."""

from __future__ import annotations

import re
from pathlib import Path

from blindgrade.collect.source_item import Listing, SourceItem
from blindgrade.engine.submission.archives import is_archive
from blindgrade.roster.people import Identifier


def plain(root: Path, entries: list[Path]) -> Listing | None:
    """A folder or an archive for each student, named by the student."""
    listing = Listing("folders")
    for path in entries:
        name = path.name
        if path.is_symlink():
            listing.refused.append((name, "it is a symbolic link; put the folder itself in its place"))
        elif path.is_dir():
            listing.items.append(SourceItem(name, (Identifier("any", name),), name, (("", path),)))
        elif is_archive(path):
            student = re.sub(r"\.(zip|tgz|tar(\.\w+)?)$", "", name, flags=re.IGNORECASE)
            listing.items.append(SourceItem(student, (Identifier("any", student),), student, ((name, path),)))
        else:
            listing.refused.append((name, "it is neither a student's folder nor an archive"))
    return listing
