"""A proof's digest changes with all that decides it, and with nothing else."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindgrade.verify import trials
from blindgrade.verify.deciders import APART, PROVES, Deciders
from blindgrade.verify.mutants import mutants
from blindgrade.verify.tasks import plan
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
PACKAGE = Path(trials.__file__).parents[1]
LESSON, FOLDER = "lesson-1.1.1", "lesson_1_1_1_basics"
SOLUTION, KNOWN = f"solutions/{FOLDER}/basics.py", f"graders/{FOLDER}/known_answers.py"
CHECKS, SPEC = f"graders/{FOLDER}/checks.py", f"exercises/{FOLDER}/lesson.toml"
# Modules that run in a proof and that do not change its result, with the reason.
NEUTRAL = {
    "authoring/cells.py": "reads the solution for stub and notebook; these proofs are always done",
    "authoring/notebook.py": "as cells",
    "authoring/regions.py": "as cells",
    "authoring/stub.py": "as cells",
    "catalog.py": "paths",
    "clock.py": "times",
    "course.py": "the description of the course, on which no result depends",
    "engine/sandbox/limits.py": "the number of a signal",
    "engine/worker/eager.py": "for a student's module, which no proof has",
    "engine/worker/own_objects.py": "as eager",
    "environment.py": "names of packages, which the digest holds",
    "files.py": "the reading of descriptions",
    "ids.py": "names that people type",
    "lesson_files.py": "paths",
    "models.py": "descriptions: the digest holds the exercise's own",
    "shared_files.py": "paths, and which toys a text imports",
    "toml_faults.py": "the words of faults in descriptions",
    "toml_lines.py": "as toml_faults",
    "unregistered.py": "names that people type",
    "verify/coverage.py": "proofs that are always done",
    "verify/left_over.py": "proofs that are always done",
    "verify/promises.py": "proofs that are always done",
}


def digests(root: Path) -> dict[str, str]:
    """Digest of every task by its kind and subject, and of every mutant by its change."""
    shop = Workshop(root, LESSON)
    deciders = Deciders(shop)
    found = {f"{t.kind} {t.subject}": deciders.of(t) for t in plan(shop, [e.name for e in shop.lesson.exercises], 1)}
    for mutant in mutants(shop.solution.text, shop.lesson):
        found[f"mutant {mutant.exercise} {mutant.change}"] = deciders.mutant(mutant)
    return found


def changed(tmp_path: Path, file: str, old: str, new: str) -> set[str]:
    root = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    before, after = digests(MINI), digests(root)
    return {name for name in before if name in after and before[name] != after[name]}


def of(exercise: str, names: set[str]) -> set[str]:
    return {name for name in names if exercise in name}


def test_proofs_with_other_seeds_are_other_proofs() -> None:
    shop = Workshop(MINI, LESSON)
    deciders = Deciders(shop)
    tasks = [task for task in plan(shop, [e.name for e in shop.lesson.exercises], 3) if deciders.of(task)]
    assert {task.seed for task in tasks} == {0, 1, 2}
    assert len({deciders.of(task) for task in tasks}) == len(tasks)


def test_a_comment_changes_nothing(tmp_path: Path) -> None:
    assert changed(tmp_path, KNOWN, 'exercise("correlation")', '# a note\n\nexercise("correlation")') == set()


def test_a_changed_wrong_answer_concerns_the_wrong_answers_of_its_exercise(tmp_path: Path) -> None:
    found = changed(tmp_path, KNOWN, "A correlation is a mean", "It is a mean")
    assert "public correlation" in found
    assert all(name.startswith("misconception correlation/") for name in found - {"public correlation"})
    assert "misconception correlation/unsigned, seed 0" in found


def test_a_new_exception_concerns_the_public_proof_of_its_exercise(tmp_path: Path) -> None:
    found = changed(tmp_path, f"graders/{FOLDER}/hidden_on_purpose.toml", "accepts_one_value", "not_centered")
    assert found == {"public standardize"}


def test_a_changed_key_concerns_the_public_proof_of_its_exercise(tmp_path: Path) -> None:
    path = f"exercises/{FOLDER}/answer_key.json"
    reply = json.loads((MINI / path).read_text())["checks"]["compares_rows"]["reply"]
    assert of("correlation", changed(tmp_path, path, reply, reply[::-1])) == {"public correlation"}


def test_a_changed_right_answer_concerns_itself(tmp_path: Path) -> None:
    found = changed(tmp_path, KNOWN, "mean = values.mean(dim=-1, keepdim=True)\n    variance", "mean = 0\n    variance")
    assert found == {"alternative standardize/by_moments, seed 0", "alternative standardize/by_moments, seed 1"}


def test_a_changed_check_concerns_its_exercise(tmp_path: Path) -> None:
    found = changed(tmp_path, CHECKS, "rng.normal(4, 1), rng.normal(4, 2)", "rng.normal(5, 1), rng.normal(5, 2)")
    assert "lazy correlation" in found or "lazy standardize" in found
    assert not of("fit_line", found)


def test_a_changed_solution_concerns_what_uses_it(tmp_path: Path) -> None:
    found = changed(tmp_path, SOLUTION, "(centered**2).mean(dim=-1, keepdim=True).sqrt()", "centered.abs() * 1.0")
    assert "solution standardize, seed 0" in found and "solution correlation, seed 0" in found
    assert not of("fit_line", found)


TOYS = {
    "exercises/near.py": "WIDTH = 1\n",
    "exercises/far.py": "from near import WIDTH\n\nFILE = 'assets/far.npz'\n\ndef twice(x):\n    return 2 * x\n",
    "exercises/assets/far.npz": "far",
    "exercises/unused.py": "x = 1\n",
    "graders/assets/judge.npz": "judge",
    "graders/grader_toys/judges.py": "def judge():\n    return 'assets/judge.npz'\n",
    SOLUTION: (MINI / SOLUTION)
    .read_text()
    .replace("import torch\n", "import torch\nfrom far import twice\n")
    .replace("return (standardize(first)", "return twice(0.5) * (standardize(first)"),
}


def of_each_exercise(root: Path) -> dict[str, str]:
    shop = Workshop(root, LESSON)
    deciders = Deciders(shop)
    return {exercise.name: deciders.exercise(exercise) for exercise in shop.lesson.exercises}


@pytest.mark.parametrize(
    ("file", "concerned"),
    [
        ("exercises/far.py", {"correlation"}),
        ("exercises/near.py", {"correlation"}),
        ("exercises/assets/far.npz", {"correlation"}),
        ("exercises/unused.py", set()),
        ("graders/assets/judge.npz", set()),
    ],
)
def test_a_changed_toy_concerns_the_exercises_that_use_it(tmp_path: Path, file: str, concerned: set[str]) -> None:
    root = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))
    for name, text in TOYS.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    before = of_each_exercise(root)
    (root / file).write_text(TOYS[file] + "# changed\n")
    after = of_each_exercise(root)
    assert {name for name in before if before[name] != after[name]} == concerned


def test_private_data_concern_the_exercises_whose_checks_read_them(tmp_path: Path) -> None:
    root = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))
    for name in ("graders/assets/judge.npz", "graders/grader_toys/judges.py"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(TOYS[name])
    checks = (root / CHECKS).read_text()
    [claim] = [line for line in checks.splitlines() if line.startswith("def compares_rows")]
    uses = claim.replace("rng", "rng, judged=judge", 1)
    (root / CHECKS).write_text("from grader_toys.judges import judge\n" + checks.replace(claim, uses))
    before = of_each_exercise(root)
    (root / "graders/assets/judge.npz").write_text("another")
    after = of_each_exercise(root)
    assert {name for name in before if before[name] != after[name]} == {"correlation"}


def test_changed_points_concern_their_exercise(tmp_path: Path) -> None:
    spec = (MINI / SPEC).read_text()
    block = next(part for part in spec.split("[[exercise]]") if 'name = "fit_line"' in part)
    points = next(line for line in block.splitlines() if line.startswith("points"))
    found = changed(tmp_path, SPEC, block, block.replace(points, "points = 3"))
    assert "lazy fit_line" in found and found - {"key ", "stub "} == of("fit_line", found)


def test_a_record_does_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Workshop(MINI, LESSON)
    [task] = [t for t in plan(shop, ["correlation"], 1) if t.kind == "lazy"]
    here = [Deciders(shop, on_this_machine=local).of(task) for local in (True, False)]
    monkeypatch.setattr("blindgrade.verify.deciders.software", lambda: {"torch": "another"})
    there = [Deciders(shop, on_this_machine=local).of(task) for local in (True, False)]
    assert [one == other for one, other in zip(here, there, strict=True)] == [False, True]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("blindgrade"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("blindgrade"))


def test_every_module_that_runs_in_a_proof_counts_or_has_a_reason_not_to() -> None:
    pending, seen = [PACKAGE / "verify/trials.py", PACKAGE / "verify/survival.py"], set()
    while pending:
        path = pending.pop()
        name = path.relative_to(PACKAGE).as_posix()
        if name not in seen and not name.startswith("engine/submission/"):  # a proof runs no submission
            seen.add(name)
            files = (PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py") for module in imported(path))
            pending += [file for file in files if file.is_file()]
    counted = {name for name in seen if any(name == part or name.startswith(f"{part}/") for part in PROVES)}
    assert seen - counted - set(APART) == set(NEUTRAL)
    assert all((PACKAGE / part).exists() for part in (*PROVES, *APART))
