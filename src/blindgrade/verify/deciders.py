"""Digest of all that decides a proof. An equal digest means an equal result, so a kept result can be used again."""

from __future__ import annotations

import ast
import platform
from functools import cache, cached_property
from importlib import metadata

from blindgrade.engine.answers.solution_text import Variant
from blindgrade.models import Exercise
from blindgrade.verify.mutant import Mutant
from blindgrade.verify.public import decides_public_proof
from blindgrade.verify.survival import concerned
from blindgrade.verify.tasks import Task
from blindgrade.verify.toys_used import ToysUsed
from blindgrade.verify.workshop import Workshop
from blindgrade.versions.deciding import code_digest
from blindgrade.versions.digests import digest_of, digest_of_file

# Code that runs in a proof and can change its result. tests/verify/test_deciders.py finds a module that is missing.
PROVES = (
    "agreement.py",
    "checks.py",
    "known_answers.py",
    "places.py",
    "engine/answers",
    "engine/judging",
    "engine/grading/in_process.py",
    "engine/grading/loop.py",
    "engine/wire/frames.py",
    "engine/wire/replies.py",
    "engine/worker/attributes.py",
    "engine/worker/blocks.py",
    "engine/worker/errors.py",
    "engine/worker/experiment.py",
    "engine/worker/lesson.py",
    "engine/worker/settings.py",
    "engine/worker/state.py",
    "state_dicts.py",
    "verify/lazy.py",
    "verify/mutant.py",
    "verify/mutants.py",
    "verify/public.py",
    "verify/survival.py",
    "verify/trials.py",
    "verify/workshop.py",
    "wording.py",
)
APART = {
    "engine/judging/collected_figures.py": "pictures, which are drawn after the verdict",
    "engine/judging/judged_before.py": "replies of a cohort, which no proof has",
    "engine/judging/unexplained.py": "wrong answers of a cohort, which no proof has",
    "engine/judging/wrong_answers.py": "wrong answers of a cohort, which no proof has",
}
FREE = ("drift", "coverage", "supplies", "promises")  # kinds that cost next to nothing, so they are always done
SHOWN_ELSEWHERE = {"difficulty", "mental_models", "concepts", "use"}  # fields of an exercise that no result depends on


