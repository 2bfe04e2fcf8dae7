"""After a run of `course grade`: compare the wrong answers that nothing explains with each other and with mutants.

Each lesson has an index beside its attempts: the group of each answer, and what small changes of the solution show.
The replies of mutants are computed once for a seed, only for exercises that have such answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from blindgrade.attempts.kept_answers import kept_answer
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Target
from blindgrade.discover.answers import checks_by_name
from blindgrade.discover.kept_mutants import Progress, kept_mutants
from blindgrade.discover.matching import match_first
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.engine.judging.wrong_answers import WrongAnswer, equal
from blindgrade.models import Attempt, ExerciseResult, MutantMatch
from blindgrade.verify.workshop import Workshop
from blindgrade.versions.course_version import course_version

INDEX = "explained.json"


@dataclass
class Explained:
    """Numbers of a comparison: answers that were compared now, and those of them that a mutant explains."""

    answers: int = 0
    by_mutants: int = 0


@dataclass
class _Entry:
    """An answer in the index: the exercise's version that judged it, its group, and what mutants show."""

    version: str
    group: str
    mutant: MutantMatch | None = None


def explain(
    targets: Iterable[Target],
    store: AttemptStore,
    pending: Iterable[tuple[str, str, str]],
    workers: int,
    progress: Progress = lambda what, done, total: None,
) -> Explained:
    """Write group and mutant into the pending attempts, given by lesson, student and key.

    StoreError if another run writes. OSError if a file cannot be written. CourseError if the course cannot be read.
    """
    done = Explained()
    by_lesson: dict[str, list[tuple[str, str]]] = {}
    for lesson, student, key in pending:
        by_lesson.setdefault(lesson, []).append((student, key))
    with store.writing():
        for target in targets:
            if own := by_lesson.get(target.files.entry.id):
                _Lesson(target, store, workers, progress).explain(own, done)
    return done


@dataclass
class _Lesson:
    target: Target
    store: AttemptStore
    workers: int
    progress: Progress
    _mutants: dict[tuple[str, bool], list[MutantReply]] = field(default_factory=dict)
    _answers: dict[str, WrongAnswer | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files = self.target.files
        self.lesson = self.target.lesson.id
        self.workshop = Workshop(files.root, files.entry.id)
        self.versions = course_version(self.target).exercises
        self.seed = self.store.seed(self.lesson)
        self.index: dict[str, dict[str, _Entry]] = _read_index(self.store, self.lesson, self.seed.id)

    def explain(self, attempts: list[tuple[str, str]], done: Explained) -> None:
        """Give every pending answer its entry in the index, and then to the attempts."""
        read = [one for student, key in attempts if (one := self.store.read(self.lesson, student, key)) is not None]
        for attempt in read:
            for result in attempt.exercises:
                if self._is_pending(result):
                    self._add(result.name, result.answer)
                    done.answers += 1
                    done.by_mutants += self.index[result.name][result.answer].mutant is not None
        _write_index(self.store, self.lesson, self.seed.id, self.index)
        for attempt in read:
            self.store.write(self._with_groups(attempt))

    def _is_pending(self, result: ExerciseResult) -> bool:
        return bool(result.answer) and not result.group and result.version == self.versions.get(result.name)

    def _with_groups(self, attempt: Attempt) -> Attempt:
        results = []
        for result in attempt.exercises:
            if self._is_pending(result):
                entry = self.index[result.name][result.answer]
                result = result.model_copy(update={"group": entry.group, "mutant": entry.mutant})
            results.append(result)
        return attempt.model_copy(update={"exercises": results})

    def _add(self, exercise: str, digest: str) -> None:
        known = self.index.setdefault(exercise, {})
        version = self.versions[exercise]
        if digest in known and known[digest].version == version:
            return
        answer = self._answer(digest)
        if answer is None:  # too large to be kept, or removed: it is a group of its own
            known[digest] = _Entry(version, digest)
            return
        checks = checks_by_name(self.workshop, exercise)
        for other, entry in known.items():
            first = self._answer(other) if entry.group == other and entry.version == version else None
            if first is not None and equal(checks, answer, first):
                known[digest] = _Entry(version, other, entry.mutant)
                return
        shown = match_first(checks, answer, partial(self._mutant_replies, exercise))
        known[digest] = _Entry(version, digest, shown)

    def _answer(self, digest: str) -> WrongAnswer | None:
        if digest not in self._answers:
            self._answers[digest] = kept_answer(self.store, self.lesson, digest)
        return self._answers[digest]

    def _mutant_replies(self, exercise: str, wider: bool) -> list[MutantReply]:
        if (exercise, wider) not in self._mutants:
            self._mutants[exercise, wider] = kept_mutants(
                self.workshop,
                self.store,
                self.seed,
                exercise,
                self.versions[exercise],
                self.workers,
                self.progress,
                wider=wider,
            )
        return self._mutants[exercise, wider]


def _read_index(store: AttemptStore, lesson: str, seed: str) -> dict[str, dict[str, _Entry]]:
    """Index of the lesson; empty if there is none for this seed, or if it is damaged: it is then made again."""
    try:
        data: dict[str, Any] = json.loads(store.blob(lesson, INDEX) or b"{}")
        if data.get("seed") != seed:
            return {}
        return {
            exercise: {
                digest: _Entry(
                    str(one["version"]), str(one["group"]),
                    MutantMatch.model_validate(one["mutant"]) if one["mutant"] else None,
                )
                for digest, one in answers.items()
            }
            for exercise, answers in data["answers"].items()
        }  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_index(store: AttemptStore, lesson: str, seed: str, index: dict[str, dict[str, _Entry]]) -> None:
    answers = {
        exercise: {
            digest: {
                "version": one.version, "group": one.group,
                "mutant": one.mutant.model_dump(mode="json") if one.mutant else None,
            }
            for digest, one in found.items()
        }
        for exercise, found in index.items()
    }  # fmt: skip
    store.keep_blob(lesson, INDEX, json.dumps({"seed": seed, "answers": answers}).encode())
