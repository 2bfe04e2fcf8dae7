"""A release in git: two instructors' clones, and students who pull over their answers with the documented commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.history import Progress
from blindgrade.models import Attempt, SubmissionRef
from blindgrade.release.merge_into import Summary, place
from blindgrade.systems.targets import release_as

HERE = Path(__file__).parents[2]
STUB = "exercises/lesson_1_1_1_basics/basics.py"
NOTEBOOK = "exercises/lesson_1_1_1_basics/basics.ipynb"
TEMPLATE = HERE / "src" / "blindgrade" / "release" / "student_template"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = A\nemail = a@uni.edu\n[init]\ndefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LC_ALL", "C")


def sh(script: str, at: Path, *, code: int = 0) -> str:
    done = subprocess.run(["bash", "-c", script], cwd=at, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def blocks() -> list[list[str]]:
    """Commands in the students' README, block by block."""
    section = (TEMPLATE / "README.md").read_text().split("## When there is an update")[1].split("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"```\n(.*?)```", section, re.DOTALL)]


class Course:
    """A course's repository on a server, and the clone from which an instructor releases."""

    def __init__(self, root: Path) -> None:
        self.root, self.server, self.clone = root, root / "server.git", root / "clone"
        sh(f"git init -q --bare {self.server}", root)
        sh(f"git clone -q {self.server} {self.clone}", root)

    def release(self, files: dict[str, bytes]) -> Summary:
        summary = Summary("repository", self.clone, ["lesson-1.1.1"], scanned=True)
        attributes = (TEMPLATE / ".gitattributes").read_bytes()
        place({".gitattributes": attributes, **files}, self.clone, summary)
        sh("git add --all && git commit -qm release && git push -q origin HEAD:main", self.clone)
        return summary

    def student(self, name: str = "ana") -> Path:
        sh(f"git clone -q {self.server} {name}", self.root)
        return self.root / name


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


LINES = "".join(f"line {n}\n" for n in range(20))
FIRST = {STUB: LINES.encode(), NOTEBOOK: b'{"cells": [],\n "nbformat": 4}\n', "toys.py": b"one\n"}


def answered(folder: Path, number: int = 3) -> None:
    path = folder / STUB
    path.write_text(path.read_text().replace(f"line {number}\n", "my answer\n"))


def graded(folder: Path) -> None:
    """What `grade` leaves in the folder."""
    attempt = Attempt(
        lesson="lesson-1.1.1", title="", points=0, max_points=1, submission=SubmissionRef(path="", sha256=""),
        graded_at="2026-11-01T10:00:00Z", seed=1, reference="key", sandbox="none", seconds=0, exercises=[],
    )  # fmt: skip
    assert Progress(folder / ".blindgrade").record(attempt)


def changed(old: str, new: str) -> dict[str, bytes]:
    return {**FIRST, STUB: LINES.replace(f"{old}\n", f"{new}\n").encode()}


def test_a_pull_over_uncommitted_answers_is_refused_and_the_documented_commands_bring_the_update(
    course: Course,
) -> None:
    course.release(FIRST)
    student = course.student()
    answered(student)
    graded(student)
    course.release(changed("line 15", "line 15, corrected"))
    sh("git pull -q", student, code=1)  # this is why the guide has more than one line
    said = sh("\n".join(blocks()[0]), student)
    assert "CONFLICT" not in said
    text = (student / STUB).read_text()
    assert "my answer\n" in text and "line 15, corrected\n" in text and "<<<<" not in text
    assert sh("git status --porcelain", student) == ""


def test_the_documented_commands_work_if_everything_is_committed_already(course: Course) -> None:
    course.release(FIRST)
    student = course.student()
    course.release(changed("line 15", "line 15, corrected"))
    assert "nothing to commit" in sh("\n".join(blocks()[0]), student)
    assert "line 15, corrected" in (student / STUB).read_text()


def test_at_a_conflict_the_documented_commands_keep_the_answer_and_take_the_rest(course: Course) -> None:
    course.release(FIRST)
    student = course.student()
    answered(student)
    (student / NOTEBOOK).write_text('{"cells": ["mine"],\n "nbformat": 4}\n')
    update = changed("line 3", "line 3, corrected")
    update[STUB] = update[STUB].replace(b"line 15\n", b"line 15, corrected\n")
    course.release({**update, NOTEBOOK: b'{"cells": ["new"],\n "nbformat": 4}\n', "toys.py": b"two\n"})
    assert "CONFLICT" in sh("\n".join(blocks()[0]), student, code=1)
    assert "<<<<" not in (student / NOTEBOOK).read_text()
    sh("\n".join(blocks()[1]), student)
    text = (student / STUB).read_text()
    assert "my answer\n" in text and "line 15, corrected\n" in text and "<<<<" not in text
    assert (student / NOTEBOOK).read_text() == '{"cells": ["mine"],\n "nbformat": 4}\n'
    assert (student / "toys.py").read_text() == "two\n"
    [compare] = re.findall(r"`(git diff [^`]+)`", (TEMPLATE / "README.md").read_text())
    assert "+line 3, corrected" in sh(compare, student)


def test_an_answer_in_a_file_that_the_update_removes_stays(course: Course) -> None:
    course.release(FIRST)
    student = course.student()
    answered(student)
    course.release({name: content for name, content in FIRST.items() if name != STUB})
    sh("\n".join(blocks()[0]), student, code=1)
    assert "CONFLICT" in sh("\n".join(blocks()[1]), student, code=1)
    sh("\n".join(blocks()[2]), student)
    assert "my answer\n" in (student / STUB).read_text()
    assert sh("git status --porcelain", student) == ""


@pytest.mark.parametrize("old_gitignore", [False, True])
def test_a_colleague_releases_from_a_clone_and_gets_the_last_release_as_the_base(
    course: Course, old_gitignore: bool
) -> None:
    course.release(FIRST)
    graded(course.clone)  # the first instructor looks at the lesson as a student does
    if old_gitignore:
        (course.clone / ".blindgrade" / ".gitignore").write_text("*\n")
    new = {**FIRST, "exercises/lesson_1_1_2_more/more.py": LINES.encode()}
    course.release(new)

    colleague = Course.__new__(Course)
    colleague.root, colleague.server, colleague.clone = course.root, course.server, course.student("colleague")
    answered(colleague.clone)
    more = colleague.clone / "exercises/lesson_1_1_2_more/more.py"
    more.write_text(LINES.replace("line 1\n", "a note of the colleague\n"))
    update = {**new, "exercises/lesson_1_1_2_more/more.py": LINES.replace("line 9\n", "line nine\n").encode()}
    summary = colleague.release(update)
    assert summary.kept == [STUB]
    [difference] = summary.differing.values()
    assert "-line 9" in difference and "+line nine" in difference
    assert "last release" in difference and "colleague" not in difference


def test_nothing_of_an_instructors_own_gradings_is_committed(course: Course) -> None:
    graded(course.clone)
    course.release(FIRST)
    tracked = sh("git ls-files .blindgrade", course.clone).splitlines()
    assert tracked == [f".blindgrade/base/{STUB.rpartition('.')[0]}.ipynb", f".blindgrade/base/{STUB}",
                       ".blindgrade/base/toys.py", ".blindgrade/released.json"]  # fmt: skip


def test_the_documented_commands_of_instructors_release_the_next_version(
    course: Course, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_as(catalog, ["all"], "repository", course.clone)
    sh("git add --all && git commit -qm first && git push -q origin HEAD:main", course.clone)
    clone = course.student("colleague")
    guide = (HERE / "docs" / "instructors.md").read_text().split("### With git")[1]
    script = re.search(r"```\n(.*?)```", guide, re.DOTALL)
    assert script is not None
    monkeypatch.setenv("BLINDGRADE_COURSE", str(catalog.root))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with open(catalog.root / "student_template" / "README.md", "a") as readme:
        readme.write("\nA new line.\n")
    said = sh(script[1].replace("lesson-7.3", "lesson-1.1"), clone)
    assert "1 updated" in said
    assert "A new line." in sh("git show main:README.md", course.server)
