"""One cohort graded four ways on one machine in one run: `make bench-cohort`.

Stock `nbgrader autograde`, `otter run`, `course grade` in strict isolation, and the floor: one process that imports
torch once and runs the same experiments without any isolation. Same submissions, exercises and checks; one thread of
torch for all. nbgrader and otter live in a virtual environment of their own (BENCH_PYTHON).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
LESSON = "lesson-7.2.1"
# Training costs the same seconds under every system, which would hide what is compared; --with-training has it.
TRAINS = "train_hidden_score"
REGION_MARK = re.compile(".*### (BEGIN|END) SOLUTION.*")  # nobody may hand in a notebook of source/
BENCH = Path(os.environ.get("BENCH_PYTHON", ROOT / "build" / "bench-venv" / "bin" / "python"))


# ---------------------------------------------------------------- what is measured


@dataclass
class Cost:
    """What a command cost: wall and processor seconds of it and all that it started, and its peak memory in MiB."""

    wall: float
    cpu: float
    peak: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu, self.peak)


def measure(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> Cost:
    """Run a command to its end; its output is shown only if it fails."""
    with tempfile.TemporaryFile() as said:
        begun = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env={**os.environ, **(env or {})}, stdout=said, stderr=said
        )
        peak = Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        said.seek(0)
        if process.returncode != 0:
            sys.exit(f"{command}: exit code {process.returncode}\n{said.read().decode(errors='replace')[-3000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak.stop())


class Peak:
    """The largest proportional set size of a process and its descendants, looked at once a second."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            self.peak = max(self.peak, sum(_pss(pid) for pid in _family(self.pid)))

    def stop(self) -> float:
        """The peak in MiB."""
        self._over.set()
        self._thread.join()
        return self.peak / 1024


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


# ---------------------------------------------------------------- one cohort


def cut_course(folder: Path, *, training: bool = False) -> Path:
    """This course with one lesson, without the exercise that trains unless that is wanted."""
    from blindgrade.catalog import Catalog
    from blindgrade.engine.submission.notebook import without_pictures

    files = Catalog(ROOT).files(LESSON)
    for tree in ("exercises", "solutions", "graders"):
        shutil.copytree(ROOT / tree / files.folder, folder / tree / files.folder)
    shutil.copytree(ROOT / "graders" / "grader_toys", folder / "graders" / "grader_toys")
    for shared in (ROOT / "exercises").glob("*.py"):
        shutil.copy(shared, folder / "exercises")
    if (ROOT / "exercises" / "assets").is_dir():
        shutil.copytree(ROOT / "exercises" / "assets", folder / "exercises" / "assets")
    contents = (ROOT / "course.toml").read_text()
    others = re.compile(rf'^id = "(?!{re.escape(LESSON)}")lesson-[^"]+"$', re.MULTILINE)
    (folder / "course.toml").write_text(others.sub(r'\g<0>\nstatus = "planned"', contents))
    plain = folder / files.solution.relative_to(ROOT)
    text = without_pictures(plain.read_text())
    if training:
        plain.write_text(text)
        return folder
    kept, trains = text.split(f"def {TRAINS}(")
    plain.write_text(f"{kept}def {TRAINS}({REGION_MARK.sub('', trains)}")
    spec = folder / "exercises" / files.folder / "lesson.toml"
    head, *exercises = spec.read_text().split("[[exercise]]")
    spec.write_text("[[exercise]]".join([head, *(e for e in exercises if f'name = "{TRAINS}"' not in e)]))
    _cut_functions(folder / "graders" / files.folder / "checks.py", TRAINS)
    _cut_known_answers(folder / "graders" / files.folder / "known_answers.py", TRAINS)
    return folder


