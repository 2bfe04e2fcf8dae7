"""The attacks against this machine's sandbox: grade each one, then look at what it earned, read and left.

An attack is held if all of this is true:

- it earns no points that an honest wrong answer would not earn;
- it reads nothing and leaves nothing behind;
- the next submission is graded as usual;
- the attempt says what happened.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from blindgrade.attack.canaries import Canaries, descendants, new_processes
from blindgrade.attack.corpus import Attack, CorpusError
from blindgrade.attack.faults import in_short, judge, unreadable
from blindgrade.catalog import Catalog
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.grading.worker_client import ZygoteFailed
from blindgrade.models import Grading, Outcome

BREACH = "BREACH:"  # what an attack prints when it got through

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Result:
    """Result of one attack. `what` has its faults, or the reason why it was skipped. A skipped attack is not held.

    An `open` attack is skipped because the sandbox has nothing against it.
    """

    name: str
    sentence: str
    lines: tuple[int, ...]
    held: bool
    what: str
    skipped: bool = False
    open: bool = False
    seconds: float = 0.0


class Defence:
    """A grader with one warm process, with canaries around it. It grades one attack after the other."""

    def __init__(self, course: Path, sandbox: Sandbox = "auto") -> None:
        self._canaries = Canaries(course)
        self._sandbox = sandbox
        self._faced = 0

    def __enter__(self) -> Self:
        """Start the grader. SandboxMissing or ZygoteFailed if the warm process does not start; then nothing is left."""
        self._canaries.__enter__()
        try:
            self._targets = Catalog(self._canaries.course).find([self._canaries.lesson.entry.id])
            self._warm = workers_for(self._targets, sandbox=self._sandbox, ahead=False)
            self._honest = self._submitted("honest", self._solution())
            if fault := self._honest_fault():
                raise CorpusError(f"the course's own solution does not get every point: {fault}; correct the course")
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
        """Name of the workers' sandbox tier."""
        return self._warm.sandbox

    @property
    def _walled(self) -> bool:
        return self.tier != "process"

    def face(self, attack: Attack) -> Result:
        """Result of grading the attack, and then an honest submission in the same warm process."""
        begun = time.monotonic()
        if reason := self._not_here(attack):
            is_open = not self._walled and "isolation" in attack.needs
            return Result(attack.name, attack.sentence, attack.lines, False, reason, skipped=True, open=is_open)
        submission = self._submitted(attack.name, self._canaries.filled(attack.text))
        files, processes = self._canaries.traces(), descendants()
        self._canaries.connections()
        try:
            faults = list(self._faults(attack, self._grade(submission)))
        except Exception as error:  # an attack that makes the grader raise anything has succeeded
            faults = [f"the grader stopped: {type(error).__name__}: {error}"[:500]]
        faults += self._left(files, processes)
        if fault := self._honest_fault():
            faults.append(f"an honest submission after it: {fault}")
        what = "; ".join(dict.fromkeys(faults))
        return Result(attack.name, attack.sentence, attack.lines, not faults, what, seconds=time.monotonic() - begun)

    def _not_here(self, attack: Attack) -> str:
        if "isolation" in attack.needs and not self._walled:
            return "needs isolation, which the sandbox 'process' does not give"
        if "namespaces" in attack.needs and self.tier != "namespaces":
            return f"needs a file system of the worker's own, which the sandbox {self.tier!r} does not give"
        if "x86_64" in attack.needs and platform.machine() != "x86_64":
            return "needs x86_64, because it uses that machine's system calls"
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
        """Reason why an honest submission does not get every point, or "". ZygoteFailed if there is no sandbox."""
        try:
            attempt = self._grade(self._honest).lessons[0]
        except ZygoteFailed:
            raise
        except Exception as error:  # an attack may have damaged the course
            return f"the grader stopped: {type(error).__name__}: {error}"[:500]
        lost = [in_short(result) for result in attempt.exercises if result.outcome is not Outcome.PASSED]
        return "; ".join(lost + attempt.problems)

    def _faults(self, attack: Attack, grading: Grading) -> Iterator[str]:
        text = grading.model_dump_json(by_alias=True)
        for line in re.findall(rf"{BREACH}[^\\\"]*", text):
            yield line[:300]
        if self._canaries.token in text:
            yield "the attempt contains a canary's token"
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
    """The sandbox tier and the result of each attack.

    `progress` gets the next attack's name, the number of attacks that are done, and the number of all attacks. Raises
    SandboxMissing or ZygoteFailed if no warm process starts.
    """
    results: list[Result] = []
    with Defence(course, sandbox) as defence:
        for attack in attacks:
            if progress is not None:
                progress(attack.name, len(results), len(attacks))
            results.append(defence.face(attack))
        return defence.tier, results
