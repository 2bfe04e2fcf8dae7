"""The bundle for Classroom 50 grades in the built-in runner and in our own workflow."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from blindgrade.catalog import Catalog, CourseError
from blindgrade.release.torch_bound import torch_bound
from blindgrade.systems.classroom50 import release
from blindgrade.systems.classroom50.result import IdentityMissing, Submission, scale, time_of_tag

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
CASES = TESTS / "submissions" / "mini"
TIME = "2026-06-01T14:32:01Z"
IDENTITY = {
    "CLASSROOM": "cs-principles",
    "ASSIGNMENT": "lesson-1-1-1",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "alice",
    "SUBMISSION_TAG": "submit/2026-06-01T14-35-05Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/org/repo/commit/abc",
    "RELEASE_URL": "https://github.com/org/repo/releases/tag/submit%2Fx",
}
UTC = r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"


def released(ids: tuple[str, ...] = ("lesson-1.1.1",)) -> dict[str, bytes]:
    catalog = Catalog(MINI)
    return release.files(catalog, catalog.find(ids))


def unpacked(target: Path) -> Path:
    """The bundle as the runner extracts it."""
    for name, content in released().items():
        prefix = "CLASSROOM/autograders/lesson-1-1-1/"
        if name.startswith(prefix):
            path = target / name.removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return target


def test_the_runner_installs_the_versions_of_pytorch_that_were_proved() -> None:
    catalog = Catalog(MINI)
    bound = torch_bound(catalog.find(["lesson-1.1.1"])).requirement
    grader = released()["CLASSROOM/autograders/lesson-1-1-1/blindgrade_grader.py"].decode()
    assert f'TORCH = "{bound}"' in grader


@dataclass
class Checkout:
    """A student's repository on the runner's machine."""

    path: Path
    bundle: Path

    def run(self, *ids: str, script: str = "autograder.py", **env: str) -> subprocess.CompletedProcess[str]:
        given = {"PATH": os.environ["PATH"], "BLINDGRADE_PYTHON": sys.executable, **IDENTITY, **env}
        return subprocess.run(
            [sys.executable, self.bundle / script, *ids], cwd=self.path, env=given, capture_output=True, text=True
        )

    def result(self) -> Any:
        return json.loads((self.path / "result.json").read_text())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    repository = tmp_path / "repository"
    lesson = repository / "exercises" / "lesson_1_1_1_basics"
    lesson.mkdir(parents=True)
    shutil.copy(CASES / "wrong_and_blocked" / "basics.py", lesson)
    git(repository, "init", "-q", "-b", "main")
    commit(repository)
    return Checkout(repository, unpacked(tmp_path / "bundle"))


def git(path: Path, *command: str, **env: str) -> str:
    given = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **env}
    done = subprocess.run(["git", "-C", str(path), *command], env=given, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(path: Path) -> None:
    git(path, "add", ".")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    when = "2026-06-01T16:32:01+02:00"
    git(path, *who, "commit", "-qm", "work", GIT_COMMITTER_DATE=when, GIT_AUTHOR_DATE="2020-01-01T00:00:00Z")


def must_be_valid(record: Any) -> None:
    """The requirements of foundation50/classroom50: its result-v1.schema.json and its runner."""
    needed = {
        "schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release", "review",
        "datetime", "score", "max-score", "tests",
    }  # fmt: skip
    assert needed <= set(record) <= needed | {"graded_at", "submitted_by"}
    assert record["schema"] == "classroom50/result/v1"
    assert record["assignment_type"] in ("individual", "group")
    assert record["submission"].startswith("submit/")
    assert re.fullmatch(UTC, record["datetime"]) and re.fullmatch(UTC, record["graded_at"])
    for one in (record, *record["tests"]):
        assert type(one["score"]) is type(one["max-score"]) is int and 0 <= one["score"] <= one["max-score"]
    for test in record["tests"]:
        assert type(test["passed"]) is bool and test["test-name"]


def test_nothing_private_is_in_what_is_published(tmp_path: Path) -> None:
    private = ["BEGIN SOLUTION", "of_a_row_with_itself", "works_on_a_single_row", "not_divided", "misconception("]
    solution = (MINI / "solutions/lesson_1_1_1_basics/basics.py").read_text()
    assert "BEGIN SOLUTION" in solution and release.PRIVATE is False
    course = {name: text for name, text in released().items() if "/course/" in name}
    assert {Path(name).name for name in course} == {
        "course.toml", "lesson.toml", "toys.py", "public_checks.py", "answer_key.json",
    }  # fmt: skip
    for name, content in course.items():
        assert not [word for word in private if word in content.decode()], name


def test_classroom_50_accepts_the_record(checkout: Checkout) -> None:
    done = checkout.run()
    assert done.returncode == 0, done.stderr
    record = checkout.result()
    must_be_valid(record)
    assert (record["owner"], record["classroom"], record["assignment"]) == ("alice", "cs-principles", "lesson-1-1-1")
    assert [t["test-name"] for t in record["tests"]] == [
        "lesson-1.1.1/standardize", "lesson-1.1.1/correlation", "lesson-1.1.1/fit_line",
    ]  # fmt: skip
    assert record["max-score"] == 100 and record["score"] == sum(t["score"] for t in record["tests"]) < 100
    body = (checkout.path / "release-body.md").read_text()
    assert "| standardize | failed |" in body and "3 of 6 checks are public; the others run when you hand in." in body


def test_all_points_are_the_full_score(checkout: Checkout) -> None:
    shutil.copy(CASES / "all_right" / "basics.py", checkout.path / "exercises" / "lesson_1_1_1_basics")
    assert checkout.run().returncode == 0
    assert checkout.result()["score"] == 100 and all(t["passed"] for t in checkout.result()["tests"])


def test_the_time_is_the_commits_and_does_not_change_when_it_is_graded_again(checkout: Checkout) -> None:
    checkout.run()
    first = checkout.result()
    os.utime(checkout.path / "result.json")
    checkout.run()
    again = checkout.result()
    assert first["datetime"] == again["datetime"] == TIME
    assert {**first, "graded_at": ""} == {**again, "graded_at": ""}


def test_without_a_repository_the_time_is_the_tags(checkout: Checkout) -> None:
    shutil.rmtree(checkout.path / ".git")
    checkout.run()
    assert checkout.result()["datetime"] == "2026-06-01T14:35:05Z"


def test_a_result_that_a_student_committed_is_never_read_as_ours(checkout: Checkout, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("kept")
    (checkout.path / "result.json").symlink_to(outside)
    (checkout.path / "release-body.md").mkdir()
    assert checkout.run(CLASSROOM="").returncode == 2
    assert not os.path.lexists(checkout.path / "result.json") and outside.read_text() == "kept"
    assert checkout.run().returncode == 0
    must_be_valid(checkout.result())


@pytest.mark.parametrize("missing", ["CLASSROOM", "ASSIGNMENT", "OWNER", "SUBMISSION_TAG", "COMMIT_URL"])
def test_a_value_that_the_runner_does_not_set_is_not_guessed(missing: str) -> None:
    with pytest.raises(IdentityMissing, match=missing):
        Submission.of({**IDENTITY, missing: ""}, TIME)


def test_no_time_at_all_is_an_error_and_not_now() -> None:
    with pytest.raises(IdentityMissing, match="commit's time"):
        Submission.of({**IDENTITY, "SUBMISSION_TAG": "submit/phase1"}, None)
    assert time_of_tag("submit/2026-06-01T14-32-05Z-a1b2c3d") == "2026-06-01T14:32:05Z"


def test_a_broken_bundle_is_an_infrastructure_error(checkout: Checkout) -> None:
    (checkout.bundle / "course" / "course.toml").unlink()
    done = checkout.run()
    assert done.returncode != 0 and done.stderr.startswith("::error::")
    assert not (checkout.path / "result.json").exists()


def test_a_students_text_is_no_command_to_the_runner(checkout: Checkout) -> None:
    text = "def standardize(values):\n    raise ValueError('x\\n::set-output name=a::b')\n"
    (checkout.path / "exercises/lesson_1_1_1_basics/basics.py").write_text(text)
    out = checkout.run().stdout
    word = re.match(r"::stop-commands::(\w{32})\n", out)
    assert word is not None and out.rstrip().endswith(f"::{word[1]}::")
    assert out.count(word[1]) == 2 and "set-output" in out


def test_a_students_text_stays_inside_its_code_block(checkout: Checkout) -> None:
    text = "def standardize(values):\n    raise ValueError('``` @teacher <b>```` x')\n"
    (checkout.path / "exercises/lesson_1_1_1_basics/basics.py").write_text(text)
    checkout.run()
    body = (checkout.path / "release-body.md").read_text()
    fence = next(line for line in body.splitlines() if line.startswith("```"))
    assert fence == "`````text" and body.count("\n`````\n") >= 1


@pytest.mark.parametrize(
    "points,factor", [([40, 40, 20], 1), ([3.5, 10, 7], 2), ([0.1, 0.2], 10), ([1 / 3], 3), ([0.123456], 100)]
)
def test_points_are_scaled_until_they_are_whole(points: list[float], factor: int) -> None:
    assert scale(points) == factor


def test_declared_tests_fit_the_schema_and_decide_by_exit_code(checkout: Checkout) -> None:
    declared = json.loads(released()["assignments/lesson-1-1-1.tests.json"])
    assert [t["points"] for t in declared] == [0, 40, 40, 20]
    assert len({t["name"] for t in declared}) == len(declared) == 4
    for test in declared:
        assert set(test) == {"name", "type", "run", "timeout", "points"} and test["type"] == "run"
        assert 0 < test["timeout"] <= 600 and len(test["name"].encode()) <= 100
    (checkout.bundle / "autograder.py").unlink()  # it would go before declared tests
    lesson = checkout.path / "exercises" / "lesson_1_1_1_basics"
    for case, codes in (("all_right", [0, 0]), ("wrong_and_blocked", [0, 1])):
        shutil.copy(CASES / case / "basics.py", lesson)
        env = {"PATH": os.environ["PATH"], "BLINDGRADE_PYTHON": sys.executable,
               "CLASSROOM50_BUNDLE_DIR": str(checkout.bundle)}  # fmt: skip
        said = [
            subprocess.run(["bash", "-c", t["run"]], cwd=checkout.path, env=env, capture_output=True)
            for t in declared[:2]
        ]
        assert [min(done.returncode, 1) for done in said] == codes


@pytest.mark.parametrize(
    "ids,name",
    [(("lesson-1.1.1",), "lesson-1-1-1"), (("lesson-1.1.1/fit_line",), "lesson-1-1-1-fit-line")],
)
def test_an_assignment_is_named_as_classroom_50_allows(ids: tuple[str, ...], name: str) -> None:
    assert release.assignment(Catalog(MINI).find(ids)) == name
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,38}", name)


def test_lessons_of_a_module_share_a_name() -> None:
    catalog = Catalog(TESTS.parent)
    assert release.assignment(catalog.find(["lesson-7.2"])) == "lesson-7-2"
    assert release.assignment(catalog.find(["all"])) == "lesson-7"


def test_a_course_without_answer_keys_is_not_released(tmp_path: Path) -> None:
    shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("answer_key.json"))
    catalog = Catalog(tmp_path / "mini")
    with pytest.raises(CourseError, match="run `course build`"):
        release.files(catalog, catalog.find(["all"]))


# ---------------------------------------------------------------- the workflow


def workflow() -> Any:
    return yaml.safe_load(released()[".github/workflows/blindgrade-runner.yaml"])


def test_the_job_that_runs_student_code_can_only_read() -> None:
    jobs = workflow()["jobs"]
    assert workflow()["permissions"] == {} and jobs["grade"]["permissions"] == {"contents": "read"}
    checkouts = [s for s in jobs["grade"]["steps"] if s.get("uses", "").startswith("actions/checkout")]
    assert [s["with"]["persist-credentials"] for s in checkouts] == [False]
    assert not any("checkout" in s.get("uses", "") for s in jobs["publish"]["steps"])
    for job in jobs.values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "an expression inside a script is a hole"


def test_the_callers_rights_cover_the_workflows_rights() -> None:
    caller = yaml.safe_load(released()["CLASSROOM/autograders/blindgrade.yaml"])["jobs"]["grade"]
    assert caller["with"] == {"classroom": "CLASSROOM", "assignment": "lesson-1-1-1"}
    asked = workflow()["jobs"]["publish"]["permissions"]
    assert caller["permissions"] == asked


GH = """#!/bin/bash
echo "$*" >> "$LOG"
[ "$1 $2" != "release view" ] || [ -e "$RELEASED" ]
"""


def test_the_scripts_of_the_workflow_grade_and_publish(checkout: Checkout, tmp_path: Path) -> None:
    """Every script in order, with imitations of `gh`, the Pages site and the two artifacts."""
    pages = tmp_path / "pages" / "cs-principles" / "autograders"
    pages.mkdir(parents=True)
    with tarfile.open(pages / "lesson-1-1-1.tar.gz", "w:gz") as archive:
        archive.add(checkout.bundle, ".")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    env = {
        "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "BLINDGRADE_PYTHON": sys.executable,
        "CLASSROOM": "cs-principles",
        "ASSIGNMENT": "lesson-1-1-1",
        "GITHUB_REPOSITORY": "org/cs-principles-lesson-1-1-1-alice",
        "GITHUB_SHA": git(checkout.path, "rev-parse", "HEAD"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "PAGES_BASE_URL": f"file://{tmp_path}/pages",
        "COMMIT_URL": IDENTITY["COMMIT_URL"],
        "RELEASE_BASE": "https://github.com/org/repo/releases/tag",
        "ASSIGNMENT_TYPE": "individual",
        "GH_REPO": "org/repo",
        "LOG": str(tmp_path / "log"),
        "RELEASED": str(tmp_path / "released"),
    }
    published = tmp_path / "publish"
    published.mkdir()
    records = []
    for _ in range(2):
        for job, place in (("grade", checkout.path), ("publish", published)):
            for step in workflow()["jobs"][job]["steps"]:
                if "run" in step:
                    done = subprocess.run(
                        ["bash", "-e", "-c", step["run"]], cwd=place, env=env, capture_output=True, text=True
                    )
                    assert done.returncode == 0, (step["name"], done.stderr)
                if step.get("id") == "identify":
                    outputs = dict(line.split("=", 1) for line in Path(env["GITHUB_OUTPUT"]).read_text().splitlines())
                    env |= {"SUBMISSION_TAG": outputs["tag"], "OWNER": outputs["owner"]}
            for name in ("result.json", "release-body.md"):
                shutil.copy(checkout.path / name, published)
        records.append(checkout.result())
        (tmp_path / "released").touch()
        git(checkout.path, "tag", "-f", env["SUBMISSION_TAG"])
    must_be_valid(records[0])
    sha = env["GITHUB_SHA"][:7]
    assert records[0]["submission"] == f"submit/2026-06-01T14-32-01Z-{sha}" and records[0]["owner"] == "alice"
    assert records[0]["release"].endswith(f"/tag/submit%2F2026-06-01T14-32-01Z-{sha}")
    assert records[0]["datetime"] == records[1]["datetime"] == TIME
    log = Path(env["LOG"]).read_text()
    assert log.count("release create") == 1 and log.count("release upload") == 1 and "state=failure" in log
    # Another student's record is not published.
    (published / "result.json").write_text(json.dumps({**records[0], "owner": "bob"}))
    script = next(s["run"] for s in workflow()["jobs"]["publish"]["steps"] if "run" in s)
    done = subprocess.run(["bash", "-e", "-c", script], cwd=published, env=env, capture_output=True)
    assert done.returncode != 0 and Path(env["LOG"]).read_text() == log