def _cut_functions(path: Path, exercise: str) -> None:
    """Take the checks of one exercise out of a file."""
    import ast

    text = path.read_text()
    lines = text.splitlines()
    for node in ast.parse(text).body:
        calls = list(node.decorator_list) if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        calls += [node.value] if isinstance(node, ast.Expr) else []
        if any(isinstance(c, ast.Call) and c.args and ast.unparse(c.args[0]) == repr(exercise) for c in calls):
            first = min([node.lineno, *(c.lineno for c in calls)])
            lines[first - 1 : node.end_lineno] = [""] * ((node.end_lineno or first) - first + 1)
    path.write_text("\n".join(lines) + "\n")


def _cut_known_answers(path: Path, exercise: str) -> None:
    """Take the known answers of one exercise out of a file: all from its `exercise("…")` to the next one."""
    head, *groups = path.read_text().split("\nexercise(")
    kept = [group for group in groups if not group.startswith(f'"{exercise}")')]
    path.write_text("\nexercise(".join([head, *kept]))


def texts(course: Path, count: int) -> dict[str, str]:
    """A file for each student: a third all right, a third with a known misconception, a third not finished.

    Nobody writes what the next one does: half of the exercises that have other right answers are answered by one.
    """
    from blindgrade.catalog import Catalog
    from blindgrade.engine.answers.known import read_known_answers
    from blindgrade.engine.answers.solution import Solution

    target = Catalog(course).find([LESSON])[0]
    solution = Solution(target.files, target.lesson)
    known = read_known_answers(solution)
    wrong = [variant.text for variant in known.wrong]
    others: dict[str, list[str]] = {}
    for variant in known.right:
        others.setdefault(variant.exercise, []).append(variant.text.removeprefix(solution.text))
    draw = random.Random(7)
    found = {}
    for number in range(count):
        text = solution.text if number % 3 else draw.choice(wrong)
        text += "".join(draw.choice(others[name]) for name in others if number % 3 and draw.random() < 0.5)
        if number % 3 == 2:
            undone = target.exercises[draw.randrange(1, len(target.exercises)) :]
            for name in undone:
                defines = target.lesson.exercise(name).defines
                text += f"\n\ndef {defines}(*args, **kwargs):\n    raise NotImplementedError\n"
        found[f"student{number:04d}"] = text
    return found


def as_files(students: dict[str, str], folder: Path, module: str) -> Path:
    """A folder of .py submissions."""
    for student, text in students.items():
        (folder / student).mkdir(parents=True)
        (folder / student / f"{module}.py").write_text(text)
    return folder


# ---------------------------------------------------------------- four ways


def ours(course: Path, submitted: Path, workers: int, attempts: Path) -> Cost:
    """`course grade` in strict isolation, from nothing."""
    command = Path(sys.executable).with_name("course")
    options = ("--attempts", str(attempts), "--workers", str(workers))
    return measure(command, "grade", LESSON, submitted, *options, env={"BLINDGRADE_COURSE": str(course)})


def passed_by_us(attempts: Path, few: dict[str, str]) -> int:
    """How many exercises of these students passed, as `course grade` stored it."""
    found = [json.loads(p.read_text()) for name in few for p in (attempts / LESSON / name).glob("*.json")]
    return sum(e["outcome"] == "passed" for attempt in found for e in attempt["exercises"])


def floor(course: Path, students: dict[str, str], folder: Path) -> tuple[Cost, float, list[int]]:
    """The whole process's cost, the processor seconds of the submissions alone, and how many exercises each passed."""
    path = folder / "students.json"
    path.write_text(json.dumps(students))
    cost = measure(sys.executable, __file__, "--floor", path, env=_environment(course))
    cpu, passed = json.loads(path.with_suffix(".cpu").read_text())
    return cost, cpu, passed


