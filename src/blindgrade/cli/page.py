"""`grade --report`: the page of a grading, written to a file and opened if asked for."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.judging.collected_figures import Exhibits
from blindgrade.models import Attempt, ExerciseResult, Grading


def default_path(catalog: Catalog, ids: Sequence[str]) -> Path:
    """build/reports/lesson-7.2.1.html in the course's folder, named by what was asked for."""
    name = "_".join(name.replace("/", "-") for name in ids)
    return catalog.root / "build" / "reports" / f"{name[:100]}.html"


def write_report(
    path: Path,
    catalog: Catalog,
    targets: Sequence[Target],
    grading: Grading,
    *,
    past: Sequence[Attempt] = (),
    known: Mapping[str, Sequence[ExerciseResult]] | None = None,
    exhibits: Exhibits | None = None,
) -> None:
    """Write the page. OSError if the file cannot be written."""
    from blindgrade.render.html.report import report

    lessons = {target.files.entry.id: target.lesson for target in targets}
    found = exhibits.found if exhibits is not None else []
    page = report(grading, catalog.course, lessons, past=past, known=known, exhibits=found)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(page, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def open_report(path: Path) -> bool:
    """Show the page in a browser; False if there is none."""
    return webbrowser.open(path.resolve().as_uri())
