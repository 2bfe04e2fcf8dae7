"""Source: a folder that holds a folder or an archive for each student."""

from __future__ import annotations

import re
from pathlib import Path

from blindgrade.collect.source_item import Asked, Listing, SourceItem
from blindgrade.engine.submission.archives import is_archive
from blindgrade.roster.people import Identifier


def plain(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Listing of a folder or archive for each student. Its name is the student's."""
    listing = Listing("folders")
    for path in entries:
        name = path.name
        if path.is_symlink():
            listing.refused.append((name, "it is a symbolic link; replace it with the folder itself"))
        elif path.is_dir():
            listing.items.append(SourceItem(name, (Identifier("any", name),), name, (("", path),)))
        elif is_archive(path):
            student = re.sub(r"\.(zip|tgz|tar(\.\w+)?)$", "", name, flags=re.IGNORECASE)
            listing.items.append(SourceItem(student, (Identifier("any", student),), student, ((name, path),)))
        else:
            listing.refused.append((name, "it is neither a student's folder nor an archive"))
    return listing
