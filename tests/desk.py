"""An instructor's desk, where submissions are collected."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.collect.collect import Options, Report, collect
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.systems.sources import SOURCES

MINI = Path(__file__).parent / "courses" / "mini"


class Desk:
    """An instructor's desk: a source and the folder to collect to."""

    def __init__(self, top: Path) -> None:
        self.source = top / "source"
        self.to = top / "submitted"
        self.source.mkdir()

    @staticmethod
    def write(path: Path, text: str = "x = 1\n") -> Path:
        """A file with the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @staticmethod
    def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
        """A zip archive of these files."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path

    @staticmethod
    def roster(*people: tuple[str, str]) -> Roster:
        """A roster of ids and names."""
        return Roster.of(Person(student, (Identifier("name", name),)) for student, name in people)

    def collect(
        self, source: Path | None = None, roster: Roster | None = None, kind: str = "auto", **more: Any
    ) -> Report:
        """A collection. `more` are other fields of Options."""
        options = Options(roster, kind, **more)
        return collect(Catalog(MINI), source or self.source, self.to, SOURCES, options)

    def record(self, student: str) -> Any:
        return json.loads((self.to / student / ".collected.json").read_text())

    def current(self, student: str) -> dict[str, str]:
        home = self.to / student
        return {
            path.relative_to(home).as_posix(): path.read_text()
            for path in sorted(home.rglob("*"))
            if path.is_file() and not path.relative_to(home).parts[0].startswith(".")
        }

    def versions(self, student: str) -> list[dict[str, bytes]]:
        home = self.to / student / ".versions"
        return [
            {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
            for folder in sorted(home.iterdir())
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
