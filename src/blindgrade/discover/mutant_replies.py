"""Replies of every small change of a solution to the checks of one exercise, for one seed.

Each changed solution runs in a forked process, which may crash, or loop until it is stopped. The proofs of `course
verify` run them in the same way.
"""

from __future__ import annotations

import base64
import json
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from blindgrade.discover.answers import Rounds, answer_of, rounds_of
from blindgrade.discover.change_classes import class_of
from blindgrade.discover.wider_changes import wider_changes
from blindgrade.engine.judging.wrong_answers import WrongAnswer, wrong_answer
from blindgrade.engine.wire import frames, replies
from blindgrade.verify.mutant import Mutant
from blindgrade.verify.mutants import mutants, proved_changes
from blindgrade.verify.survival import SURVIVED, Trial, run_all
from blindgrade.verify.workshop import Workshop

SECONDS = 2.0  # in addition to ten times the solution's time


@dataclass(frozen=True)
class MutantReply:
    """A small change of the solution: its line, its old and new text, its class, and what it replies."""

    line: int
    old: str
    new: str
    kind: str
    answer: WrongAnswer


def candidates(workshop: Workshop, exercise: str, *, wider: bool = False) -> list[Mutant]:
    """Mutants of the exercise itself and of the helpers that only the solution has.

    They are those of the proofs. With `wider` they are the others, which explain what no mutant of the proofs does.
    """
    lesson = workshop.lesson
    own = lesson.exercise(exercise)
    exercises = {e.defines for e in lesson.exercises}
    helpers = {name for name in workshop.uses.get(own.defines, set()) if name not in exercises}
    changes = wider_changes if wider else proved_changes
    return mutants(workshop.solution.text, lesson, {exercise, *helpers}, changes)


def mutant_replies(
    workshop: Workshop,
    exercise: str,
    seed: int,
    workers: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    wider: bool = False,
) -> list[MutantReply]:
    """Replies of all mutants that fail a check, with this seed. Those without a comparable reply are left out."""
    found = candidates(workshop, exercise, wider=wider)
    rounds = rounds_of(workshop, exercise, seed)
    cost = _warmed(workshop, rounds)
    trials = [Trial(mutant, rounds, SECONDS + 10 * cost) for mutant in found]
    answers: list[MutantReply] = []
    with tempfile.TemporaryDirectory(prefix="blindgrade-") as folder:
        places = {id(trial): Path(folder) / str(number) for number, trial in enumerate(trials)}
        run_all(workshop, trials, workers, partial(_reply, places), lambda done: progress(done, len(trials)))
        for trial in trials:
            place, mutant = places[id(trial)], trial.mutant
            if place.is_file():
                answer = WrongAnswer.from_bytes(place.read_bytes())
                kind = class_of(workshop.solution.text, mutant.text, mutant.line)
                answers.append(MutantReply(mutant.line, mutant.old, mutant.new, kind, answer))
    return answers


def _warmed(workshop: Workshop, rounds: Rounds) -> float:
    """Seconds of the solution. Its replies are remembered for the forked processes."""
    start = time.perf_counter()
    for check, seed in rounds:
        workshop.reference.own(check, seed)
    return time.perf_counter() - start


def _reply(places: Mapping[int, Path], workshop: Workshop, trial: Trial) -> int:
    """Runs in a forked process: write the mutant's replies, unless it is a right answer."""
    module = workshop.solution.load(trial.mutant.text)
    answer = answer_of(workshop, module, trial.rounds)
    if answer is not None:
        places[id(trial)].write_bytes(answer.to_bytes())
    return SURVIVED


# ---------------------------------------------------------------- kept replies


def to_bytes(found: list[MutantReply], expected: Mapping[str, bytes]) -> bytes:
    """Replies as packed bytes. Those that are the solution's own are left out; `expected` has its frames."""
    entries = []
    for one in found:
        entries.append({
            "line": one.line, "old": one.old, "new": one.new, "kind": one.kind, "failed": sorted(one.answer.failed),
            "replies": {
                name: "" if frame == expected[name] else base64.b64encode(frame).decode()
                for name, frame in one.answer.written.items()
            },
        })  # fmt: skip
    return zlib.compress(json.dumps({"mutants": entries}).encode())


def from_bytes(content: bytes, expected: Mapping[str, bytes]) -> list[MutantReply]:
    """Inverse of `to_bytes`. ValueError if the bytes are damaged."""
    try:
        data = json.loads(zlib.decompress(content))
        return [_entry(entry, expected) for entry in data["mutants"]]
    except (zlib.error, frames.WireError, KeyError, TypeError) as error:
        raise ValueError(f"the kept replies of mutants are damaged ({error})") from None


def _entry(entry: dict[str, Any], expected: Mapping[str, bytes]) -> MutantReply:
    found = {
        name: replies.read(base64.b64decode(frame) if frame else expected[name])
        for name, frame in entry["replies"].items()
    }
    answer = WrongAnswer(found, frozenset(entry["failed"]))
    return MutantReply(entry["line"], entry["old"], entry["new"], entry["kind"], answer)


def expected_frames(workshop: Workshop, exercise: str, seed: int) -> dict[str, bytes]:
    """Frames of the solution's own replies, in the form that kept replies have."""
    found = {}
    for check, check_seed in rounds_of(workshop, exercise, seed):
        answer = workshop.reference.own(check, check_seed)
        alone = wrong_answer({check.name: answer}, frozenset([check.name]))
        found[check.name] = alone.written[check.name] if alone is not None else b""
    return found
