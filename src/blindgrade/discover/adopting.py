"""Adoption of a discovered group: its answer becomes a misconception of the course, if its proofs pass."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blindgrade.attempts.kept_answers import kept_answer
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.cohort_report.groups import AnswerGroup
from blindgrade.discover.answers import answer_of, checks_by_name, rounds_of
from blindgrade.discover.entries import Entry, added, entry
from blindgrade.discover.kept_mutants import Progress, kept_mutants
from blindgrade.discover.matching import equal_mutants
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.engine.judging.wrong_answers import WrongAnswer, equal
from blindgrade.files import write_whole
from blindgrade.verify.proofs import prove_task
from blindgrade.verify.tasks import Proof, plan
from blindgrade.verify.workshop import Workshop
from blindgrade.versions.course_version import course_version

KINDS = ("misconception", "public")  # proofs that a new misconception can break


class NotAdopted(Exception):
    """The group is not adopted, and the file is as it was. The message says why and what to do."""


@dataclass
class Adoption:
    """One group that is to be adopted, with the entry that would be written."""

    target: Target
    group: AnswerGroup
    name: str
    entry: Entry
    answer: WrongAnswer
    seed: RunSeed

    @property
    def path(self) -> Path:
        """The file of known answers."""
        return self.target.files.known_answers

    def adopt(self, progress: Progress = lambda what, done, total: None) -> list[Proof]:
        """Write the entry and prove it. The proofs, which all pass. NotAdopted if one fails."""
        with self._written():
            self._replies_like_the_group()
            proofs = self._prove(progress)
            failed = [proof for proof in proofs if not proof.passed]
            if failed:
                raise NotAdopted(self._about(failed))
        return proofs

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Write the entry. Restore the file if anything goes wrong."""
        before = self.path.read_bytes() if self.path.is_file() else None
        text = added((before or b"").decode("utf-8"), self.target.lesson, self.group.exercise, self.entry)
        write_whole(self.path, text)
        try:
            yield
        except BaseException as error:
            if before is None:
                self.path.unlink()
            else:
                write_whole(self.path, before)
            if isinstance(error, CourseError):
                raise NotAdopted(f"the entry cannot be read: {error}") from None
            raise

    def _replies_like_the_group(self) -> None:
        """NotAdopted unless the entry replies to every check as the group's answers do."""
        workshop = Workshop(self.target.files.root, self.group.lesson)
        variant = next(v for v in workshop.misconceptions if self._is(v))
        rounds = rounds_of(workshop, self.group.exercise, self.seed.seed)
        answer = answer_of(workshop, workshop.solution.variant(variant), rounds)
        if answer is None or not equal(checks_by_name(workshop, self.group.exercise), answer, self.answer):
            raise NotAdopted(
                f"inside the solution this code does not reply as it did in the student's file, so it needs other parts"
                f" of that file; write the answer into {self.path} by hand"
            )

    def _is(self, variant: Variant) -> bool:
        return (variant.exercise, variant.name) == (self.group.exercise, self.name)

    def _prove(self, progress: Progress) -> list[Proof]:
        workshop = Workshop(self.target.files.root, self.group.lesson)
        tasks = [task for task in plan(workshop, [self.group.exercise], 1) if task.kind in KINDS]
        proofs = []
        for number, task in enumerate(tasks):
            progress(f"{task.kind} {task.subject}", number, len(tasks))
            proofs.append(prove_task(self.target.files.root, task))
        return proofs

    def _about(self, failed: list[Proof]) -> str:
        own = [proof for proof in failed if f"/{self.name}," in proof.subject]
        first = (own or failed)[0]
        what = f" ({first.subject})" if first.subject else ""
        more = f", and {len(failed) - 1} more proofs fail" if len(failed) > 1 else ""
        return (
            f"{first.name}{what}: {first.detail}{more}; the entry is taken out again, and {self.path.name} is as it was"
        )


def adoption(
    catalog: Catalog,
    target: Target,
    store: AttemptStore,
    group: AnswerGroup,
    name: str,
    hint: str,
    workers: int,
    progress: Progress = lambda what, done, total: None,
) -> Adoption:
    """The entry for a group, which is not written yet. Raises NotAdopted, NoEntry, CourseError or StoreError."""
    workshop = Workshop(catalog.root, group.lesson)
    _check_words(workshop, group.exercise, name, hint)
    seed = store.drawn_seed(group.lesson)
    answer = kept_answer(store, group.lesson, group.digest) if seed is not None else None
    if seed is None or answer is None:
        raise NotAdopted(
            f"the replies of this group are not kept beside the attempts; run `course grade {group.lesson} SUBMITTED"
            " --regrade`, or write the answer by hand"
        )
    changes: list[MutantReply] = []
    if group.mutant is not None:
        version = course_version(target).exercises[group.exercise]
        checks = checks_by_name(workshop, group.exercise)
        for wider in (False, True):
            known = kept_mutants(workshop, store, seed, group.exercise, version, workers, progress, wider=wider)
            changes = equal_mutants(checks, answer, known)
            if changes:
                break
    found = entry(workshop, group.exercise, name, hint, changes, group.sample)
    return Adoption(target, group, name, found, answer, seed)


def _check_words(workshop: Workshop, exercise: str, name: str, hint: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise NotAdopted(f"--name {name!r} must be a name as in Python, such as mean_instead_of_sum")
    if any(v.exercise == exercise and v.name == name for v in workshop.misconceptions):
        raise NotAdopted(f"`{exercise}` already has a misconception `{name}`; choose another --name")
    if not hint.strip():
        raise NotAdopted("--hint is empty; write the sentence that a student with this answer should read")
