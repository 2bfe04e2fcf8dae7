"""One lesson whose proofs are done: what is planned, which results are known, and where new results are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from blindgrade.catalog import Catalog, Target
from blindgrade.models import Kind
from blindgrade.verify import trials
from blindgrade.verify.deciders import Deciders, software
from blindgrade.verify.kept import Kept, KeptResult, ProofRecord, new_record
from blindgrade.verify.mutant import Mutant, can_make_mutants
from blindgrade.verify.mutant_proofs import SAMPLE, named, sampled
from blindgrade.verify.survival import concerned
from blindgrade.verify.tasks import Proof, Task, plan
from blindgrade.verify.workshop import Workshop

Known = Literal["kept", "recorded", "nothing", "record"]
RECORD_IS_CURRENT = "the record of trained exercises is current"


@dataclass(frozen=True)
class Effort:
    """How much is proved.

    seeds: seeds of each solution. mutants: try mutants, too. known: "kept" uses results of earlier runs and the
    record; "recorded" the record alone; "nothing" proves all anew; "record" proves what is trained anew and writes
    the record.
    """

    seeds: int = 5
    mutants: bool = False
    workers: int = 2
    known: Known = "kept"


@dataclass
class Bench:
    """One lesson at work: what is planned, and which results are known."""

    target: Target
    workshop: Workshop
    effort: Effort
    record: ProofRecord | None
    kept: Kept
    local: Deciders
    lasting: Deciders
    tasks: list[Task] = field(default_factory=list)
    mutants: list[Mutant] = field(default_factory=list)
    made: dict[str, KeptResult] = field(default_factory=dict)  # for the record

    @classmethod
    def of(cls, catalog: Catalog, target: Target, effort: Effort) -> Bench:
        """Bench with its plan. CourseError if the course's files cannot be read."""
        workshop = Workshop(catalog.root, target.files.entry.id)
        record = ProofRecord.read(workshop.files.proof_record) if effort.known in ("kept", "recorded") else None
        kept = Kept(catalog.build, target.files.entry.id)
        local, lasting = Deciders(workshop), Deciders(workshop, on_this_machine=False)
        bench = cls(target, workshop, effort, record, kept, local, lasting)
        # A record has the seeds that were worth a training; the others are not trained each time.
        recorded = record.seeds if record is not None and effort.known == "recorded" else None
        bench.tasks = plan(workshop, target.exercises, effort.seeds, recorded)
        bench.mutants = sampled(workshop, target.exercises) if effort.mutants else []
        return bench

    @property
    def whole(self) -> bool:
        """Is the whole lesson proved?"""
        return len(self.target.exercises) == len(self.workshop.lesson.exercises)

    @property
    def records(self) -> bool:
        """Are all trained exercises of the lesson proved, so that the record can be written?"""
        trained = {e.name for e in self.workshop.lesson.exercises if e.kind is Kind.TRAINING}
        return trained <= set(self.target.exercises)

    def known(self, task: Task) -> Proof | None:
        """Proof from an earlier result; None if it must be done."""
        trained = self._trained(task.exercise)
        # Each trained exercise's solution is trained for real once: a record alone proves nothing about this machine.
        recorded = self.record if trained and (task.kind, task.seed) != ("solution", 0) else None
        if recorded is not None and (found := recorded.proofs.get(self.lasting.of(task))):
            return self._proof(task, found, "recorded")
        usable = self.effort.known == "kept" or (self.effort.known == "record" and not trained)
        if usable and (digest := self.local.of(task)) and (found := self.kept.get(digest)):
            return self._proof(task, found, "kept")
        return None

    def known_mutant(self, mutant: Mutant) -> KeptResult | None:
        """Result of an earlier trial of the mutant; None if it must be tried."""
        trained = self._trains(mutant)
        if self.record is not None and trained and (found := self.record.proofs.get(self.lasting.mutant(mutant))):
            return found
        usable = self.effort.known == "kept" or (self.effort.known == "record" and not trained)
        return self.kept.get(self.local.mutant(mutant)) if usable else None

    def expected_seconds(self) -> float | None:
        """Estimate of the time for all that is planned, on one processor; None if few earlier times are known.

        A proof without an earlier time counts as long as those of its exercise and kind, or else as all on average.
        Times of trained exercises say nothing about others, so half of the proofs must have an own time.
        """
        record = self.record or ProofRecord.read(self.workshop.files.proof_record)
        times = self.kept.seconds() | ({one.what: one.seconds for one in record.proofs.values()} if record else {})
        planned = [(_what(task), f"{task.kind} {task.exercise}") for task in self.tasks if self.known(task) is None]
        planned += [(named(m), f"{m.exercise}: mutant") for m in self.mutants if self.known_mutant(m) is None]
        found: list[float] = []
        for what, alike in planned:
            others = [seconds for name, seconds in times.items() if name.startswith(alike)]
            if what in times or others:
                found.append(times.get(what, sum(others) / max(1, len(others))))
        if 2 * len(found) < len(planned) or not found:
            return None if planned else 0.0
        return sum(found) / len(found) * len(planned)

    def keep(self, proofs: dict[Task, Proof]) -> None:
        """Keep what was proved now. Only what passed: a failure is shown again by proving it again."""
        fresh = {
            task: KeptResult(what=_what(task), passed=True, seconds=round(proof.seconds, 2))
            for task, proof in proofs.items()
            if proof.passed and not proof.source
        }
        self.kept.add({digest: one for task, one in fresh.items() if (digest := self.local.of(task))})
        self.made |= {self.lasting.of(task): one for task, one in fresh.items() if self._trained(task.exercise)}

    def keep_mutants(self, tried: dict[str, KeptResult]) -> None:
        """Keep the results of mutants that were tried now."""
        self.kept.add(tried)

    def write_record(self, tried: dict[str, KeptResult]) -> None:
        """Write the record of the trained exercises, or remove the file if the lesson trains nothing."""
        lasting = {self.local.mutant(m): self.lasting.mutant(m) for m in self.mutants if self._trains(m)}
        made = self.made | {lasting[digest]: one for digest, one in tried.items() if digest in lasting}
        path = self.workshop.files.proof_record
        if not made:
            return path.unlink(missing_ok=True)
        sample = f"at most {SAMPLE} of each trained exercise" if self.mutants else "none"
        new_record(self.effort.seeds, sample, software(), made).write(path)

    def record_is_current(self) -> Proof:
        """Proof that there is a record if anything is trained, and that it has nothing that has changed since."""
        path = self.workshop.files.proof_record
        trained = [e.name for e in self.workshop.lesson.exercises if e.kind is Kind.TRAINING]
        detail = f"{path} is missing; make it: course verify --record {self.workshop.lesson.id}" if trained else ""
        if self.record is not None:
            tasks = plan(self.workshop, self.target.exercises, self.record.seeds)
            wanted = {self.lasting.of(task) for task in tasks if self._trained(task.exercise)}
            stale = set(self.record.proofs) - wanted - self._mutants_of(self.record)
            examples = ", ".join(sorted(self.record.proofs[digest].what for digest in stale)[:3])
            detail = (
                f"{path} has {len(stale)} results of something that has changed since ({examples}); make it anew:"
                f" course verify --record {self.workshop.lesson.id}"
                if stale
                else ""
            )
        return Proof(self.workshop.lesson.id, RECORD_IS_CURRENT, "", not detail, detail, 0.0)

    def _mutants_of(self, record: ProofRecord) -> set[str]:
        """Digests of mutants that trained exercises notice. If none can be made here, the recorded ones are current."""
        if not self.mutants and not can_make_mutants():
            return {digest for digest, one in record.proofs.items() if ": mutant " in one.what}
        every = self.mutants or sampled(self.workshop, self.target.exercises)
        return {self.lasting.mutant(m) for m in every if self._trains(m)}

    def _trained(self, exercise: str) -> bool:
        return any(e.name == exercise and e.kind is Kind.TRAINING for e in self.workshop.lesson.exercises)

    def _trains(self, mutant: Mutant) -> bool:
        """Does each check that may notice the mutant train? Also those of a helper that only trained exercises use."""
        found = concerned(self.workshop, mutant)
        return bool(found) and all(exercise.kind is Kind.TRAINING for exercise in found)

    def _proof(self, task: Task, found: KeptResult, source: str) -> Proof:
        name, _ = trials.KINDS[task.kind]
        return Proof(task.lesson, name, task.subject, found.passed, "", found.seconds, source)


def _what(task: Task) -> str:
    return f"{task.kind} {task.subject}".rstrip()