def run_floor(path: Path) -> None:
    """Grade the submissions of a file in this process; the reference's results are computed once."""
    sys.path.insert(0, str(HERE))
    from types import ModuleType, SimpleNamespace

    import cohort_checks as bench

    expected = {c.name: bench.run(c, bench.solution) if c.reference else None for c in bench.checks}
    exercises = {c.exercise for c in bench.checks}
    passed = []
    begun = _cpu()
    for text in json.loads(path.read_text()).values():
        module = ModuleType("submission")
        sys.modules["submission"] = module
        exec(compile(text, "submission.py", "exec", dont_inherit=True), module.__dict__)
        lesson = SimpleNamespace(**vars(module))
        failed = {c.exercise for c in bench.checks if not bench.passes(c, lesson, expected[c.name])}
        passed.append(len(exercises - failed))
    path.with_suffix(".cpu").write_text(json.dumps([_cpu() - begun, passed]))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _environment(course: Path) -> dict[str, str]:
    from blindgrade.catalog import Catalog

    return {
        "BENCH_COURSE": str(course),
        "BENCH_FOLDER": Catalog(course).files(LESSON).folder,
        "PYTHONPATH": f"{HERE}:{course / 'exercises'}",
        "PATH": f"{BENCH.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")},
    }


def notebook(text: str, exercises: dict[str, float], *, nbgrader: bool) -> str:
    """A submission as a notebook: the student's code in one cell, and for nbgrader a test cell for each exercise."""

    def cell(source: str, **metadata: object) -> dict[str, object]:
        kind = {"cell_type": "code", "execution_count": None, "outputs": []}
        about = {"nbgrader": {"schema_version": 3, "task": False, **metadata}} if metadata else {}
        return {**kind, "id": str(metadata.get("grade_id", "code")), "metadata": about, "source": source}

    student = {"grade": False, "grade_id": "code", "locked": False, "solution": True} if nbgrader else {}
    cells = [cell(text, **student)]
    for name, points in exercises.items() if nbgrader else ():
        source = f"import cohort_checks\nround({points} * cohort_checks.share({name!r}, dict(globals())), 6)"
        test = {"grade": True, "grade_id": f"test-{name}", "locked": True, "points": points, "solution": False}
        cells.append(cell(source, **test))
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


def stock_nbgrader(
    course: Path, students: dict[str, str], exercises: dict[str, float], folder: Path
) -> tuple[Cost, int]:
    """`nbgrader autograde` of the whole cohort, and how many exercises passed."""
    (folder / "source" / "lesson").mkdir(parents=True)
    (folder / "source" / "lesson" / "lesson.ipynb").write_text(notebook("", exercises, nbgrader=True))
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'bench'\nc.ExecutePreprocessor.timeout = 300\n"
    )
    nbgrader = BENCH.with_name("nbgrader")
    measure(nbgrader, "generate_assignment", "lesson", cwd=folder, env=_environment(course))
    for student, text in students.items():
        place = folder / "submitted" / student / "lesson"
        place.mkdir(parents=True)
        (place / "lesson.ipynb").write_text(notebook(text, exercises, nbgrader=True))
    cost = measure(nbgrader, "autograde", "lesson", cwd=folder, env=_environment(course))
    return cost, passed_in_gradebook(folder)


