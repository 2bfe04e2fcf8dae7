"""What the proofs of one exercise miss: small wrong changes that no check notices, or that nobody explains."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from blindgrade.models import Outcome
from blindgrade.verify.mutant import Mutant, read_equivalents
from blindgrade.verify.mutant_proofs import sampled, unlisted
from blindgrade.verify.survival import Trial, run_all, trial_of
from blindgrade.verify.workshop import Workshop

SURVIVES, LOSES, NOT_PUBLICLY, UNNAMED = 0, 8, 1, 2  # parts of an exit code: LOSES, with what is missing


@dataclass(frozen=True)
class Why:
    """Mutants of one exercise by what the proofs miss.

    unnoticed: no check notices them, and equivalents.toml does not list them. hidden: no public check notices them.
    unnamed: no misconception names them. listed: right answers by equivalents.toml.
    """

    tried: int
    unnoticed: list[Mutant]
    hidden: list[Mutant]
    unnamed: list[Mutant]
    listed: int


def why(workshop: Workshop, exercise: str, workers: int, progress: Callable[[int, int], None]) -> Why:
    """Result of trying every mutant of the exercise; of a trained exercise, a sample. CourseError for bad files."""
    found = sampled(workshop, [exercise])
    listed = read_equivalents(workshop.files.equivalents)
    trials = [trial_of(workshop, mutant) for mutant in found]
    ended = run_all(workshop, trials, workers, _shortcomings, lambda done: progress(done, len(found)))
    codes = {id(trial): code for trial, code in ended}
    by_code = [(trial.mutant, codes[id(trial)]) for trial in trials]
    alive = [mutant for mutant, code in by_code if code == SURVIVES]
    caught = [(mutant, code - LOSES) for mutant, code in by_code if code is not None and code >= LOSES]
    unnoticed = unlisted(alive, listed)
    return Why(
        tried=len(found),
        unnoticed=unnoticed,
        hidden=[mutant for mutant, misses in caught if misses & NOT_PUBLICLY],
        unnamed=[mutant for mutant, misses in caught if misses & UNNAMED],
        listed=len(alive) - len(unnoticed),
    )


def proposal(workshop: Workshop, mutant: Mutant) -> str:
    """The mutant as an entry of known_answers.py. Its name and hint are for the author to write."""
    definition = workshop.solution.definition_text(mutant.exercise)
    old, new = mutant.old, mutant.new
    if definition.count(old) != 1:
        before, after = workshop.solution.text.splitlines(), mutant.text.splitlines()
        old, new = before[mutant.line - 1].strip(), after[mutant.line - 1].strip()
    if definition.count(old) != 1:
        return f"# line {mutant.line}: {mutant.change} (more than one place has this text: write a function)"
    return f'wrong("name_it", {_quoted(old)}, {_quoted(new)}, hint="…")'


def _shortcomings(workshop: Workshop, trial: Trial) -> int:
    """Runs in a process of its own. SURVIVES, or LOSES with what is missing."""
    exercise = workshop.lesson.exercise(trial.mutant.exercise)
    result = workshop.trusted.exercise(exercise, workshop.solution.load(trial.mutant.text), seed=0)
    failed = [check for check in result.checks if check.outcome is not Outcome.PASSED]
    if not failed:
        return SURVIVES
    public = {check.name for check in workshop.checks.of(exercise.name) if check.public}
    not_publicly = NOT_PUBLICLY * (not any(check.name in public for check in failed))
    return LOSES + not_publicly + UNNAMED * (not any(check.misconception for check in failed))


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text and "'" not in text and "\\" not in text else json.dumps(text, ensure_ascii=False)
