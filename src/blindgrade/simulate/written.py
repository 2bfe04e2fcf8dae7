"""A simulated cohort on disk: its submissions, and the truth about them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from blindgrade import clock
from blindgrade.files import write_whole
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.simulation import SimulatedCohort
from blindgrade.submitted import COLLECTED, CollectedIndex, CollectedStudent

TRUTH = ".simulated.json"


def write_submissions(pieces: list[Pieces], cohort: SimulatedCohort, folder: Path) -> int:
    """Write every student's last version as `FOLDER/<student>/<lesson's folder>/<lesson>.py`; return their number.

    Two more files go into the folder: `.collected.json` (submission times by student) and `.simulated.json` (abilities,
    choices, copies).
    """
    count = 0
    index = CollectedIndex()
    for student in cohort.students:
        for piece in pieces:
            versions = student.versions.get(piece.lesson.id)
            if not versions:
                continue
            place = folder / student.id / piece.files.folder
            place.mkdir(parents=True, exist_ok=True)
            text = piece.text(versions[-1].choices, restyled=student.copied_from is not None)
            (place / f"{piece.files.module}.py").write_text(text, encoding="utf-8")
            count += 1
        handed_in = [versions[-1].submitted_at for versions in student.versions.values()]
        if handed_in:
            index.students[student.id] = CollectedStudent(submitted_at=clock.utc(max(handed_in), "auto"))
    write_whole(folder / COLLECTED, index.to_json())
    write_whole(folder / TRUTH, json.dumps(truth(cohort), indent=1) + "\n")
    return count


def truth(cohort: SimulatedCohort) -> dict[str, object]:
    """Truth about the cohort, to compare a report with it."""
    return {
        "schema": "blindgrade/simulated/v1",
        "seed": cohort.seed,
        "items": {name: asdict(item) for name, item in cohort.items.items()},
        "students": [
            {
                "student": s.id,
                "ability": s.ability,
                "copied_from": s.copied_from,
                "lessons": {
                    lesson: {e: {"kind": c.kind, "name": c.name} for e, c in versions[-1].choices.items()}
                    for lesson, versions in s.versions.items()
                },
            }
            for s in cohort.students
        ],
    }
