"""The engine on golden submissions: each folder of tests/submissions/mini has a file and its expected result."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.checks import Check
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.engine.grading import student
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.references import References
from blindgrade.engine.grading.runner import grade, grade_lesson
from blindgrade.engine.grading.student import Student
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import Interrupted
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.submission.reading import read_submission
from blindgrade.engine.wire.replies import Loaded
from blindgrade.models import Attempt, Exercise, Grading

TESTS = Path(__file__).parents[2]
GOLDEN = sorted(p for p in (TESTS / "submissions" / "mini").iterdir() if p.is_dir())
MINI = Catalog(TESTS / "courses" / "mini")


WARM: list[Zygote] = []  # one for all tests: most of a grading's time is the start of a warm process


@pytest.fixture(scope="module", autouse=True)
def _warm() -> Iterator[None]:
    with Zygote.for_targets(MINI.find(["all"])) as zygote:
        WARM.append(zygote)
        yield
        WARM.clear()


def graded(submission: Path, *ids: str, **options: object) -> Attempt:
    return grading(submission, *ids, **options).lessons[0]


def grading(submission: Path, *ids: str, **options: object) -> Grading:
    targets = MINI.find(ids or ("lesson-1.1.1",))
    return grade(MINI, targets, submission, Options(**options), WARM[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda p: p.name)
def test_a_golden_submission_is_graded_as_expected(case: Path) -> None:
    attempt = graded(case)
    expected = json.loads((case / "expected.json").read_text())
    results = {r.name: r for r in attempt.exercises}
    for name, claims in expected["exercises"].items():
        result = results[name]
        messages = " ".join(c.message for c in result.checks)
        assert result.outcome == claims["outcome"], (name, messages)
        assert claims.get("message", "") in messages
        assert claims.get("points", result.points) == result.points
        if result.outcome == "passed":
            assert result.points == result.max_points
        if "misconception" in claims:
            assert claims["misconception"] in [c.misconception for c in result.checks]
    for text in expected["problems"]:
        assert any(text in problem for problem in attempt.problems), attempt.problems


def test_the_same_seed_repeats_an_attempt(tmp_path: Path) -> None:
    case = TESTS / "submissions" / "mini" / "wrong_and_blocked"
    once, again = graded(case, seed=11), graded(case, seed=11)
    assert [c.message for e in once.exercises for c in e.checks] == [
        c.message for e in again.exercises for c in e.checks
    ]
    assert once.seed == again.seed == 11


def test_a_fresh_seed_is_drawn_each_time() -> None:
    case = TESTS / "submissions" / "mini" / "all_right"
    assert graded(case).seed != graded(case).seed


def test_a_hidden_check_shows_no_expected_value() -> None:
    attempt = graded(TESTS / "submissions" / "mini" / "wrong_and_blocked")
    hidden = [c for e in attempt.exercises for c in e.checks if not c.public and c.outcome == "failed"]
    assert hidden and all("expected" not in c.message for c in hidden)


def test_blame_falls_on_a_required_exercise_that_was_not_asked_for() -> None:
    attempt = graded(TESTS / "submissions" / "mini" / "wrong_and_blocked", "lesson-1.1.1/correlation")
    assert [(e.name, e.outcome) for e in attempt.exercises] == [("correlation", "blocked")]


def test_nothing_is_left_behind_by_a_submission_that_daemonises() -> None:
    before = _warm_processes()
    grade(MINI, MINI.find(["lesson-1.1.1"]), TESTS / "submissions" / "mini" / "leaves_a_child", Options())
    assert _warm_processes() - before == set()


def _warm_processes() -> set[str]:
    """Ids of the warm processes and workers that this process or a daemon started."""
    found = subprocess.run(["pgrep", "-f", "blindgrade.engine.worker.zygote"], capture_output=True, text=True).stdout
    return {pid for pid in found.split() if _ancestor(int(pid)) in (1, os.getpid())}


def _ancestor(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return -1


def test_public_checks_are_graded_by_key_without_the_private_trees(tmp_path: Path) -> None:
    released = tmp_path / "course"
    shutil.copytree(MINI.root, released, ignore=shutil.ignore_patterns("solutions", "graders"))
    catalog = Catalog(released)
    options = Options(reference="key")
    right = grade(catalog, catalog.find(["all"]), TESTS / "submissions" / "mini" / "all_right", options)
    wrong = grade(catalog, catalog.find(["all"]), TESTS / "submissions" / "mini" / "wrong_and_blocked", options)
    assert right.points == right.max_points
    assert all(c.public for a in right.lessons for e in a.exercises for c in e.checks)
    assert wrong.points < wrong.max_points


def test_debug_grades_in_this_process() -> None:
    attempt = graded(TESTS / "submissions" / "mini" / "all_right", debug=True)
    assert (attempt.points, attempt.sandbox) == (100.0, "none")


def test_a_file_longer_than_a_reply_may_be_is_graded_to_its_end(tmp_path: Path) -> None:
    honest = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text()
    path = tmp_path / "basics.py"
    path.write_text("import torch\n" + "# a long remark\n" * 8_000 + honest)
    assert graded(path).points == 100


def test_what_was_printed_before_a_crash_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "basics.py"
    path.write_text("import os\ndef standardize(values):\n    print('so far')\n    os._exit(3)\n")
    standardize = graded(path).exercises[0]
    assert "ended its process" in standardize.checks[0].message and "so far" in standardize.output


SENT_TOGETHER = """
import os, time
right = standardize

