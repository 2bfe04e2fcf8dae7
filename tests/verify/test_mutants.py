"""A mutant changes one thing inside the regions. A mutant that passes every check is reported."""

import ast
import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.models import Lesson
from blindgrade.verify.bench import Effort
from blindgrade.verify.mutant import read_equivalents
from blindgrade.verify.mutant_proofs import mutants_are_killed
from blindgrade.verify.mutants import mutants
from blindgrade.verify.proofs import prove
from blindgrade.verify.tasks import Proof
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson-1.1.1"
FOLDER = "lesson_1_1_1_basics"
EQUIVALENTS = f"graders/{FOLDER}/equivalents.toml"


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A copy of the miniature course that a test may break."""
    return Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))


def killed(root: Path) -> list[Proof]:
    workshop = Workshop(root, LESSON)
    return mutants_are_killed(workshop, mutants(workshop.solution.text, workshop.lesson), workers=2)[0]


def changes(body: str) -> list[str]:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    text = f"def f(x):\n    y = 1 + 1\n    ### BEGIN SOLUTION\n{lines}\n    ### END SOLUTION\n"
    return [mutant.change for mutant in mutants(text, Workshop(MINI, LESSON).lesson)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x + y", ["x + y -> x - y"]),
        ("x *= y", ["x *= y -> x /= y"]),
        ("return x.sum(dim=1)", ["dim=1 -> dim=2"]),
        ("return x.sum(dim=-1)", ["dim=-1 -> dim=1", "dim=-1 -> dim=-2"]),
        ("return f(x, 0.5)", ["f(x, 0.5) -> f(x, 1.0)"]),
        ("return x if x < y else y", ["x < y -> x <= y"]),
        ("return not x and y", ["not x and y -> not x or y", "not x and y -> x and y"]),
        ("g(x, keepdim=True)", ["keepdim=True -> keepdim=False"]),
        ("if x:\n    return y", ["x -> False"]),
        ("raise ValueError(f'{x + 1}')", []),
        ("return 'a'", []),
    ],
)
def test_a_mutant_changes_one_thing_and_says_which(body: str, expected: list[str]) -> None:
    assert sorted(changes(body)) == sorted(expected)


def test_every_change_is_short_and_every_mutant_still_parses() -> None:
    workshop = Workshop(MINI, LESSON)
    found = mutants(workshop.solution.text, workshop.lesson)
    assert {m.exercise for m in found} == {"_spread", "standardize", "correlation", "fit_line"}
    for mutant in found:
        assert len(mutant.change) <= 60
        compile(mutant.text, "mutant", "exec")
        assert mutant.text != workshop.solution.text


def test_only_the_changed_place_differs_in_the_text_of_a_mutant() -> None:
    line = "return (x - 1) * -(2 + x)"
    body = f"    ### BEGIN SOLUTION\n    y = 'ü'; {line}\n    ### END SOLUTION\n"
    text = f"# é: a comment\ndef f(x):\n{body}"
    found = [mutant.text for mutant in mutants(text, Workshop(MINI, LESSON).lesson)]
    expected = ["return (x + 1) * -(2 + x)", "return (x - 1) / -(2 + x)", "return (x - 1) * (2 + x)"]
    for changed in expected:
        [one] = [mutant for mutant in found if same_syntax(mutant, text.replace(line, changed))]
        assert one.startswith("# é: a comment\n") and "    y = 'ü'; return" in one


def same_syntax(one: str, other: str) -> bool:
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def test_the_mutants_of_a_sound_course_are_killed() -> None:
    proofs = killed(MINI)
    assert [p.detail for p in proofs if not p.passed] == []


def test_a_survivor_is_reported_with_its_line(mini: Path) -> None:
    checks = mini / f"graders/{FOLDER}/checks.py"
    checks.write_text(checks.read_text().replace(", lesson.correlation(row[0], -row[0])]", "]"))
    failed = [p for p in killed(mini) if not p.passed]
    assert [p.subject for p in failed] == ["correlation: dim=-1 -> dim=1"]
    assert "no check notices dim=-1 -> dim=1" in failed[0].detail


def test_a_listed_mutant_that_does_not_survive_is_reported(mini: Path) -> None:
    with (mini / EQUIVALENTS).open("a") as file:
        file.write('\n[[mutant]]\nexercise = "correlation"\nchange = "a -> b"\nreason = "none"\n')
    failed = [p for p in killed(mini) if not p.passed]
    assert [p.subject for p in failed] == ["correlation: a -> b"]


def test_the_mutants_of_one_exercise_are_tried_without_the_others(mini: Path) -> None:
    proofs = prove(Catalog(mini), [f"{LESSON}/correlation"], Effort(1, mutants=True, known="nothing"))
    assert [p.detail for p in proofs if not p.passed] == []
    workshop = Workshop(MINI, LESSON)
    own = [m for m in mutants(workshop.solution.text, workshop.lesson) if m.exercise == "correlation"]
    assert f"{len(own)} of {len(own)}" in [p.subject for p in proofs]


def test_a_mutant_with_an_endless_loop_is_stopped(mini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blindgrade.verify.survival.LIMIT", 1.0)
    solution = mini / f"solutions/{FOLDER}/basics.py"
    loop = "    count = 0\n    while count < 2:\n        count = count + 1\n    centered = values -"
    solution.write_text(solution.read_text().replace("    centered = values -", loop))
    proofs = killed(mini)
    assert "standardize: count + 1 -> count - 1" not in [p.subject for p in proofs]


def test_an_entry_without_a_reason_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text('[[mutant]]\nexercise = "f"\nchange = "a -> b"\n')
    with pytest.raises(CourseError, match="each \\[\\[mutant\\]\\] has exercise, change and reason"):
        read_equivalents(path)


def test_lines_outside_regions_do_not_change() -> None:
    lesson: Lesson = Workshop(MINI, LESSON).lesson
    assert mutants("x = 1 + 1\n", lesson) == []
    assert len(mutants('# %% tags=["solution-only"]\nx = 1 + 1\n\n# %%\ny = 1 + 1\n', lesson)) == 3
