"""The attack corpus against this machine's sandbox: grade each attack, look at what it won, read and left.

An attack is a submission for the first lesson of a course whose header says what it tries and how it must end;
tests/attacks/README.md describes the header. What counts as held: no points that an honest wrong answer would not get,
nothing read, nothing left behind, everybody else graded as usual, and an attempt that says what happened.
"""

from __future__ import annotations

import io
import platform
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from blindgrade.attack.canaries import Canaries, descendants, new_processes
from blindgrade.catalog import Catalog
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.warm_process import Sandbox, Zygote
from blindgrade.engine.grading.worker_client import ZygoteFailed
from blindgrade.models import Attempt, ExerciseResult, Grading, Outcome
from blindgrade.render.safe import HIDDEN
from blindgrade.render.terminal.results import print_grading

CORPUS = Path(__file__).parents[3] / "tests" / "attacks"  # of the source checkout that holds this package
HEADER = re.compile(r'"""(?P<sentence>[A-Z][^"\n]+\.)"""\n# attack: (?P<fields>.+)\n# held by: (?P<why>.+)\n')
MAX_MESSAGE = 4_000  # characters that a message of an attempt may have
MAX_ATTEMPT = 2 << 20  # characters of a whole attempt
COMMAND = re.compile(r"^\s*::\w|##\[", re.MULTILINE)  # what a runner of GitHub's takes for a command
BREACH, TRIED = "BREACH:", "tried:"
NEEDS = {"isolation", "namespaces", "x86_64"}

Progress = Callable[[str, int, int], None]


class CorpusError(Exception):
    """The corpus cannot be read; the message names the file and what to do."""


@dataclass(frozen=True)
class Attack:
    """One file of the corpus. The fields after `why` are its header's; the README says what they mean."""

    name: str
    text: str
    sentence: str
    why: str
    lines: tuple[int, ...]
    target: str
    expects: Outcome = Outcome.FAILED
    points: float = 0.0
    harms: tuple[str, ...] = ()
    says: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """How an attack ended. `what` says what broke, or why it was skipped; a skipped attack is not held."""

    name: str
    sentence: str
    lines: tuple[int, ...]
    held: bool
    what: str
    skipped: bool = False
    seconds: float = 0.0


# ---------------------------------------------------------------- the corpus


