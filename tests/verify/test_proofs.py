"""A sound course passes every proof. A course with one fault fails the proof about this fault."""

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.generate.build import build
from blindgrade.verify.bench import Effort
from blindgrade.verify.coverage import concepts_are_used
from blindgrade.verify.proofs import prove, prove_task
from blindgrade.verify.tasks import Proof, Task, plan
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson-1.1.1"
FOLDER = "lesson_1_1_1_basics"


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A copy of the miniature course that a test may break."""
    return Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))


def edited(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new))


def proved(root: Path, kind: str, exercise: str = "", subject: str = "", seed: int = 0) -> Proof:
    return prove_task(root, Task(LESSON, kind, subject, exercise, seed))


def test_a_sound_course_passes_every_proof(mini: Path) -> None:
    build(Catalog(mini), ["all"], check=False)
    steps: list[tuple[str, int, int]] = []
    proofs = prove(Catalog(mini), ["all"], Effort(2, known="nothing"), lambda *step: steps.append(step))
    assert [(p.name, p.subject, p.detail) for p in proofs if not p.passed] == []
    assert [done for _, done, _ in steps] == list(range(1, steps[-1][2] + 1))
    assert proofs[-1].lesson == "course"


def test_one_exercise_is_proved_without_the_proofs_about_the_whole_lesson() -> None:
    tasks = plan(Workshop(MINI, LESSON), ["correlation"], 1)
    assert {task.exercise for task in tasks} == {"correlation"}
    assert not {"drift", "key", "stub", "coverage", "supplies"} & {task.kind for task in tasks}


def test_a_stub_edited_by_hand_is_out_of_date(mini: Path) -> None:
    build(Catalog(mini), ["all"], check=False)
    edited(
        mini,
        f"exercises/{FOLDER}/basics.py",
        "    raise NotImplementedError\n\n\n# %% [markdown]\n# ## Corr",
        "    pass\n\n\n# %% [markdown]\n# ## Corr",
    )
    proof = proved(mini, "drift")
    assert not proof.passed
    assert "basics.py is out of date; run `course build`" in proof.detail


def test_a_solution_that_loses_points_is_reported_with_its_check(mini: Path) -> None:
    edited(mini, f"solutions/{FOLDER}/basics.py", "range(100)", "range(1)")
    proof = proved(mini, "solution")
    assert not proof.passed
    assert "`fit_line` earns 0 of 20: finds_the_line" in proof.detail


def test_a_stub_that_earns_points_is_reported_with_its_check(mini: Path) -> None:
    stub = mini / f"exercises/{FOLDER}/basics.py"
    stub.write_text((mini / f"solutions/{FOLDER}/basics.py").read_text())
    proof = proved(mini, "stub")
    assert not proof.passed
    assert "`standardize` earns 40" in proof.detail


def test_an_alternative_that_is_wrong_fails(mini: Path) -> None:
    edited(mini, f"graders/{FOLDER}/known_answers.py", "correction=0", "correction=1")
    proof = proved(mini, "alternative", "standardize", "standardize/by_library, seed 0")
    assert not proof.passed
    assert "has_mean_zero_and_spread_one" in proof.detail


def test_a_misconception_that_no_check_notices_fails(mini: Path) -> None:
    edited(mini, f"graders/{FOLDER}/known_answers.py", '".mean()"', '".mean(-1)"')
    proof = proved(mini, "misconception", "correlation", "correlation/one_number, seed 0")
    assert (proof.passed, proof.detail) == (False, "no check notices it; write one that does")


def test_a_misconception_named_as_another_fails(mini: Path) -> None:
    edited(mini, f"graders/{FOLDER}/checks.py", 'misconception="uphill"', 'misconception="stops_early"')
    proof = proved(mini, "misconception", "fit_line", "fit_line/uphill, seed 0")
    assert not proof.passed
    assert "name it as stops_early" in proof.detail and "the failed checks (" in proof.detail


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ("range(0)", "range(2)", "finds_the_line names it stops_early; let the verdict ask for evidence"),
        ("range(0)", "range(200)", "it earns every point; it is a right answer, or a check is missing"),
        ("range(0)", "range(0)", ""),
    ],
)
def test_another_way_to_fail_loses_points_and_is_named_as_no_misconception(
    mini: Path, old: str, new: str, detail: str
) -> None:
    edited(mini, f"graders/{FOLDER}/known_answers.py", f'"{old}")', f'"{new}")')
    proof = proved(mini, "failure", "fit_line", "fit_line/no_training, seed 0")
    assert proof.passed is not bool(detail)
    assert proof.detail.startswith(detail)


def test_a_trained_exercise_has_three_other_ways_to_fail(mini: Path) -> None:
    edited(mini, f"graders/{FOLDER}/known_answers.py", 'fails("no_training", "range(100)", "range(0)")\n', "")
    proof = proved(mini, "supplies")
    assert not proof.passed
    assert "`fit_line` has 2 other ways to fail and needs at least 3; add `fails(…)`" in proof.detail


def test_a_misconception_that_costs_an_exercise_which_does_not_require_it_fails(mini: Path) -> None:
    edited(mini, f"exercises/{FOLDER}/lesson.toml", 'requires = ["standardize"]\n', "")
    proof = proved(mini, "misconception", "standardize", "standardize/not_divided, seed 0")
    assert not proof.passed
    assert "other exercises lose points: `correlation`" in proof.detail


def test_a_concept_without_an_exercise_is_named(mini: Path) -> None:
    edited(mini, f"exercises/{FOLDER}/lesson.toml", '"gradient-descent"', '"standardization"')
    assert proved(mini, "coverage").detail == "no exercise has the concept `gradient-descent`"


def test_a_developed_concept_that_is_only_looked_up_is_named(mini: Path) -> None:
    def found() -> str:
        catalog = Catalog(mini)
        return concepts_are_used(catalog.course, [catalog.lesson(files) for files in catalog.ready()])

    spec = mini / "exercises" / FOLDER / "lesson.toml"
    used = 'concepts = ["standardization"]'
    spec.write_text(spec.read_text().replace(used, f'{used}\nuse = "looked up"', 1))
    assert found() == ""
    last = spec.read_text().rindex(used)
    spec.write_text(spec.read_text()[:last] + 'use = "looked up"\n' + spec.read_text()[last:])
    assert found() == "exercises only look up standardization; add one that computes, decides or trains"


def test_a_check_over_its_budget_is_named(mini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blindgrade.verify.trials.CHECK_SECONDS", 0.0)
    assert "works_on_a_single_row takes" in proved(mini, "budget", "standardize").detail


def test_an_exercise_without_a_public_check_is_named(mini: Path) -> None:
    edited(mini, f"graders/{FOLDER}/checks.py", "weight=2, public=True", "weight=2")
    assert proved(mini, "supplies").detail == "`correlation` has no public check"
