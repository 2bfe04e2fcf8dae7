"""A term as an instructor has it: a course of twelve lessons, 120 students, and all that happens to their marks."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

MINI = Path(__file__).parents[1] / "courses" / "mini"
FOLDER, SLUG = "lesson_1_1_1_basics", "basics"
WORTH = {"standardize": 40.0, "correlation": 40.0, "fit_line": 20.0}
# What a student has finished: correlation calls standardize, so it is never right alone.
FINISHED = [[], ["fit_line"], ["standardize"], ["standardize", "correlation"], list(WORTH)]
POLICY = {"bank": 3, "days": 5, "penalty": 0.125, "grace_minutes": 15}
BEGIN = datetime(2026, 9, 7, 18, 0, tzinfo=UTC)


@dataclass
class Term:
    """A course in `root`, its submissions in nbgrader's exchange, and the raw facts about both."""

    root: Path
    lessons: int = 12
    students: int = 120
    groups: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    refused: str = ""  # what an export said that wrote nothing

    def __post_init__(self) -> None:
        self.draw = random.Random(2026)
        # Lesson 7 is done in groups, so it has an exchange of its own.
        self.exchanges = {alone: self.root / ("alone" if alone else "groups") for alone in (True, False)}
        self.submitted, self.attempts = self.root / "submitted", self.root / "attempts"
        names = [f"lesson-1.1.{number}" for number in range(1, self.lessons + 1)]
        due = {name: (BEGIN + timedelta(weeks=number)).isoformat() for number, name in enumerate(names)}
        self.facts = {
            "policy": POLICY,
            "students": [f"student{number:03}" for number in range(self.students)],
            "lessons": {name: {"due": due[name], "points": dict(WORTH)} for name in names},
            "handed_in": {},
            "decisions": [],
            "undone": [],
        }
        self._write_course()

    # ------------------------------------------------------------ the course

    def _write_course(self) -> None:
        self.course = self.root / "course"
        shutil.copytree(MINI, self.course, ignore=shutil.ignore_patterns("__pycache__", "build"))
        contents = (self.course / "course.toml").read_text()
        lesson = contents[contents.index("[[module.lesson]]") : contents.index("[[concept]]")]
        copies = [lesson.replace("1.1.1", name.removeprefix("lesson-")) for name in self.facts["lessons"]]
        slugged = [copy.replace('"basics"', f'"{self.module(n)}"') for n, copy in enumerate(copies, start=1)]
        ids = json.dumps(list(self.facts["lessons"]))
        contents = contents.replace(lesson, "".join(slugged)).replace('["lesson-1.1.1"]', ids)
        (self.course / "course.toml").write_text(contents + self._policy())
        for tree in ("exercises", "solutions", "graders"):
            for number, name in reversed(list(enumerate(self.facts["lessons"], start=1))):
                self._copy_lesson(self.course / tree, number, name)
            shutil.rmtree(self.course / tree / FOLDER)

    def _copy_lesson(self, tree: Path, number: int, name: str) -> None:
        here = tree / self.folder(name)
        shutil.copytree(tree / FOLDER, here)
        for path in [path for path in here.iterdir() if path.stem == SLUG]:
            path.rename(here / f"{self.module(number)}{path.suffix}")

    def _policy(self) -> str:
        due = "".join(f'"{name}" = {lesson["due"]}\n' for name, lesson in self.facts["lessons"].items())
        late = "".join(f"{name} = {value}\n" for name, value in POLICY.items())
        return f'\n[policy]\nattempts = "last"\n\n[policy.due]\n{due}\n[policy.late]\n{late}'

    def in_groups(self, lesson: str) -> bool:
        return lesson.endswith(f".{min(7, self.lessons)}")

    def module(self, number: int) -> str:
        return f"basics{number:02}"

    def folder(self, name: str) -> str:
        return f"lesson_{name.removeprefix('lesson-').replace('.', '_')}_{self.module(int(name.split('.')[-1]))}"

    def set_points(self, lesson: str, exercise: str, points: float) -> None:
        """Change the points of an exercise, as an instructor does in lesson.toml."""
        path = self.course / "exercises" / self.folder(lesson) / "lesson.toml"
        blocks = path.read_text().split("[[exercise]]")
        changed = [
            re.sub(r"points = .*", f"points = {points:g}", b) if f'name = "{exercise}"' in b else b for b in blocks
        ]
        path.write_text("[[exercise]]".join(changed))
        self.facts["lessons"][lesson]["points"][exercise] = points

    # ------------------------------------------------------------ what students hand in

    def hand_in_everything(self) -> None:
        """Every student hands in most lessons, some late, some twice, some in groups."""
        pairs = self.facts["students"][:20]
        self.groups = {f"group{n:02}": pairs[2 * n : 2 * n + 2] for n in range(10)}
        grouped = {student: name for name, members in self.groups.items() for student in members}
        for name, lesson in self.facts["lessons"].items():
            for student in self.facts["students"]:
                group = grouped.get(student) if self.in_groups(name) else None
                if self.draw.random() < 0.06 and group is None:
                    continue  # hands in nothing
                if group is not None and self.groups[group][0] != student:
                    continue  # the first member hands in for the group
                for hours in self._times():
                    at = datetime.fromisoformat(lesson["due"]) + timedelta(hours=hours)
                    self.hand_in(group or student, name, at, self.draw.choice(FINISHED))

    def _times(self) -> list[float]:
        """Hours after the due date of one or two versions; most are in time."""
        first = self.draw.choice([-50, -30, -20, -2, -1, 0.2, 5, 30, 60, 130])
        return [first, first + self.draw.choice([3, 24, 40])] if self.draw.random() < 0.2 else [first]

    def hand_in(self, who: str, lesson: str, at: datetime, right: list[str]) -> None:
        """One version of one student or group, in nbgrader's exchange."""
        number = int(lesson.split(".")[-1])
        stamp = at.strftime("%Y-%m-%d %H:%M:%S.000000 UTC")
        inbound = self.exchanges[not self.in_groups(lesson)] / "mini" / "inbound"
        place = inbound / f"{who}+{lesson}+{stamp}"
        place.mkdir(parents=True)
        (place / f"{self.module(number)}.py").write_text(self.text(lesson, right, f"{who} {stamp}"))
        (place / "timestamp.txt").write_text(stamp)
        for student in self.groups.get(who, [who]):
            versions = self.facts["handed_in"].setdefault(student, {}).setdefault(lesson, [])
            versions.append({"at": at.isoformat(), "right": right})
            versions.sort(key=lambda version: version["at"])

    def text(self, lesson: str, right: list[str], note: str) -> str:
        """A file in which these exercises are right and the others are not written."""
        number = int(lesson.split(".")[-1])
        source = (self.course / "solutions" / self.folder(lesson) / f"{self.module(number)}.py").read_text()
        missing = [f"def {name}(*given):\n    raise NotImplementedError\n" for name in WORTH if name not in right]
        return f"# {note}\n{source}\n\n" + "\n\n".join(missing)

    def groups_file(self) -> Path:
        path = self.root / "groups.csv"
        rows = [(name, student) for name, members in self.groups.items() for student in members]
        path.write_text("group,student\n" + "".join(f"{name},{student}\n" for name, student in rows))
        return path

    # ------------------------------------------------------------ what an instructor does

    def run(self, *arguments: object, expected: int = 0) -> str:
        """Output of a `course` command, which must end with this code."""
        command = [str(Path(sys.executable).with_name("course")), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.course, capture_output=True, text=True, check=False)
        assert done.returncode == expected, (
            f"{arguments}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        return done.stdout + done.stderr

    def collect(self) -> None:
        self.run("collect", self.exchanges[True] / "mini", "--to", self.submitted)
        self.run("collect", self.exchanges[False] / "mini", "--to", self.submitted, "--groups", self.groups_file())

    def grade(self, lesson: str = "lesson-1.1") -> str:
        """Grade a lesson, or all of them. Exit code 1: some students handed in nothing for some lessons."""
        return self.run("grade", lesson, self.submitted, "--attempts", self.attempts, expected=1)

    def decide(self, kind: str, student: str, lesson: str, **values: float) -> None:
        options = [part for name, value in values.items() for part in (f"--{name}", f"{value:g}")]
        self.run(kind, student, lesson, *options, "--reason", "as agreed", "--attempts", self.attempts)
        self.facts["decisions"].append({"kind": kind, "student": student, "lesson": lesson, **values})

    def undo(self, number: int) -> None:
        self.run("decisions", "--undo", number, "--reason", "a mistake", "--attempts", self.attempts)
        self.facts["undone"].append(number - 1)

    # ------------------------------------------------------------ the marks

    def marks_from_facts(self, count: str) -> dict[str, dict[str, float | None]]:
        path = self.root / "facts.json"
        path.write_text(json.dumps(self.facts))
        script = Path(__file__).with_name("marks_from_facts.py")
        done = subprocess.run(
            [sys.executable, str(script), str(path), count], capture_output=True, text=True, check=True
        )
        found: dict[str, dict[str, float | None]] = json.loads(done.stdout)
        return found

    def worth(self, lesson: str) -> float:
        return sum(self.facts["lessons"][lesson]["points"].values())

    def exporting(self, kind: str) -> list[object]:
        """Arguments of an export into `<kind>.csv`."""
        return ["gradebook", "export", "--as", kind, "--to", self.root / f"{kind}.csv", "--attempts", self.attempts]

    def export(self, kind: str, *more: object) -> list[dict[str, str]]:
        """Rows of an export."""
        self.run(*self.exporting(kind), *more)
        with (self.root / f"{kind}.csv").open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))