class Deciders:
    """Digests of one lesson's proofs.

    With `on_this_machine` they also depend on the versions of Python, torch and numpy. A record in the course's history
    does not, because it names them.
    """

    def __init__(self, workshop: Workshop, *, on_this_machine: bool = True) -> None:
        self.workshop = workshop
        versions = software() if on_this_machine else {}
        added = [workshop.packages] if workshop.packages else []
        self._base = digest_of(code_digest(decides=PROVES, apart=tuple(APART)), versions, *added)
        self._exercises: dict[str, str] = {}
        self._tasks: dict[Task, str] = {}
        self._different: dict[str, str] = {}

    def of(self, task: Task) -> str:
        """Digest for the task; "" if the proof is always done."""
        if task not in self._tasks:
            self._tasks[task] = self._of_task(task)
        return self._tasks[task]

    def _of_task(self, task: Task) -> str:
        if task.kind in FREE:
            return ""
        parts: list[object] = [self._base, task.kind, task.subject, task.seed]
        if not task.exercise:
            return digest_of(parts, self._whole_lesson)
        exercise = self.workshop.lesson.exercise(task.exercise)
        parts.append(self.exercise(exercise))
        if task.kind == "alternative":
            parts += [self._differs(v) for v in self.workshop.alternatives if self._is(v, task)]
        if task.kind == "failure":
            parts += [self._differs(v) for v in self.workshop.failures if self._is(v, task)]
        if task.kind in ("misconception", "failure", "public"):
            # A diagnosis chooses among all wrong answers to the exercise, in their order.
            known = [v for v in self.workshop.misconceptions if v.exercise == exercise.name]
            parts += [[v.name, "" if task.kind == "failure" else v.hint, self._differs(v)] for v in known]
        if task.kind == "public":
            parts += decides_public_proof(self.workshop, exercise.name)
        if task.kind == "misconception":
            parts += [self.exercise(other) for other in self.workshop.touched_by(exercise.defines)]
        return digest_of(parts)

    def mutant(self, mutant: Mutant) -> str:
        """Digest for the question whether any check notices the mutant."""
        users = [self.exercise(exercise) for exercise in concerned(self.workshop, mutant)]
        return digest_of(self._base, "mutant", mutant.exercise, self._statements_that_differ(mutant.text), users)

    def exercise(self, exercise: Exercise) -> str:
        """Digest of the exercise: its description, its checks, and the parts of solution and toys that they use."""
        if exercise.name not in self._exercises:
            checks = self.workshop.checks
            own = [(check.name, checks.slicer.local_digest([check.name])) for check in checks.of(exercise.name)]
            spec = exercise.model_dump(mode="json", exclude=SHOWN_ELSEWHERE)
            solution = [self._solution.get(name, "") for name in sorted(self.workshop.used_by(exercise))]
            toys = self._toys.of_exercise(exercise, solution)
            self._exercises[exercise.name] = digest_of(spec, own, solution, self._shared, toys)
        return self._exercises[exercise.name]

    # ------------------------------------------------------------ parts of the lesson

    @cached_property
    def _whole_lesson(self) -> str:
        files = self.workshop.files
        paths = (files.solution, files.private_checks, files.stub, files.public_checks, files.answer_key, files.spec)
        return digest_of([digest_of_file(path) for path in paths], self._toys.of_lesson())

    @cached_property
    def _toys(self) -> ToysUsed:
        return ToysUsed(self.workshop, self._shared)

    @cached_property
    def _solution(self) -> dict[str, str]:
        return _definitions(self.workshop.solution.text)

    @cached_property
    def _shared(self) -> str:
        """Statements of the solution that define nothing, such as imports: every exercise depends on them."""
        return self._solution[""]

    def _is(self, variant: Variant, task: Task) -> bool:
        return (variant.exercise, variant.name) == (task.exercise, task.variant)

    def _differs(self, variant: Variant) -> str:
        return self._statements_that_differ(variant.text)

    def _statements_that_differ(self, text: str) -> str:
        """Statements of a changed solution that the solution itself does not have."""
        if text not in self._different:
            known, dumps = self._statements
            # A dump takes long, so a statement with the same lines as one of the solution needs none.
            changed = [_dump(node) for lines, node in _statements(text) if lines not in known]
            new = [dump for dump in changed if dump not in dumps]
            self._different[text] = digest_of(new, *self._toys.of_statements(new, text))
        return self._different[text]

    @cached_property
    def _statements(self) -> tuple[set[str], set[str]]:
        """The solution's statements, once by their lines and once by their syntax."""
        found = _statements(self.workshop.solution.text)
        return {lines for lines, _ in found if lines}, {_dump(node) for _, node in found}


def _definitions(text: str) -> dict[str, str]:
    """Syntax of each top-level definition by its name, and under "" of all other statements."""
    found: dict[str, list[str]] = {"": []}
    for node in ast.parse(text).body:
        names = [""]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)] or [""]
        for name in names:
            found.setdefault(name, []).append(_dump(node))
    return {name: "\n".join(dumps) for name, dumps in found.items()}


def _statements(text: str) -> list[tuple[str, ast.stmt]]:
    """Top-level statements with their lines; "" for a statement that follows another one on a line."""
    lines = text.split("\n")
    found: list[tuple[str, ast.stmt]] = []
    for node in ast.parse(text).body:
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        found.append(("" if node.col_offset else "\n".join(lines[first - 1 : node.end_lineno]), node))
    return found


def _dump(node: ast.stmt) -> str:
    return ast.dump(node)


@cache
def software() -> dict[str, str]:
    """Versions of this machine on which the last digits of a result depend."""
    versions = {name: metadata.version(name) for name in ("torch", "numpy")}
    return {"python": platform.python_version(), "machine": platform.machine(), **versions}
