"""What the proofs of one exercise miss, and what an author could add."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from blindgrade.engine.answers.known import read_known_answers
from blindgrade.engine.answers.solution import Solution
from blindgrade.verify.why import Why, proposal, why
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON, FOLDER = "lesson-1.1.1", "lesson_1_1_1_basics"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "build")
    return Path(shutil.copytree(MINI, tmp_path / "mini", ignore=ignored))


def missed(root: Path, exercise: str) -> tuple[Workshop, Why]:
    shop = Workshop(root, LESSON)
    return shop, why(shop, exercise, 2, lambda done, total: None)


def test_a_mutant_that_no_check_notices_is_named(root: Path) -> None:
    checks = root / f"graders/{FOLDER}/checks.py"
    checks.write_text(checks.read_text().replace(", lesson.correlation(row[0], -row[0])]", "]"))
    _, found = missed(root, "correlation")
    assert [m.change for m in found.unnoticed] == ["dim=-1 -> dim=1"]
    assert all(m.change != "dim=-1 -> dim=1" for m in [*found.hidden, *found.unnamed])


def test_a_mutant_that_only_hidden_checks_notice_is_named(root: Path) -> None:
    _, before = missed(root, "correlation")
    checks = root / f"graders/{FOLDER}/checks.py"
    checks.write_text(checks.read_text().replace("weight=2, public=True", "weight=2"))
    shop, after = missed(root, "correlation")
    assert not any(check.public for check in shop.checks.of("correlation"))
    assert len(after.hidden) == after.tried - len(after.unnoticed) - after.listed > len(before.hidden)


def test_a_proposal_is_a_wrong_answer_that_verify_accepts_once_it_has_a_name(root: Path) -> None:
    shop, found = missed(root, "standardize")
    assert found.unnamed
    lines = [proposal(shop, mutant).replace("name_it", f"proposed_{n}") for n, mutant in enumerate(found.unnamed)]
    written = [line for line in lines if line.startswith("wrong(")]
    path = shop.files.known_answers
    path.write_text(path.read_text() + '\nexercise("standardize")\n' + "\n".join(written) + "\n")
    answers = read_known_answers(Solution(shop.files, shop.lesson)).wrong
    added = [ast.dump(ast.parse(v.text)) for v in answers if v.name.startswith("proposed_")]
    wanted = [m.text for m, line in zip(found.unnamed, lines, strict=True) if line in written]
    assert added and added == [ast.dump(ast.parse(text)) for text in wanted]
