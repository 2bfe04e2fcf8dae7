"""The file that answers a lesson, found among a submission's files by its name or by the exercises that it defines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from blindgrade.engine.submission.file_names import Kind, Named, named, stem_of, suffix_of

MAX_LOOKED_INTO = 60  # files without a lesson's name whose definitions are read
MAX_NAMED = 4  # files that a message lists


@dataclass(frozen=True)
class Wanted:
    """Lesson to find: its id, its folder's name, its module, and the names that its exercises define."""

    lesson: str
    folder: str
    module: str
    defines: Set[str] = frozenset()

    @property
    def own(self) -> str:
        """Names of the lesson's own file, for a message."""
        return f"{self.module}.py or {self.module}.ipynb"


@dataclass(frozen=True)
class Look:
    """What a file holds, as far as the choice depends on it: names that it defines, unwritten exercises, its digest."""

    defines: Set[str]
    unwritten: int
    digest: str


@dataclass(frozen=True)
class Choice:
    """Files to read for a lesson: one, or a script and a notebook beside each other. Empty if there is none.

    `others` are candidates that were not chosen. `refused` says why no file could be chosen although there are some.
    """

    names: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: str = ""


Looking = Callable[[str], Look]


def find(wanted: Wanted, files: Iterable[str], modules: Iterable[str], look: Looking) -> Choice:
    """Choice among files for one lesson. `modules` are all lessons' modules, so that no lesson gets another's file."""
    names = [name for name in files if suffix_of(name)]
    by_name = {name: found for name in names if (found := named(name, {*modules, wanted.module})) is not None}
    own = {name: found for name, found in by_name.items() if found.module == wanted.module}
    sure = {name: found for name, found in own.items() if found.kind is not Kind.LONGER}
    # `score_functions_ana.py` may be an answer or a helper, so its definitions decide.
    longer = {n: f for n, f in own.items() if f.kind is Kind.LONGER and look(n).defines & wanted.defines}
    if candidates := sure or longer:
        return _best(wanted, candidates, look)
    return _by_definitions(wanted, [name for name in names if name not in by_name], look)


def passed_over(wanted: Wanted, chosen: str, files: Iterable[str], look: Looking) -> list[str]:
    """Notes about copies of the lesson's file beside the lesson's own file, which is the one that is graded."""
    others = [n for n in files if (f := named(n, [wanted.module])) and f.kind is Kind.COPIED]
    return [
        f"{name} was not graded, because {chosen} has the lesson's own name; delete the one that you do not want graded"
        for name in others
        if look(name).digest != look(chosen).digest
    ]


def _best(wanted: Wanted, candidates: dict[str, Named], look: Looking) -> Choice:
    if len(candidates) == 1:  # nothing to compare, so the file is not read
        [only] = candidates
        return Choice([only], [], _misnamed(wanted, candidates, only))

    def key(name: str) -> tuple[bool, int, int, int]:
        found = candidates[name]
        away = PurePosixPath(name).parent.name not in (wanted.folder, wanted.lesson)
        return away, found.kind, look(name).unwritten, -found.number

    ordered = sorted(candidates, key=lambda name: (key(name), name))
    first = ordered[0]
    alike = [name for name in ordered if look(name).digest == look(first).digest]
    ties = [name for name in ordered if key(name) == key(first) and not _beside(name, first) and name not in alike]
    if ties:
        both = _listed([first, *ties])
        return Choice(refused=f"{both} could each be the answer to {wanted.lesson}; keep one, named {wanted.own}")
    pair = [name for name in ordered if name == first or _beside(name, first)]
    others = [name for name in ordered if name not in (*pair, *alike)]
    notes = _misnamed(wanted, candidates, first)
    if others:
        why = _why(candidates, first, others[0], look)
        notes.append(f"{first} was graded and {_listed(others)} not, because {why}; keep one file for {wanted.lesson}")
    return Choice(pair, [name for name in ordered if name not in pair], notes)


def _misnamed(wanted: Wanted, candidates: dict[str, Named], chosen: str) -> list[str]:
    if candidates[chosen].kind is Kind.OWN:
        return []
    return [f"{chosen} was read as the lesson's file; its own name is {wanted.own}"]


def _why(candidates: dict[str, Named], first: str, other: str, look: Looking) -> str:
    if candidates[first].kind < candidates[other].kind:
        return "its name is nearest to the lesson's own"
    if look(first).unwritten < look(other).unwritten:
        return "fewer exercises are unwritten in it"
    if candidates[first].number > candidates[other].number:
        return "its number is the highest"
    return "it is in the lesson's folder"


def _by_definitions(wanted: Wanted, names: list[str], look: Looking) -> Choice:
    found = [name for name in names[:MAX_LOOKED_INTO] if look(name).defines & wanted.defines]
    if not found:
        return Choice()
    first = found[0]
    others = [name for name in found if not _beside(name, first) and look(name).digest != look(first).digest]
    if others:
        listed = _listed([first, *others])
        why = f"{listed} each define exercises of {wanted.lesson}"
        return Choice(refused=f"{why}; name the file with your answers {wanted.own}")
    defined = len(look(first).defines & wanted.defines)
    exercises = "an exercise" if defined == 1 else f"{defined} exercises"
    note = f"{first} was read, because it defines {exercises} of {wanted.lesson}; the lesson's own file is {wanted.own}"
    pair = [name for name in found if name == first or _beside(name, first)]
    return Choice(pair, [name for name in found if name not in pair], [note])


def _beside(one: str, other: str) -> bool:
    """Whether these are script and notebook of one name in one folder."""
    first, second = PurePosixPath(one), PurePosixPath(other)
    return (
        first.parent == second.parent
        and stem_of(first.name) == stem_of(second.name)
        and suffix_of(first.name) != suffix_of(second.name)
    )


def _listed(names: list[str]) -> str:
    names = [*names[:MAX_NAMED], *([f"{len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else [])]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
