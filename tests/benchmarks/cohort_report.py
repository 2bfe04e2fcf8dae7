"""How long the report on a cohort of 200 takes, over all lessons: `make bench`.

Processor time is printed beside wall time: it is what a machine with other work to do still shows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.cohort_report.report import report
from blindgrade.marks.marks import Marks
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.rehearsed import write_attempts
from blindgrade.simulate.simulation import simulate
from blindgrade.simulate.written import write_submissions

ROOT = Path(__file__).parents[2]
STUDENTS = 200
LIMIT = 20.0


def main() -> int:
    """Print the figures; 1 if the report without submissions takes longer than it may."""
    catalog = Catalog(ROOT)
    targets = catalog.find(["all"])
    pieces = [Pieces(catalog, target.files.entry.id) for target in targets]
    cohort = simulate([p.known for p in pieces], STUDENTS, seed=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_submissions(pieces, cohort, folder / "submitted")
        attempts = write_attempts(pieces, cohort, folder / "attempts", assumed=True)
        print(f"{STUDENTS} students, {len(targets)} lessons, {attempts} attempts, {files} submitted files")
        seconds = []
        for what, submitted in (("report", None), ("report with structures compared", folder / "submitted")):
            wall, processor = time.perf_counter(), time.process_time()
            report(Marks(catalog, folder / "attempts"), targets, submitted, folder / "out" / "cohort.html", "all")
            seconds.append(time.process_time() - processor)
            print(f"{what}: {time.perf_counter() - wall:.1f} s, of these {seconds[-1]:.1f} s of processor time")
    return int(seconds[0] > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