def standardize(values):
    print("rows" if values.dim() > 1 and values.shape[0] == 3 else "hidden")
    if values.dim() == 1:
        {deed}
    return right(values)

def correlation(first, second):
    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))
    return torch.nn.functional.cosine_similarity(first, second, dim=-1)
"""
STOPPED = "not run, because an earlier check was stopped after 14 s of waiting"


@pytest.mark.parametrize(
    ("deed", "messages"),
    [
        ("pass", ["", "", ""]),
        ("os._exit(0)", ["", "your code ended its process", ""]),
        ("time.sleep(60)", ["", "stopped after 14 s of waiting", STOPPED]),
        ("os.write(3, bytes(16))", ["", "broke the protocol", ""]),
    ],
    ids=["nothing", "ends its process", "does not end", "speaks out of turn"],
)
def test_hidden_checks_that_are_sent_together_are_kept_apart(tmp_path: Path, deed: str, messages: list[str]) -> None:
    honest = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text()
    (tmp_path / "basics.py").write_text(honest + SENT_TOGETHER.format(deed=deed))
    standardize, correlation, _ = graded(tmp_path).exercises
    for check, message in zip(standardize.checks, messages, strict=True):
        assert (message in check.message) if message else (check.outcome == "passed"), check
    assert correlation.outcome == "passed"
    assert standardize.output.split() == ["rows"]


def test_answers_that_nobody_asked_for_do_not_reach_other_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exercise's time is over before the loop asks for the answers to all sent requests."""
    honest = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text()
    (tmp_path / "basics.py").write_text(honest + SENT_TOGETHER.format(deed="pass"))
    messages = ["", "", "not run: the time is over"]
    real = Student._no_longer

    def over(self: Student, exercise: Exercise) -> str:
        return messages[2] if exercise.name == "standardize" and self._ahead else real(self, exercise)

    monkeypatch.setattr(Student, "_no_longer", over)
    standardize, correlation, _ = graded(tmp_path).exercises
    assert [check.message for check in standardize.checks] == messages
    assert correlation.outcome == "passed"


def test_a_diagnosis_ends_when_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    real = LiveReference.of_variant

    def counted(self: LiveReference, variant: Variant, check: Check, seed: int) -> dict[str, Any]:
        tried.append(variant.name)
        return real(self, variant, check, seed)

    monkeypatch.setattr(LiveReference, "of_variant", counted)
    case = TESTS / "submissions" / "mini" / "wrong_and_blocked"
    graded(case)
    all_tried = set(tried)
    tried.clear()
    with pytest.raises(Interrupted):
        graded(case, interrupted=lambda: bool(tried))
    assert len(set(tried)) == 1 < len(all_tried)


