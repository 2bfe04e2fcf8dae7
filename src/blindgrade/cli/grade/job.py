"""A valid request to `grade`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from blindgrade.catalog import Catalog, Target
from blindgrade.cli.exits import BAD_REQUEST, stop


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


def need_solutions(targets: list[Target], reference: str) -> None:
    """End the command if there are no small changes of the solutions to compare with."""
    missing = [t.files.entry.id for t in targets if not t.files.solution.is_file()]
    if missing or reference == "key":
        where = f"this course does not have that of {missing[0]}" if missing else "--reference key uses none"
        stop(f"--explain compares with small changes of the solution, and {where}; leave out --explain", BAD_REQUEST)
    if find_spec("libcst") is None:
        stop("libcst is not installed; run pip install 'blindgrade[discover]', or leave out --explain", BAD_REQUEST)
