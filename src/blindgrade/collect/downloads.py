"""Bulk downloads whose file names name the student and the file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

Found = dict[str, list[tuple[re.Match[str], Path]]]


def by_student(pattern: re.Pattern[str], entries: Iterable[Path], key: str) -> Found:
    """Entries whose names match the pattern, by the value of its group `key`."""
    found: Found = defaultdict(list)
    for path in entries:
        if match := pattern.fullmatch(path.name):
            found[match[key]].append((match, path))
    return found


def strangers(pattern: re.Pattern[str], entries: Iterable[Path]) -> list[tuple[str, str]]:
    """Entries whose names do not match the pattern, each with the reason."""
    return [(path.name, "this system does not give such names") for path in entries if not pattern.fullmatch(path.name)]
