"""Commands that a page names in a sentence or a form are run, too: in a copy of the miniature course with a cohort.

Each complete command of the docs is run here, is a part of a story (test_commands_of_the_docs.py), or is in ELSEWHERE
with the reason why it is not run here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from blindgrade.catalog import Catalog
from blindgrade.cli import exits
from blindgrade.cli.blindgrade import main
from blindgrade.engine.grading.warm_process import Zygote

from .test_commands_of_the_docs import OPEN, PAGES, ROOT, STORY, fault, written

MINI = ROOT / "tests" / "courses" / "mini"
FORM = re.compile(rf"{OPEN.pattern}|\b[A-Z]{{3,}}\b")  # a word in capitals stands for something else
ELSEWHERE = {
    r"^course attack|^course release .*classroom50": "takes minutes, or needs the project's own repository",
    r"^course verify|^course build": "takes long; the stories run them",
    r"--watch|--open": "waits for a person, or opens a browser",
    r"--cluster|--db|--sandbox strict": "needs a cluster, a server or a wall of this machine",
    r"^course (serve|invite)\b|^grade (login|whoami|logout)\b|--submit\b": "needs the grading service; see its tests",
    r"--adopt": "needs the name of a group of wrong answers; tests/discover adopts one",
    r"^grade --(status|stop)|--again": "a course with its private trees has no resident; tests/cli/grade has one",
}
# What the docs' course has, and what stands for it here.
HERE = [
    (r"lesson-7\.\d\.\d", "lesson-1.1.1"), (r"lesson-7\.\d\b", "lesson-1.1"), (r"(?<![-\w])7\.2\.1\b", "1.1.1"),
    (r"\b(score_from_noise|predict|slope)\b", "standardize"), (r"/fit\b", "/fit_line"),
    (r"\bpredicts_each_row\b", "has_mean_zero_and_spread_one"), ("lesson_7_2_1_score_functions", "lesson_1_1_1_basics"),
    ("flow matching", "basics"), (r"--submission (ada/|tests/submissions/half_done)", "--submission submitted/s1"),
    (r"\bada\b", "s1"), (r"\bben\b", "s2"), (r"~|/tmp", ".."), (r"--students 200", "--students 2"),
    (r"--to \.$", "--to ../course-1.1"), (r"--workers 8", "--workers 1"),
    (r"(--zip canvas.*/)submissions", r"\1canvas"),
    (r"^(course collect .*)--to \S+", r"\1--to ../to{number}"),
    (r"^(course simulate .*)--to build/submitted( --attempts build/attempts)?", r"\1--to ../to{number}"),
]  # fmt: skip
# Commands that change what later ones show.
ORDER = ("collect", "grade", "report", "standings", "extend", "adjust", "excuse", "decisions")
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),"
    "Last modified (grade),Feedback comments\n"
)
CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Lesson 1.1.1 (123456)\n    Points Possible,,,,,100\n"


def complete() -> dict[str, str]:
    """Complete commands of the docs outside of stories, and why one is not run here; empty if it is."""
    blocks = [block for page in PAGES for block in STORY.findall(page.read_text())]
    stories = {line.strip() for block in blocks for line in block.split("\n")}
    found: dict[str, str] = {}
    for page in PAGES:
        for line in written(page):
            command = re.sub(r"\s{2,}.*", "", line.removesuffix(" …")).strip()
            if command in stories or command.startswith("make ") or FORM.search(command) or fault(command):
                continue  # a form, or the mere name of a command that needs more
            if re.match(r"grade --(?!hint|status|stop)", command):
                continue  # an option in a sentence
            if _only_names(command):
                continue
            found[command] = next((why for form, why in ELSEWHERE.items() if re.search(form, command)), "")
    return found


def _only_names(command: str) -> bool:
    """Whether it is the mere name of a command that needs more."""
    here: click.Command | None = main
    for word in shlex.split(command):
        if not isinstance(here, click.Group):
            return False
        here = here.get_command(click.Context(here), word)
    return here is None or isinstance(here, click.Group) or any(one.required for one in here.params)


class Kept:
    """One warm process for all commands."""

    def __init__(self, workers: Zygote) -> None:
        self._workers = workers

    def start(self) -> None:
        pass

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> object:
        return getattr(self._workers, name)


def run(command: str) -> tuple[int, str]:
    """Exit code of a command, and what it printed."""
    words = shlex.split(command)
    done = CliRunner().invoke(main, words if words[0] != "blindgrade" else words[1:])
    return done.exit_code, done.output + (repr(done.exception) if done.exit_code not in (0, 1, 2) else "")


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The miniature course with a graded cohort, its rosters, downloads and worksheets."""
    course = tmp_path / "course"
    shutil.copytree(MINI, course, ignore=shutil.ignore_patterns("__pycache__", ".blindgrade", "build", "attempts"))
    text = (course / "course.toml").read_text()
    (course / "course.toml").write_text(f'{text}\n[policy.due]\n"lesson-1.1.1" = 2026-11-02T10:00:00Z\n')
    monkeypatch.chdir(course)
    monkeypatch.delenv("BLINDGRADE_COURSE", raising=False)
    assert run("course simulate lesson-1.1.1 --students 4 --seed 0 --to build/submitted")[0] == 0
    shutil.copytree("build/submitted", "submitted")
    students = sorted(path.name for path in Path("submitted").iterdir() if path.name.startswith("s"))
    names = {student: f"Student {student.upper()}" for student in students}
    Path("roster.csv").write_text("id,name\n" + "".join(f"{one},{name}\n" for one, name in names.items()))
    Path("late-joiners.txt").write_text("s3\n")
    Path("Grades.csv").write_text(MOODLE + "".join(f"Participant {n},{one},,,,100,Yes,\"Monday, 2 November 2026, 9:00 AM\",,\n" for n, one in enumerate(names.values())))  # fmt: skip  # noqa: E501
    Path("2026_Grades.csv").write_text(
        CANVAS + "".join(f"{one},{n},{student},,,\n" for n, (student, one) in enumerate(names.items()))
    )
    (tmp_path / "Downloads").mkdir()
    for number, student in enumerate(students):
        answer = next(Path("submitted", student).rglob("basics.py")).read_text()
        (course / "checkouts" / student).mkdir(parents=True)
        (course / "checkouts" / student / "basics.py").write_text(answer)
        with zipfile.ZipFile("download.zip", "a") as archive:
            archive.writestr(f"{names[student]}_{number}_assignsubmission_file_/basics.py", answer)
        with zipfile.ZipFile(tmp_path / "Downloads" / "canvas.zip", "a") as archive:
            archive.writestr(f"{names[student].lower().replace(' ', '')}_{number}_5432{number}_basics.py", answer)
    shutil.copyfile("download.zip", tmp_path / "Downloads" / "submissions.zip")
    for word in ("-c init.defaultBranch=main init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm work"):
        for student in students:
            subprocess.run(["git", "-C", f"checkouts/{student}", *word.split()], check=True)
    with Zygote.for_targets(Catalog(course).find(["all"])) as warm:
        monkeypatch.setattr("blindgrade.cli.grade.warm_start.workers_for", lambda *_, **__: Kept(warm))
        monkeypatch.setattr(exits, "leave", lambda code: (_ for _ in ()).throw(SystemExit(code)))
        yield course
    os.chdir(ROOT)


@pytest.mark.slow
def test_each_complete_command_of_the_docs_does_its_work(cohort: Path) -> None:
    todo = [command for command, why in complete().items() if not why]
    assert len(todo) >= 30
    faults: list[str] = []
    done: set[str] = set()
    for number, command in enumerate(sorted(todo, key=_place)):
        typed = command
        for docs, here in HERE:
            typed = re.sub(docs, here.replace("{number}", str(number)), typed)
        if typed in done:
            continue
        done.add(typed)
        code, said = run(typed)
        if code not in (0, 1) or "Traceback" in said:
            faults.append(f"{command}\n  as {typed}: exit {code}\n{said}")
    assert not faults, "\n\n".join(faults)


def test_each_reason_is_one_of_a_command() -> None:
    commands = complete()
    unused = [form for form in ELSEWHERE if not any(re.search(form, command) for command in commands)]
    assert not unused


def _place(command: str) -> int:
    word = command.split()[1]
    return ORDER.index(word) if command.startswith("course") and word in ORDER else len(ORDER)