def our_nbgrader(course: Path, students: dict[str, str], folder: Path) -> tuple[Cost, int]:
    """The same with our preprocessor in nbgrader's list, in a course directory as `course release` makes it."""
    here = {"BLINDGRADE_COURSE": str(course), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command, nbgrader = Path(sys.executable).with_name("course"), Path(sys.executable).with_name("nbgrader")
    measure(command, "build", env=here)
    measure(command, "release", LESSON, "--as", "nbgrader", "--to", folder, env=here)
    measure(nbgrader, "generate_assignment", LESSON, cwd=folder, env=here)
    released = next((folder / "release" / LESSON).glob("*.ipynb"))
    for student, text in students.items():
        book = json.loads(released.read_text())
        # The last definition of a name is the one that counts.
        written = [cell for cell in book["cells"] if cell["metadata"].get("nbgrader", {}).get("solution")]
        written[-1]["source"] = REGION_MARK.sub("", text)
        place = folder / "submitted" / student / LESSON
        place.mkdir(parents=True)
        (place / released.name).write_text(json.dumps(book))
    cost = measure(nbgrader, "autograde", LESSON, cwd=folder, env=here)
    return cost, passed_in_gradebook(folder)


def passed_in_gradebook(folder: Path) -> int:
    """How many exercises got all of their points in nbgrader's gradebook."""
    with closing(sqlite3.connect(folder / "gradebook.db")) as gradebook:
        query = (
            "SELECT count(*) FROM grade JOIN grade_cells ON grade.cell_id = grade_cells.id"
            " WHERE grade.auto_score >= grade_cells.max_score - 1e-6"
        )
        return int(gradebook.execute(query).fetchone()[0])


def otter(course: Path, students: dict[str, str], exercises: dict[str, float], folder: Path) -> tuple[Cost, int]:
    """`otter run` for each submission, the costs added up and the largest peak; how many exercises passed."""
    (folder / "tests").mkdir(parents=True)
    (folder / "out").mkdir()
    for name, points in exercises.items():
        code = f">>> import cohort_checks\n>>> cohort_checks.share({name!r}, dict(globals())) >= 1\nTrue"
        suite = {"cases": [{"code": code, "hidden": False, "locked": False, "points": points}], "type": "doctest"}
        test = {"name": name, "points": None, "suites": [{**suite, "scored": True, "setup": "", "teardown": ""}]}
        (folder / "tests" / f"{name}.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n")
    measure(BENCH.with_name("otter"), "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", cwd=folder)
    total, passed = Cost(0, 0, 0), 0
    for student, text in students.items():
        path = folder / f"{student}.ipynb"
        path.write_text(notebook(text, exercises, nbgrader=False))
        command = (BENCH.with_name("otter"), "run", "-a", "autograder.zip", "-o", folder / "out", "--no-logo", path)
        one = measure(*command, cwd=folder, env=_environment(course))
        total = Cost(total.wall + one.wall, total.cpu + one.cpu, max(total.peak, one.peak))
        tests = json.loads((folder / "out" / "results.json").read_text())["tests"]
        passed += sum(test.get("max_score", 0) > 0 and test["score"] >= test["max_score"] for test in tests)
    return total, passed


# ---------------------------------------------------------------- the report


def main() -> None:
    """Run what was asked for and print it as the tables of docs/scale.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--class-size", type=int, default=40, help="submissions for nbgrader")
    parser.add_argument("--otter", type=int, default=8, help="submissions for otter")
    parser.add_argument("--sizes", default="10,100,1000", help="cohorts for course grade")
    parser.add_argument("--only", choices=["ours", "all"], default="all", help="`ours`: course grade and the floor")
    parser.add_argument("--with-training", action="store_true")
    asked = parser.parse_args()
    if asked.floor:
        return run_floor(asked.floor)
    sizes = [int(size) for size in asked.sizes.split(",")]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        course = cut_course(folder / "course", training=asked.with_training)
        many = texts(course, max([*sizes, asked.class_size, asked.otter]))
        costs = by_size(course, many, sizes, folder)
        if asked.only == "all":
            four_ways(course, many, asked.class_size, asked.otter, costs, folder)
        else:
            size, least = max(costs), min(costs)
            further = dict(list(many.items())[least:size])  # the same students on both sides: some train, some do not
            _, bare, _ = floor(course, further, folder)
            mine, each = (costs[size] - costs[least]).cpu / len(further), bare / len(further)
            print(f"a further submission: {mine:.3f} CPU s, floor {each:.3f}; ours / floor {mine / each:.2f}")
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def first(students: dict[str, str], count: int) -> dict[str, str]:
    """The first so many of the cohort."""
    return dict(list(students.items())[:count])


def by_size(course: Path, many: dict[str, str], sizes: list[int], folder: Path) -> dict[int, Cost]:
    """`course grade` against the size of the cohort and the number of workers."""
    from blindgrade.catalog import Catalog

    module = Catalog(course).files(LESSON).module
    print("| submissions | workers | wall | a minute | CPU s each | peak MiB |\n|---|---|---|---|---|---|")
    costs = {}
    for size in sizes:
        submitted = as_files(first(many, size), folder / f"submitted-{size}", module)
        for workers in (1, 2) if size == sizes[-1] else (1,):
            cost = ours(course, submitted, workers, folder / f"attempts-{size}-{workers}")
            costs.setdefault(size, cost)
            rate, each = 60 * size / cost.wall, cost.cpu / size
            print(f"| {size} | {workers} | {cost.wall:.1f} s | {rate:.0f} | {each:.3f} | {cost.peak:.0f} |", flush=True)
    for one, other in zip(sizes, sizes[1:], strict=False):
        more = costs[other] - costs[one]
        print(f"from {one} to {other}: {more.cpu / (other - one):.3f} CPU s for each further submission", flush=True)
    return costs


def four_ways(
    course: Path, many: dict[str, str], together: int, alone: int, costs: dict[int, Cost], folder: Path
) -> None:
    """The table of four, each submission's cost without what is spent once for a run, where there is such a thing."""
    from blindgrade.catalog import Catalog

    a_class, few, two = first(many, together), first(many, alone), first(many, 2)
    exercises = {e.name: e.points for e in Catalog(course).find([LESSON])[0].lesson.exercises}
    size, least = max(costs), min(costs)
    here, bare, passed = floor(course, first(many, size), folder)
    started, _ = stock_nbgrader(course, two, exercises, folder / "nbgrader-2")
    by_nbgrader, passed_nbgrader = stock_nbgrader(course, a_class, exercises, folder / "nbgrader")
    started_ours, _ = our_nbgrader(course, two, folder / "our-nbgrader-2")
    by_ours, passed_ours = our_nbgrader(course, a_class, folder / "our-nbgrader")
    by_otter, passed_otter = otter(course, few, exercises, folder / "otter")
    rows = {
        "nbgrader autograde": (together, by_nbgrader),
        "nbgrader, our preprocessor": (together, by_ours),
        "otter run": (alone, by_otter),
        "course grade, strict": (size, costs[size]),
        "floor": (size, here),
    }
    each = {
        "nbgrader autograde": (by_nbgrader - started).cpu / (together - 2),
        "nbgrader, our preprocessor": (by_ours - started_ours).cpu / (together - 2),
        "otter run": by_otter.cpu / alone,
        "course grade, strict": (costs[size] - costs[least]).cpu / (size - least),
        "floor": bare / size,
    }
    print("\n| | submissions | a minute | CPU s each | each further one | peak MiB |\n|---|---|---|---|---|---|")
    for name, (count, cost) in rows.items():
        rate = 60 * count / cost.wall
        print(f"| {name} | {count} | {rate:.1f} | {cost.cpu / count:.3f} | {each[name]:.3f} | {cost.peak:.0f} |")
    attempts = folder / f"attempts-{size}-1"
    for students, counts in (
        (a_class, {"nbgrader": passed_nbgrader, "with our preprocessor": passed_ours}),
        (few, {"otter": passed_otter}),
    ):
        counts |= {"course grade": passed_by_us(attempts, students), "floor": sum(passed[: len(students)])}
        print(f"passed of {len(students) * len(exercises)} exercises of {len(students)} students: {counts}")
    mine = each["course grade, strict"]
    for name in ("nbgrader autograde", "otter run"):
        count, cost = rows[name]
        whole = cost.cpu / count / (costs[size].cpu / size)
        print(f"{name} / ours: {each[name] / mine:.0f} for a further submission, {whole:.0f} with the start of {size}")
    whole, further = by_nbgrader.wall / by_ours.wall, (by_nbgrader - started).wall / (by_ours - started_ours).wall
    print(f"stock nbgrader / with our preprocessor: {whole:.1f} in time, {further:.1f} for a further submission")
    print(f"ours / floor: {mine / each['floor']:.2f}", flush=True)


if __name__ == "__main__":
    main()
