"""What the resident grader is held to, as ratios of one run: `python tests/benchmarks/resident.py` (`make bench`).

A copy of the released lesson 7.2.1 with right answers is graded as a student does. Before each second `grade`, the
exercise is edited, so that it is really run. Unchanged exercises have rows of their own.
"""

from __future__ import annotations

import ast
import json
import os
import pty
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.engine.submission.notebook import without_pictures
from blindgrade.models import Kind

ROOT = Path(__file__).parents[2]
GRADE = str(Path(sys.executable).with_name("grade"))
LESSON = "lesson-7.2.1"
REPEATS = int(os.environ.get("REPEATS", "7"))

# `%grade` without Jupyter: its own work, on the objects of a process that has imported torch.
KERNEL = """
import json, sys, time
import torch
torch.set_num_threads(1)  # as a student's notebook does
sys.path.insert(0, "..")
names = {{}}
exec(compile(sys.stdin.read(), "cells", "exec"), names)
seconds = []
for _ in range(3):
    begun = time.perf_counter()
    from blindgrade.notebook import grade
    grade("{exercise}", namespace=names)._repr_html_()
    seconds.append(time.perf_counter() - begun)
print(json.dumps(seconds))
"""


class Student:
    """A released course in a folder, with a runtime folder of its own."""

    def __init__(self, top: Path) -> None:
        (top / "run").mkdir(mode=0o700)
        self.course = top / "course"
        self.course.mkdir()
        shutil.copy(ROOT / "course.toml", self.course)
        shutil.copytree(ROOT / "exercises", self.course / "exercises")
        [target] = Catalog(ROOT).find([LESSON])
        self.file = self.course / "exercises" / target.files.folder / f"{target.files.module}.py"
        self.right = target.files.solution.read_text(encoding="utf-8")
        self.file.write_text(self.right, encoding="utf-8")
        self.exercises = [e for e in target.lesson.exercises if e.kind is not Kind.TRAINING]
        kept = {k: v for k, v in os.environ.items() if k not in ("CI", "BLINDGRADE_RESIDENT", "BLINDGRADE_COURSE")}
        self.environ = {**kept, "XDG_RUNTIME_DIR": str(top / "run")}
        self._edits = 0

    def edit(self, *names: str) -> None:
        """Change the code of these functions and classes, but not what it does."""
        self._edits += 1
        lines = self.right.split("\n")
        tree = ast.parse(self.right)
        found = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name in names]
        for node in sorted(found, key=lambda node: -node.lineno):
            last = node.body[-1]
            lines.insert(last.lineno - 1, f"{' ' * last.col_offset}_edit = {self._edits}")
        self.file.write_text("\n".join(lines), encoding="utf-8")

    def grade(self, *args: str) -> float:
        """Seconds of a command."""
        begun = time.perf_counter()
        subprocess.run([GRADE, *args], cwd=self.course, env=self.environ, stdout=subprocess.DEVNULL, check=False)
        return time.perf_counter() - begun

    def first_line(self, *args: str) -> float:
        """Seconds until a terminal shows the first line."""
        master, slave = pty.openpty()
        begun = time.perf_counter()
        with subprocess.Popen([GRADE, *args], cwd=self.course, env=self.environ, stdout=slave, stderr=slave) as process:
            os.close(slave)
            text = b""
            while b"\n" not in text:
                text += os.read(master, 1000)
            took = time.perf_counter() - begun
            try:
                while os.read(master, 1 << 16):
                    pass
            except OSError:
                pass
            process.wait()
        os.close(master)
        return took

    def in_kernel(self, exercise: str) -> tuple[float, float]:
        """Seconds of the first and of a later `%grade` in a notebook."""
        code, cells = KERNEL.format(exercise=exercise), without_pictures(self.right).encode()
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.file.parent, env=self.environ, input=cells, capture_output=True, check=True,
        )  # fmt: skip
        first, *_, last = json.loads(done.stdout)
        return first, last

    def status(self) -> dict[str, object]:
        """What `grade --status` says."""
        done = subprocess.run(
            [GRADE, "--status", "--json"], cwd=self.course, env=self.environ, capture_output=True, check=True
        )
        found: dict[str, object] = json.loads(done.stdout)
        return found


def median(work: Callable[[], float]) -> float:
    """Median of several runs."""
    return statistics.median(work() for _ in range(REPEATS))


def torch_alone() -> float:
    """Seconds of `import torch`."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - begun


def main() -> None:
    """Measure, and print a row for each figure."""
    with tempfile.TemporaryDirectory(prefix="bg-", ignore_cleanup_errors=True) as folder:
        student = Student(Path(folder))
        one = f"{LESSON}/{student.exercises[0].name}"
        lesson = [f"{LESSON}/{exercise.name}" for exercise in student.exercises]
        names = [exercise.defines for exercise in student.exercises]

        def first() -> float:
            student.grade("--stop")
            time.sleep(0.5)
            return student.grade(one)

        def edited(edits: list[str], *args: str) -> float:
            student.edit(*edits)
            took = student.grade(*args)
            time.sleep(0.3)
            return took

        def fresh_line() -> float:
            student.grade("--stop")
            time.sleep(0.5)
            return student.first_line(one)

        student.grade(*lesson)
        floor = median(torch_alone)
        rows = [
            ("first `grade` of one exercise", median(first), 1.3),
            ("second `grade` of one exercise, edited", median(lambda: edited(names[:1], one)), 0.2),
            ("second `grade` of the lesson without training, edited", median(lambda: edited(names, *lesson)), 0.5),
            ("one exercise, unchanged", median(lambda: student.grade(one)), None),
            ("the lesson without training, unchanged", median(lambda: student.grade(*lesson)), None),
            ("one exercise without a resident", median(lambda: student.grade(one, "--no-resident")), None),
        ]
        kernels = [student.in_kernel(student.exercises[0].name) for _ in range(REPEATS)]
        rows += [
            ("first `%grade` of one exercise in a kernel", statistics.median(first for first, _ in kernels), None),
            ("later `%grade` of one exercise in a kernel", statistics.median(last for _, last in kernels), None),
        ]
        status = student.status()
        lines = [("second `grade`", median(lambda: student.first_line(one))), ("first `grade`", median(fresh_line))]
        student.grade("--stop")
    print(f"import torch: {floor:.2f} s")
    for what, seconds, most in rows:
        limit = f" (at most {most} x import torch)" if most else ""
        print(f"{what:56} {seconds:5.2f} s   {seconds / floor:4.2f} x{limit}")
    for what, seconds in lines:
        print(f"first line of the {what:38} {seconds:5.2f} s (at most 0.2 s)")
    print(f"memory of the resident with its warm process: {status['memory_mb']} MB (at most 600 MB)")


if __name__ == "__main__":
    main()
