"""Sample of a cohort's page: invented students with a fixed seed. Their results are assumed and not graded."""

from __future__ import annotations

import tempfile
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.cohort_report.report import report
from blindgrade.marks.marks import Marks
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.rehearsed import write_attempts
from blindgrade.simulate.simulation import simulate
from blindgrade.simulate.written import write_submissions

MODULE = "lesson-7.2"
SEED = 0
STUDENTS = 80


def cohort_page(catalog: Catalog) -> str:
    """HTML of the page, with submissions compared. It does not depend on the clock: simulated times are fixed."""
    targets = catalog.find([MODULE])
    pieces = [Pieces(catalog, target.files.entry.id) for target in targets]
    cohort = simulate([piece.known for piece in pieces], STUDENTS, SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_submissions(pieces, cohort, folder / "submitted")
        write_attempts(pieces, cohort, folder / "attempts", assumed=True)
        _, written = report(
            Marks(catalog, folder / "attempts"), targets, folder / "submitted", folder / "cohort.html", MODULE
        )
        return written[0].read_text(encoding="utf-8")
