"""Bulk downloads whose file names say who handed in what."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

Found = dict[str, list[tuple[re.Match[str], Path]]]


def by_student(pattern: re.Pattern[str], entries: Iterable[Path], key: str) -> Found:
    """Entries whose names the pattern matches, grouped by its group `key`."""
    found: Found = defaultdict(list)
    for path in entries:
        if match := pattern.fullmatch(path.name):
            found[match[key]].append((match, path))
    return found


def strangers(pattern: re.Pattern[str], entries: Iterable[Path]) -> list[tuple[str, str]]:
    """Entries whose names the pattern does not match, each with the reason."""
    return [
        (path.name, "its name is none that this system gives") for path in entries if not pattern.fullmatch(path.name)
    ]