def read_corpus(folder: Path, names: Iterable[str] = ()) -> list[Attack]:
    """The attacks in a folder, all or those named, in alphabetical order."""
    files = {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not files:
        raise CorpusError(f"there are no attacks in {folder}; name the folder that holds them with --corpus")
    wanted = list(names) or list(files)
    for name in wanted:
        if name not in files:
            raise CorpusError(f"{folder} holds no attack {name!r}; leave the name out to list them all")
    return [read_attack(files[name]) for name in sorted(set(wanted))]


def read_attack(path: Path) -> Attack:
    """One file; CorpusError if its docstring or header is not as the README has it."""
    text = path.read_text(encoding="utf-8")
    found = HEADER.match(text)
    if found is None:
        raise CorpusError(f"{path} must begin with a docstring of one sentence and the two comments of the README")
    fields = dict(part.split("=", 1) for part in found["fields"].split("; "))
    try:
        attack = Attack(
            name=path.stem,
            text=text,
            sentence=found["sentence"],
            why=found["why"],
            lines=tuple(int(n) for n in _listed(fields.pop("lines"))),
            target=fields.pop("target"),
            expects=Outcome(fields.pop("expects", "failed")),
            points=float(fields.pop("points", 0)),
            harms=_listed(fields.pop("harms", "")),
            says=fields.pop("says", ""),
            needs=_listed(fields.pop("needs", "")),
        )
    except (KeyError, ValueError) as error:
        raise CorpusError(f"{path}: the header's {error} is missing or wrong; see the corpus's README") from None
    if fields or not set(attack.needs) <= NEEDS:
        raise CorpusError(f"{path}: the header has unknown fields or needs; see the corpus's README")
    return attack


def _listed(field: str) -> tuple[str, ...]:
    return tuple(part for part in field.split(",") if part not in ("", "-"))


# ---------------------------------------------------------------- facing it


class Defence:
    """A grader with one warm process among canaries, which attacks meet one after the other."""

    def __init__(self, course: Path, sandbox: Sandbox = "auto") -> None:
        self._canaries = Canaries(course)
        self._sandbox = sandbox
        self._faced = 0

    def __enter__(self) -> Self:
        """SandboxMissing or ZygoteFailed if the warm process does not start; nothing is left then."""
        self._canaries.__enter__()
        try:
            self._targets = Catalog(self._canaries.course).find([self._canaries.lesson.entry.id])
            self._warm = Zygote.for_targets(self._targets, sandbox=self._sandbox)
            self._honest = self._submitted("honest", self._solution())
            if fault := self._honest_fault():
                raise CorpusError(f"the course's own solution is not graded as it should be: {fault}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if hasattr(self, "_warm"):
            self._warm.close()
        self._canaries.__exit__(kind, error, tb)

    @property
    def tier(self) -> str:
        """The sandbox that holds the workers."""
        return self._warm.sandbox

    def face(self, attack: Attack) -> Result:
        """Grade the attack, then an honest submission in the same warm process."""
        begun = time.monotonic()
        if reason := self._not_here(attack):
            return Result(attack.name, attack.sentence, attack.lines, False, reason, skipped=True)
        submission = self._submitted(attack.name, self._canaries.filled(attack.text))
        files, processes = self._canaries.traces(), descendants()
        self._canaries.connections()
        try:
            faults = list(self._faults(attack, self._grade(submission)))
        except Exception as error:  # whatever an attack makes the grader raise is the attack's success
            faults = [f"the grader stopped: {type(error).__name__}: {error}"[:500]]
        faults += self._left(files, processes)
        if fault := self._honest_fault():
            faults.append(f"an honest submission after it: {fault}")
        what = "; ".join(dict.fromkeys(faults))
        return Result(attack.name, attack.sentence, attack.lines, not faults, what, seconds=time.monotonic() - begun)

    def _not_here(self, attack: Attack) -> str:
        if "isolation" in attack.needs and self.tier == "process":
            return "needs isolation, which the sandbox 'process' does not give"
        if "namespaces" in attack.needs and self.tier != "namespaces":
            return f"needs a file system of the worker's own, which the sandbox {self.tier!r} does not give"
        if "x86_64" in attack.needs and platform.machine() != "x86_64":
            return "its system calls are those of x86_64"
        return ""

    def _solution(self) -> str:
        text = self._canaries.lesson.solution.read_text(encoding="utf-8")
        return text.replace(self._canaries.token, "")

    def _submitted(self, name: str, text: str) -> Path:
        folder = self._canaries.private / "submitted" / name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self._canaries.lesson.module}.py"
        file.write_text(text, encoding="utf-8")
        return file

    def _grade(self, submission: Path) -> Grading:
        with self._canaries.temporary_folder():
            catalog = Catalog(self._canaries.course)
            return grade(catalog, self._targets, submission, Options(sandbox=self._sandbox), self._warm)

    def _honest_fault(self) -> str:
        """Why an honest submission does not get every point; ZygoteFailed if there is no sandbox at all."""
        try:
            attempt = self._grade(self._honest).lessons[0]
        except ZygoteFailed:
            raise
        except Exception as error:  # an attack may have damaged the course
            return f"the grader stopped: {type(error).__name__}: {error}"[:500]
        lost = [_told(result) for result in attempt.exercises if result.outcome is not Outcome.PASSED]
        return "; ".join(lost + attempt.problems)

    def _faults(self, attack: Attack, grading: Grading) -> Iterator[str]:
        text = grading.model_dump_json(by_alias=True)
        for line in re.findall(rf"{BREACH}[^\\\"]*", text):
            yield line[:300]
        if self._canaries.token in text:
            yield "the attempt holds a canary's token"
        yield from judge(attack, grading.lessons[0])
        yield from unreadable(grading)

    def _left(self, files: dict[str, object], processes: dict[int, str]) -> Iterator[str]:
        if found := self._canaries.connections():
            yield f"{found} connections to the grader's machine"
        if gone := set(processes) - set(descendants()):
            yield f"it ended {', '.join(processes[pid] for pid in gone)}"
        for pid, command in new_processes(processes).items():
            yield f"it left process {pid} {command}"
        now = self._canaries.traces()
        yield from (f"it left or changed {name}" for name in now if now[name] != files.get(name))
        yield from (f"it removed {name}" for name in files if name not in now)


def face_all(
    attacks: list[Attack], course: Path, sandbox: Sandbox, progress: Progress | None = None
) -> tuple[str, list[Result]]:
    """The sandbox and how each attack ended; `progress` gets the next one and how many of how many are done.

    Raises SandboxMissing or ZygoteFailed if no warm process starts.
    """
    results: list[Result] = []
    with Defence(course, sandbox) as defence:
        for attack in attacks:
            if progress is not None:
                progress(attack.name, len(results), len(attacks))
            results.append(defence.face(attack))
        return defence.tier, results


# ---------------------------------------------------------------- judging


def judge(attack: Attack, attempt: Attempt) -> Iterator[str]:
    """What of the attempt is not as the attack's header says."""
    for result in attempt.exercises:
        if result.outcome is Outcome.ERROR:
            yield f"the grader takes the blame: {_told(result)}"
        if result.name == attack.target:
            if result.points > attack.points:
                yield f"{result.name} earned {result.points:g} points; an honest wrong answer earns {attack.points:g}"
            if result.outcome is not attack.expects:
                yield f"{result.name} is {result.outcome}, not {attack.expects}: {_told(result)}"
        elif result.name not in attack.harms and result.points < result.max_points:
            yield f"another exercise was hit: {_told(result)}"
        failed = [c for c in result.checks if c.outcome is Outcome.FAILED]
        if any(not c.message for c in failed):
            yield f"{result.name} failed and nothing says why"
    told = " ".join([*attempt.problems, *(_told(r) + r.output for r in attempt.exercises)])
    expected = attack.says or (TRIED if attack.target == "none" else "")
    if expected not in told:
        yield f"nothing says {expected!r}: {told[:500]}"


def unreadable(grading: Grading) -> Iterator[str]:
    """What of an attempt a person or a terminal could not take."""
    for attempt in grading.lessons:
        messages = [*attempt.problems, *(c.message for e in attempt.exercises for c in e.checks)]
        for message in messages:
            if len(message) > MAX_MESSAGE:
                yield f"a message of {len(message)} characters: {message[:60]}"
    if (size := len(grading.model_dump_json())) > MAX_ATTEMPT:
        yield f"an attempt of {size} characters"
    console = Console(file=io.StringIO(), width=120, highlight=False)
    print_grading(grading, console, verbose=True)
    assert isinstance(console.file, io.StringIO)
    screen = console.file.getvalue()
    if odd := {c for c in screen if c != "\n" and unicodedata.category(c) in (*HIDDEN, "Zl", "Zp")}:
        yield f"the terminal gets {sorted(odd)!a}"
    if command := COMMAND.search(screen):
        yield f"a CI runner would obey {screen[command.start() : command.start() + 40]!r}"


def _told(result: ExerciseResult) -> str:
    said = " | ".join(dict.fromkeys(c.message for c in result.checks if c.message))
    return f"{result.name} {result.outcome}: {said}"
