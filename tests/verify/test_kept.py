"""A proof that is known is not done again, and a record says truly what is known."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.verify.bench import RECORD_IS_CURRENT, Bench, Effort
from blindgrade.verify.kept import Kept, KeptResult, ProofRecord
from blindgrade.verify.proofs import prove
from blindgrade.verify.tasks import Proof

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON, FOLDER = "lesson-1.1.1", "lesson_1_1_1_basics"
TRAINED = "fit_line"


@pytest.fixture
def mini(tmp_path: Path) -> Catalog:
    """A copy of the miniature course, which trains one exercise."""
    ignored = shutil.ignore_patterns("__pycache__", "build", "proofs.json")
    return Catalog(Path(shutil.copytree(MINI, tmp_path / "mini", ignore=ignored)))


def edit(catalog: Catalog, file: str, old: str, new: str) -> None:
    path = catalog.root / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def now(found: list[Proof]) -> list[str]:
    """Subjects of the proofs that were done and not taken from an earlier run."""
    return [f"{p.name}: {p.subject}" for p in found if not p.source and p.name != RECORD_IS_CURRENT]


def test_a_second_run_does_only_what_is_always_done(mini: Catalog) -> None:
    effort = Effort(2, mutants=True)
    first = prove(mini, [LESSON], effort)
    assert all(p.passed for p in first) and not any(p.source for p in first)
    again = prove(mini, [LESSON], effort)
    assert [(p.name, p.subject, p.passed) for p in again] == [(p.name, p.subject, p.passed) for p in first]
    assert {line.split(":")[0] for line in now(again)} == {
        "stub and notebook are up to date",
        "every concept is covered",
        "every exercise has what it needs",
        "every mental model is carried",
        "no developed concept is only looked up",
        "public checks cover what is promised",
        "public checks notice nearly all misconceptions",
    }


def test_an_edit_proves_what_it_touches(mini: Catalog) -> None:
    prove(mini, [LESSON], Effort(1))
    edit(mini, f"graders/{FOLDER}/known_answers.py", "A correlation is a mean", "It is a mean")
    done = [line for line in now(prove(mini, [LESSON], Effort(1))) if "/" in line]
    assert done and all(": correlation/" in line and line.startswith("each misconception") for line in done)


def test_a_failure_is_proved_again_until_it_is_fixed(mini: Catalog) -> None:
    edit(mini, f"graders/{FOLDER}/known_answers.py", "correction=0", "correction=1")
    for _ in range(2):
        failed = [p for p in prove(mini, [f"{LESSON}/standardize"], Effort(1)) if not p.passed]
        assert {(p.subject, p.source) for p in failed} == {(f"standardize/by_library, seed {s}", "") for s in (0, 1)}


def test_all_proves_from_nothing(mini: Catalog) -> None:
    first = prove(mini, [f"{LESSON}/correlation"], Effort(1))
    assert len(now(prove(mini, [f"{LESSON}/correlation"], Effort(1, known="nothing")))) == len(first)


def test_an_interrupted_run_keeps_what_it_proved(mini: Catalog) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prove(mini, [f"{LESSON}/correlation"], Effort(1), interrupt)
    assert any(p.source == "kept" for p in prove(mini, [f"{LESSON}/correlation"], Effort(1)))


def test_a_record_spares_what_is_trained_but_not_its_solution_and_stub(mini: Catalog) -> None:
    recorded = prove(mini, [LESSON], Effort(2, mutants=True, known="record"))
    assert all(p.passed for p in recorded)
    found = prove(mini, [LESSON], Effort(2, mutants=True, known="recorded"))
    trained = [p for p in found if p.subject.startswith(TRAINED)]
    assert [p.subject for p in trained if not p.source] == [f"{TRAINED}, seed 0"]
    assert {p.source for p in found if p.subject.startswith("correlation")} == {""}
    assert "the stub earns nothing: " in now(found)
    assert [p.passed for p in found if p.name == RECORD_IS_CURRENT] == [True]


def test_the_record_can_be_made_of_the_trained_exercises_alone(mini: Catalog) -> None:
    prove(mini, [f"{LESSON}/correlation"], Effort(1, known="record"))
    assert not mini.files(LESSON).proof_record.exists()
    made = prove(mini, [f"{LESSON}/{TRAINED}"], Effort(1, known="record"))
    assert made and all(TRAINED in p.subject for p in made)
    found = prove(mini, [LESSON], Effort(1, known="recorded"))
    assert [p.passed for p in found if p.name == RECORD_IS_CURRENT] == [True]


def test_a_record_spares_the_mutants_of_a_helper_that_only_trained_exercises_use(mini: Catalog) -> None:
    helper = (
        '# %% tags=["solution-only"]\ndef _missed(line, y):\n    return line - y\n\n\n# %% [markdown]\n# ## Fit a line'
    )
    edit(mini, f"solutions/{FOLDER}/basics.py", "# %% [markdown]\n# ## Fit a line", helper)
    edit(mini, f"solutions/{FOLDER}/basics.py", "slope * x + offset - y", "_missed(slope * x + offset, y)")
    edit(mini, f"graders/{FOLDER}/known_answers.py", '"offset - y", "offset - 2 * y"', '"offset, y", "offset, 2 * y"')
    prove(mini, [LESSON], Effort(1, mutants=True, known="record"))
    [target] = mini.find([LESSON])
    bench = Bench.of(mini, target, Effort(1, mutants=True, known="recorded"))
    known = {mutant.exercise for mutant in bench.mutants if bench.known_mutant(mutant) is not None}
    assert known == {"_missed", TRAINED}
    assert {mutant.exercise for mutant in bench.mutants} == {*known, "_spread", "standardize", "correlation"}
    bench.mutants = []  # as in a run without mutants
    assert bench.record_is_current().passed


def test_what_the_record_lacks_is_proved(mini: Catalog) -> None:
    prove(mini, [LESSON], Effort(1, known="record"))
    path = mini.files(LESSON).proof_record
    record = ProofRecord.read(path)
    assert record is not None
    lost = next(digest for digest, one in record.proofs.items() if one.what == f"lazy {TRAINED}")
    del record.proofs[lost]
    record.write(path)
    done = now(prove(mini, [LESSON], Effort(1, known="recorded")))
    assert [line for line in done if TRAINED in line] == [
        f"the solution earns every point: {TRAINED}, seed 0", f"lazy answers earn little: {TRAINED}",
    ]  # fmt: skip


def test_a_record_says_how_many_seeds_a_training_is_worth(mini: Catalog) -> None:
    prove(mini, [LESSON], Effort(1, known="record"))
    subjects = [p.subject for p in prove(mini, [LESSON], Effort(3, known="recorded")) if p.subject.endswith(", seed 2")]
    assert "correlation, seed 2" in subjects and f"{TRAINED}, seed 2" not in subjects


def test_a_stale_record_fails_and_names_the_command(mini: Catalog) -> None:
    prove(mini, [LESSON], Effort(1, known="record"))
    edit(mini, f"graders/{FOLDER}/known_answers.py", "Is it down yet?", "Is it down?")
    [stale] = [p for p in prove(mini, [LESSON], Effort(1, known="recorded")) if p.name == RECORD_IS_CURRENT]
    assert not stale.passed
    assert "misconception fit_line/" in stale.detail and f"course verify --record {LESSON}" in stale.detail


def test_a_missing_record_fails_where_records_are_asked_for(mini: Catalog) -> None:
    [missing] = [p for p in prove(mini, [LESSON], Effort(1, known="recorded")) if p.name == RECORD_IS_CURRENT]
    assert not missing.passed and "proofs.json is missing" in missing.detail
    assert not [p for p in prove(mini, [LESSON], Effort(1)) if p.name == RECORD_IS_CURRENT]


def test_a_damaged_record_is_named(mini: Catalog) -> None:
    path = mini.files(LESSON).proof_record
    path.write_text("{")
    [failed] = prove(mini, [LESSON], Effort(1))
    assert not failed.passed and re.search("proofs.json cannot be read .*make verify", failed.detail)


def test_a_record_has_a_line_for_each_proof(mini: Catalog) -> None:
    prove(mini, [LESSON], Effort(1, known="record"))
    path = mini.files(LESSON).proof_record
    record = ProofRecord.read(path)
    assert record is not None and record.seeds == 1 and "torch" in record.software
    lines = path.read_text().splitlines()
    assert sum('"what": ' in line for line in lines) == len(record.proofs)
    assert json.loads(path.read_text())["schema"] == "blindgrade/proof-record/v1"


def test_a_damaged_file_of_kept_results_counts_as_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path, LESSON)
    kept.add({"a": KeptResult(what="x", passed=True, seconds=1.0)})
    assert Kept(tmp_path, LESSON).get("a") is not None
    kept.path.write_text("{")
    assert Kept(tmp_path, LESSON).get("a") is None


def test_the_oldest_results_are_removed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blindgrade.verify.kept.MOST", 2)
    one = KeptResult(what="x", passed=True, seconds=1.0)
    kept = Kept(tmp_path, LESSON)
    for digests in ({"a": one, "b": one}, {"a": one}, {"c": one}):
        kept.add(digests)
    found = Kept(tmp_path, LESSON)
    assert [found.get(name) is not None for name in "abc"] == [True, False, True]


def test_the_estimate_comes_from_earlier_times(mini: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float | None] = []
    prove(mini, [LESSON], Effort(1), estimate=said.append)
    assert said == [None]
    bench = Bench.of(mini, mini.find([LESSON])[0], Effort(1, known="nothing"))
    names = [f"{t.kind} {t.subject}".rstrip() for t in bench.tasks]
    times = {name: 2.0 for name in names[: len(names) // 2 + 1]}
    monkeypatch.setattr(bench.kept, "seconds", lambda: times)
    assert bench.expected_seconds() == pytest.approx(2.0 * len(names))
    monkeypatch.setattr(bench.kept, "seconds", lambda: {f"budget {TRAINED}": 100.0})
    assert bench.expected_seconds() is None  # a long training says nothing about the other proofs