def test_what_does_not_fit_beside_another_request_is_sent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student, "AHEAD", 0)
    assert graded(TESTS / "submissions" / "mini" / "all_right").points == 100


def test_a_worker_that_ended_or_sent_too_much_after_its_answer_is_seen_before_the_next_call() -> None:
    with Zygote().ready() as zygote:
        for deed in ("os._exit(0)", "os.write(3, b'more')"):
            worker = zygote.spawn(Limits())
            assert worker.waits()
            text = f"import os, threading\nthreading.Timer(1.0, lambda: {deed}).start()\n"
            request = {"op": "load", "module": "m", "text": text.encode(), "file": "m.py", "files": {}}
            assert worker.call(request, 10) == Loaded()
            for _ in range(500):
                if not worker.waits():
                    break
                time.sleep(0.01)
            assert not worker.waits()
            worker.close()


def test_a_submission_is_freed_as_soon_as_it_is_graded() -> None:
    """A cohort's process would else hold hundreds of them until the collector comes."""
    [target] = MINI.find(["lesson-1.1.1"])
    path = TESTS / "submissions" / "mini" / "all_right"
    with Zygote().ready() as zygote:
        found = read_submission(path, [target.files], {})["lesson-1.1.1"]
        assert found is not None
        alive = weakref.ref(found)
        gc.disable()
        try:
            assert grade_lesson(target, found, path, Options(), zygote, References()).points == 100
            del found
            assert alive() is None
        finally:
            gc.enable()


# ---------------------------------------------------------------- time


def honest_with(code: str, folder: Path, name: str = "basics.py") -> Path:
    """The right answers, with code below that replaces some."""
    honest = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text()
    (folder / name).write_text(f"{honest}\n{code}")
    return folder


def first_message(path: Path, number: int = 0) -> tuple[str, str]:
    exercise = graded(path).exercises[number]
    failed = next(check for check in exercise.checks if check.outcome != "passed")
    return failed.message, str(failed.where)


def line_of(text: str, folder: Path) -> int:
    return (folder / "basics.py").read_text().splitlines().index(text) + 1


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        ("while True: pass", "does the loop at basics.py:{line} never end?"),
        ("import re; re.match('(a+)+$', 'a' * 40 + 'b')", "is there a loop that never ends?"),
        ("torch.linalg.svd(torch.rand(4_000, 4_000))", "is there a loop that never ends?"),
    ],
    ids=["in Python", "in a regular expression", "in torch's native code"],
)
def test_a_stop_names_the_line_where_the_code_was(tmp_path: Path, deed: str, says: str) -> None:
    honest_with(f"def standardize(values):\n    return turned(values)\ndef turned(values):\n    {deed}\n", tmp_path)
    line = line_of(f"    {deed}", tmp_path)
    message, where = first_message(tmp_path)
    assert message.startswith(f"stopped after 3 s of processor time at basics.py:{line} in turned: ")
    assert message.endswith(says.format(line=line)) and where == f"basics.py:{line}"


def test_code_that_sleeps_longer_than_its_limit_earns_its_points(tmp_path: Path) -> None:
    honest_with(
        "import time\nright = standardize\ndef standardize(values):\n    time.sleep(1.3)\n    return right(values)\n",
        tmp_path,
    )
    assert graded(tmp_path).points == 100  # three checks and more, of an exercise with 3 s


