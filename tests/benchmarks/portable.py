"""The portable tier against `import torch`: first verdict of `grade`, and from a save to the verdict while watching.

`make bench` runs it. All figures are ratios to an import in the same minute, because other programs use the machine,
too. The tier is the one of `--sandbox process`; on Windows and macOS it is the default.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
GRADE = Path(sys.executable).with_name("grade")
RUNS, EDITS = 7, 20
PAUSE = 2.0  # imports of torch between a verdict and the next save: a student reads the verdict and edits
FIRST, WATCH = 2.5, 0.6  # the first verdict in imports of torch, and a verdict while watching in seconds, at most
LESSON = "lesson-7.2.1"
EXERCISE = f"{LESSON}/score_from_noise"


def seconds(*command: str | Path, cwd: Path = ROOT) -> float:
    """Time of a command on the clock."""
    begun = time.perf_counter()
    subprocess.run(list(command), cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begun


def first_verdicts(course: Path) -> tuple[float, float, float]:
    """Medians, in turn: the import of torch, `grade` in this tier, and `grade` in the strongest tier."""
    grade = [GRADE, EXERCISE, "--submission", "solutions"]
    found = []
    for _ in range(RUNS):
        imported = seconds(sys.executable, "-c", "import torch")
        found.append((imported, seconds(*grade, "--sandbox", "process", cwd=course), seconds(*grade, cwd=course)))
    return tuple(statistics.median(column) for column in zip(*found, strict=True))  # type: ignore[return-value]


def watched(course: Path, pause: float) -> list[float]:
    """Seconds from each save to its verdict, with so many seconds between a verdict and the next save."""
    file = course / "exercises" / "lesson_7_2_1_score_functions" / "score_functions.py"
    right = (course / "solutions" / "lesson_7_2_1_score_functions" / "score_functions.py").read_text(encoding="utf-8")
    wrong = right + "\n\n# %%\ndef score_from_noise(*args, **kwargs):\n    return None\n"
    file.write_text(right, encoding="utf-8")
    command = [GRADE, EXERCISE, "--watch", "--sandbox", "process"]
    with subprocess.Popen(
        command, cwd=course, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        next(line for line in lines if EXERCISE in line)
        times = []
        for number in range(EDITS):
            time.sleep(pause)
            beside = file.with_suffix(".new")
            beside.write_text(right if number % 2 else wrong, encoding="utf-8")
            begun = time.perf_counter()
            os.replace(beside, file)
            next(line for line in lines if EXERCISE in line)
            times.append(time.perf_counter() - begun)
        process.terminate()
    return sorted(times)


def main() -> None:
    """Measure in a copy of the course, and print."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        course = Path(folder)
        shutil.copy(ROOT / "course.toml", course)
        for tree in ("exercises", "solutions", "graders"):
            shutil.copytree(ROOT / tree, course / tree, ignore=shutil.ignore_patterns("__pycache__"))
        imported, portable, walled = first_verdicts(course)
        print(f"import torch: {imported:.2f} s (median of {RUNS})")
        print(f"first verdict, fresh process: {portable / imported:.2f} imports (at most {FIRST})")
        print(f"first verdict, strongest sandbox of this machine: {walled / imported:.2f} imports")
        for pause in (PAUSE * imported, 0.0):
            times = watched(course, pause)
            late = times[int(0.95 * len(times))]
            print(
                f"watching, saved {pause:.1f} s after the last verdict: median {statistics.median(times):.2f} s, 95 %"
                f" within {late:.2f} s = {late / imported:.2f} imports" + (f" (at most {WATCH} s)" if pause else "")
            )


if __name__ == "__main__":
    main()
