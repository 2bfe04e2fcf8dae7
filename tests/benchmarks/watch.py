"""From a save to the verdict on the screen of `grade --watch`, for each exercise without training (`make bench`).

Every exercise of lesson 7.2 is made wrong and right again in turn, as an editor would, in a copy of the course; the
clock runs from the rename until the terminal has received the exercise's new verdict.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blindgrade.catalog import Catalog, Target
from blindgrade.models import Kind

ROOT = Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x1b]*\x1b\\")


class Screen:
    """A command on a terminal, read as text."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.master, slave = pty.openpty()
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env)
        os.close(slave)
        self.text = ""

    def wait_for(self, wanted: re.Pattern[str]) -> None:
        """Read until the pattern is there; what stands before it is forgotten."""
        while not (found := wanted.search(self.text)):
            ready, _, _ = select.select([self.master], [], [], 120)
            if not ready:
                sys.exit(f"waited in vain for {wanted.pattern!r}:\n{self.text[-2000:]}")
            self.text = ESCAPES.sub("", self.text + os.read(self.master, 1 << 16).decode("utf-8", "replace"))
        self.text = self.text[found.end() :]


def edits(target: Target) -> list[tuple[str, str]]:
    """Each exercise's name, with the solution in which its definition returns nothing."""
    text = target.files.solution.read_text(encoding="utf-8")
    made = []
    for exercise in target.lesson.exercises:
        if exercise.kind is not Kind.TRAINING:
            nothing = f"\n\n# %%\ndef {exercise.defines}(*args, **kwargs):\n    return None\n"
            made.append((exercise.name, text + nothing))
    return made


def replace(file: Path, text: str) -> float:
    """Save as editors do; the time of the save."""
    beside = file.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    begun = time.perf_counter()
    beside.replace(file)
    return begun


def measure(target: Target, course: Path) -> list[float]:
    """Seconds of every verdict of one lesson."""
    names = [f"{target.files.entry.id}/{name}" for name, _ in edits(target)]
    file = course / "exercises" / target.files.folder / f"{target.files.module}.py"
    right = target.files.solution.read_text(encoding="utf-8")
    file.write_text(right, encoding="utf-8")
    screen = Screen([str(Path(sys.executable).with_name("grade")), *names, "--watch"], course)
    screen.wait_for(re.compile(r"graded at"))
    times = []
    for name, wrong in edits(target):
        took = []
        for text, word in ((wrong, "failed"), (right, "passed")) * 2:
            begun = replace(file, text)
            screen.wait_for(re.compile(rf"graded at [^\n]*, in [^\f]*?{name} +{word}"))
            took.append(time.perf_counter() - begun)
        print(f"  {target.files.entry.id}/{name:24} " + "  ".join(f"{one * 1000:4.0f} ms" for one in took), flush=True)
        times += took
    os.write(screen.master, b"q")
    screen.process.wait()
    return times


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        course = Path(folder)
        shutil.copy(ROOT / "course.toml", course)
        for tree in ("exercises", "solutions", "graders"):
            shutil.copytree(ROOT / tree, course / tree, ignore=shutil.ignore_patterns("__pycache__"))
        times = [one for target in Catalog(ROOT).find(["lesson-7.2"]) for one in measure(target, course)]
    times.sort()
    print(
        f"from the save to the verdict on the screen: median {statistics.median(times) * 1000:.0f} ms, "
        f"95 % within {times[int(0.95 * len(times))] * 1000:.0f} ms, most {times[-1] * 1000:.0f} ms (at most 300 ms)"
    )
