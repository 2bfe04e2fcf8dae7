"""How long and how large the report of one lesson is, if everything is wrong: `make bench`.

The submission answers each exercise by its first misconception, so every picture has two sides. Processor time of this
process, because the report is written on one core; the first page also imports matplotlib.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.reference import check_seed, observe
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.engine.judging.judging import judge_by
from blindgrade.engine.judging.scoring import score
from blindgrade.models import Attempt, Grading, Kind, SubmissionRef
from blindgrade.render.html.report import report
from blindgrade.verify.workshop import Workshop

ROOT = Path(__file__).parents[2]
REPEATS = 5
MOST_SECONDS, MOST_BYTES = 0.7, 600_000


def all_wrong(shop: Workshop) -> tuple[Attempt, CollectedFigures]:
    """An attempt in which each exercise but the trained ones is one of its misconceptions."""
    figures, results = CollectedFigures(), []
    for exercise in shop.lesson.exercises:
        if exercise.kind is Kind.TRAINING:
            continue
        module = shop.solution.variant(shop.reference.misconceptions(exercise.name)[0])
        checks = []
        for check in shop.checks.of(exercise.name):
            seed = check_seed(5, shop.lesson.id, check)
            reply = observe(shop.checks, check, module, seed)
            result = judge_by(shop.reference, check, reply, seed)
            figures.add(shop.lesson.id, check, reply, result.outcome, shop.reference, seed)
            checks.append(result)
        results.append(score(exercise, checks))
    attempt = Attempt(
        lesson=shop.lesson.id, title=shop.lesson.title, points=sum(r.points for r in results),
        max_points=sum(r.max_points for r in results), submission=SubmissionRef(path="", sha256=""),
        graded_at="2026-01-01T00:00:00Z", seed=5, reference="live", sandbox="none", seconds=0, exercises=results,
    )  # fmt: skip
    return attempt, figures


def main() -> int:
    """Print a line for each lesson; 1 if one is beyond the figures."""
    beyond = False
    for files in Catalog(ROOT).ready():
        shop = Workshop(ROOT, files.entry.id)
        attempt, figures = all_wrong(shop)
        times, page = [], ""
        for _ in range(REPEATS):
            begun = time.process_time()
            page = report(Grading.of([attempt]), shop.course, {shop.lesson.id: shop.lesson}, figures=figures.found)
            times.append(time.process_time() - begun)
        seconds, size = statistics.median(times[1:]), len(page.encode())
        beyond = beyond or seconds > MOST_SECONDS or size > MOST_BYTES
        print(
            f"{shop.lesson.id}: {seconds:.2f} s (first {times[0]:.2f} s), {size / 1000:.0f} kB, "
            f"{len(figures.found)} pictures"
        )
    return int(beyond)


if __name__ == "__main__":
    sys.exit(main())
