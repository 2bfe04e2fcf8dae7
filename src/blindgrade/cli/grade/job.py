"""A valid request to `grade`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blindgrade.catalog import Catalog, Target


@dataclass(frozen=True)
class Job:
    """Lessons to grade. `ids` are the user's words, `wanted` the kinds of output, `options` those of the grading."""

    catalog: Catalog
    ids: tuple[str, ...]
    targets: list[Target]
    submission: Path
    wanted: dict[str, Any]
    options: dict[str, Any]

    @property
    def drawn(self) -> bool:
        """Will the command write a page?"""
        return self.wanted["report"] is not None or bool(self.wanted["open_it"])

    @property
    def quiet(self) -> bool:
        """Is standard output for a program?"""
        return bool(self.wanted["as_json"] or self.wanted["problems"])

    @property
    def planned(self) -> list[str]:
        """Lessons that the ids cover but that do not exist yet."""
        prefixes = [f"{i}." for i in self.ids]
        return [
            f"{e.id} {e.title}"
            for e in self.catalog.entries
            if e.status == "planned" and ("all" in self.ids or any(f"{e.id}.".startswith(p) for p in prefixes))
        ]
