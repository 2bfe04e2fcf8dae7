"""`kill -9` of web or grader at 50 random moments under load: `python tests/benchmarks/service_kill.py [KILLS]`.

Exit code 1 if a submission that was acknowledged is lost or double.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.killing import kill_under_load, lost_or_double
from tests.served import served

STUDENTS = [f"student{number}" for number in range(8)]


def main(kills: int) -> int:
    """Exit code."""
    with tempfile.TemporaryDirectory() as top, served(Path(top), workers=2) as service:
        service.invite(*STUDENTS)
        begun = time.monotonic()
        load = kill_under_load(service, STUDENTS, kills, pause=1.0, seed=int(begun))
        wrong = lost_or_double(service, load, 120)
        seconds = time.monotonic() - begun
    print(f"{kills} kills, {len(load.receipts)} submissions acknowledged, {seconds:.0f} s")
    for sentence in wrong:
        print(sentence)
    print("0 lost, 0 double" if not wrong else f"{len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