def test_code_that_waits_without_end_is_stopped_and_distinguished_from_a_loop(tmp_path: Path) -> None:
    deed = "threading.Event().wait()"
    honest_with(f"import threading\ndef fit_line(x, y):\n    {deed}\n", tmp_path)
    message, where = first_message(tmp_path, 2)
    line = line_of(f"    {deed}", tmp_path)
    assert message == (
        f"stopped after 14 s of waiting at basics.py:{line} in fit_line: "
        "does it sleep, or wait for input or for a thread?"
    )
    assert where == f"basics.py:{line}"


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ("import slow_library", "at basics.py:{line}: the import of slow_library takes too long"),
        ("while True: pass", "at basics.py:{line}: does the loop at basics.py:{line} never end?"),
        ("import slow_part", "at slow_part.py:2: the loop at slow_part.py:2 takes too long"),
    ],
    ids=["an import", "a loop", "a loop in an own module"],
)
def test_a_slow_import_is_distinguished_from_an_endless_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, top: str, says: str
) -> None:
    monkeypatch.setattr(student, "LOAD_SECONDS", 1.0)
    (tmp_path / "slow_part.py").write_text("total = 0\nfor n in range(10**12): total += n\n")
    library = (  # a module whose lines are not the student's
        "import py_compile; py_compile.compile('slow_part.py', 'slow_library.pyc', '/library/slow_library.py')"
    )
    (tmp_path / "basics.py").write_text(f"{library}\n{top}\n")
    attempt = graded(tmp_path)
    # The lesson's longest exercise has 3 s.
    stopped = f"basics.py could not be loaded: stopped after 3 s of processor time {says.format(line=2)}"
    assert [check.message for check in attempt.exercises[2].checks] == [stopped]
    assert stopped in attempt.problems


def test_a_busy_machine_changes_no_verdict(tmp_path: Path) -> None:
    """Six tenths of the limit are enough, however many other processes compute at the same time."""
    honest_with(
        "import time\nright = fit_line\ndef fit_line(x, y):\n    end = time.process_time() + 1.8\n"
        "    while time.process_time() < end: pass\n    return right(x, y)\n", tmp_path,
    )  # fmt: skip
    spin = [sys.executable, "-c", "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"]
    others = [subprocess.Popen(spin) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        assert graded(tmp_path).points == 100
    finally:
        for other in others:
            other.kill()
            other.wait()


# ---------------------------------------------------------------- what an exercise leaves behind


@pytest.mark.parametrize(
    "deed",
    [
        "kept.append(torch.inference_mode()); kept[-1].__enter__()",
        "torch.set_default_dtype(torch.float16); torch.set_grad_enabled(False); torch.set_default_device('meta')",
        "torch.nn.functional.cosine_similarity = torch.dot; torch.Tensor.__mul__ = torch.Tensor.__add__",
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "import warnings, os; warnings.simplefilter('error'); os.chdir('/'); os.environ.clear()",
    ],
    ids=["inference mode", "switches", "patches", "a thread", "the process"],
)
def test_what_one_exercise_leaves_behind_costs_no_other_a_point(tmp_path: Path, deed: str) -> None:
    body = deed.replace("; ", "\n        ")
    honest_with(
        "kept = []\nright = standardize\ndef standardize(values):\n    try:\n        return right(values)\n"
        f"    finally:\n        {body}\n"
        "def correlation(first, second):\n"
        "    first, second = (row - row.mean(dim=-1, keepdim=True) for row in (first, second))\n"
        "    return torch.nn.functional.cosine_similarity(first, second, dim=-1)\n",
        tmp_path,
    )
    assert graded(tmp_path).points == 100


def test_what_one_exercise_leaves_behind_helps_no_other(tmp_path: Path) -> None:
    honest_with(
        "known = {}\nright = standardize\nright_line = fit_line\n"
        "def standardize(values):\n    known['mean'] = torch.mean\n    torch.helper = 1\n    return right(values)\n"
        "def fit_line(x, y):\n    return right_line(x, y) if known or hasattr(torch, 'helper') else None\n",
        tmp_path,
    )
    standardize, _, fit_line = graded(tmp_path).exercises
    assert (standardize.outcome, fit_line.outcome) == ("passed", "failed")
