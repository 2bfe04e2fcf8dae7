from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.regrading import Regrading
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.models import Attempt

TESTS = Path(__file__).parents[2]
MINI = Catalog(TESTS / "courses" / "mini")
WRONG = (TESTS / "submissions" / "mini" / "wrong_and_blocked" / "basics.py").read_text()
RIGHT = WRONG.replace("return centered", "return centered / values.std(dim=-1, keepdim=True, correction=0)")
TARGETS = MINI.find(["lesson-1.1.1"])


@pytest.fixture(scope="module")
def warm() -> Iterator[Zygote]:
    with Zygote.for_targets(TARGETS, sandbox="process") as zygote:
        yield zygote


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "basics.py"
    path.write_text(WRONG)
    return path


def session(file: Path, warm: Zygote, **options: object) -> Regrading:
    return Regrading(TARGETS, file.parent, Options(sandbox="process", **options), warm)  # type: ignore[arg-type]


def names(attempts: list[Attempt]) -> list[list[str]]:
    return [[r.name for r in attempt.exercises] for attempt in attempts]


def test_trainings_come_last_and_what_was_edited_before_what_uses_it(file: Path, warm: Zygote) -> None:
    held = session(file, warm)
    assert names(list(held.regrade())) == [["standardize", "correlation"], ["fit_line"]]
    file.write_text(RIGHT)
    assert names(list(held.regrade())) == [["standardize"], ["correlation"]]
    assert {n: r.outcome for n, r in held.results["lesson-1.1.1"].items()} == {
        "standardize": "passed", "correlation": "passed", "fit_line": "passed",
    }  # fmt: skip


def test_one_seed_is_used_until_everything_is_asked_for(file: Path, warm: Zygote) -> None:
    held = session(file, warm)
    first = [a.seed for a in held.regrade()]
    file.write_text(RIGHT)
    second = [a.seed for a in held.regrade()]
    third = [a.seed for a in held.regrade(everything=True)]
    assert len({*first, *second}) == 1 and len({*third}) == 1 and third[0] != first[0]


def test_a_given_seed_stays(file: Path, warm: Zygote) -> None:
    held = session(file, warm, seed=3)
    assert {a.seed for everything in (False, True) for a in held.regrade(everything=everything)} == {3}


def test_the_reference_is_run_once_a_session(file: Path, warm: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.engine.answers import reference

    run: list[str] = []
    observe = reference.observe

    def counted(checks, check, *args):  # type: ignore[no-untyped-def]
        run.append(check.name)
        return observe(checks, check, *args)

    monkeypatch.setattr(reference, "observe", counted)
    held = session(file, warm)
    list(held.regrade())
    held.prepare()
    before = len(run)
    assert before
    for text in (RIGHT, WRONG):
        file.write_text(text)
        assert list(held.regrade())
    assert len(run) == before


def test_a_later_save_ends_a_grading_and_loses_nothing(file: Path, warm: Zygote) -> None:
    held = session(file, warm)
    list(held.regrade())
    file.write_text(RIGHT)
    held.newer = lambda: True
    assert list(held.regrade()) == [] and held.superseded
    held.newer = lambda: False
    assert names(list(held.regrade())) == [["standardize"], ["correlation"]] and not held.superseded


def test_a_file_that_cannot_be_graded_leaves_the_results(file: Path, warm: Zygote) -> None:
    held = session(file, warm)
    list(held.regrade())
    results = dict(held.results["lesson-1.1.1"])
    file.write_text("def (")
    assert list(held.regrade()) == [] and "last results stay" in held.problems["lesson-1.1.1"][0]
    file.unlink()
    assert list(held.regrade()) == [] and "put it back" in held.problems["lesson-1.1.1"][0]
    shutil.rmtree(file.parent)
    assert list(held.regrade()) == [] and "does not exist" in held.problems[""][0]
    assert held.results["lesson-1.1.1"] == results
    file.parent.mkdir()
    file.write_text(WRONG + "\n# the same code\n")
    assert list(held.regrade()) == [] and not any(held.problems.values())


def test_a_file_that_never_parsed_is_graded_as_far_as_it_runs(file: Path, warm: Zygote) -> None:
    file.write_text(RIGHT + "\n\ndef broken(:\n    pass\n")
    held = session(file, warm)
    outcomes = {r.name: r.outcome for a in held.regrade() for r in a.exercises}
    assert outcomes["standardize"] == "passed"
    assert "SyntaxError" in held.problems["lesson-1.1.1"][0]


def test_an_answer_key_keeps_its_seed(file: Path, warm: Zygote) -> None:
    held = session(file, warm, reference="key")
    assert {(a.reference, a.seed) for a in held.regrade()} == {("key", 7)}
    held.prepare()


def test_a_later_save_ends_a_training_that_runs(file: Path, warm: Zygote) -> None:
    begun: list[str] = []
    file.write_text(RIGHT + "\n\ndef fit_line(x, y):\n    import time\n    time.sleep(600)\n")
    held = session(file, warm, progress=lambda lesson, name, outcome: begun.append(name))
    held.newer = lambda: "fit_line" in begun
    assert names(list(held.regrade())) == [["standardize", "correlation"]]
    assert held.superseded
    file.write_text(RIGHT)
    held.newer = lambda: False
    assert names(list(held.regrade())) == [["fit_line"]]
    assert held.results["lesson-1.1.1"]["fit_line"].outcome == "passed"
