"""Students whose answers have one structure, and how likely that is by chance.

Short exercises have few right answers, so equal ones prove nothing by themselves. What counts is how rare the shared
answers are in this cohort: two students who write independently share a form that a part p of the cohort writes with
probability p. Evidence adds up in bits, -log2 p for each exercise that two share.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from blindgrade.analysis.structure import definitions, form
from blindgrade.catalog import LessonFiles
from blindgrade.engine.submission import SubmissionError, read_submission
from blindgrade.models import Lesson

CHANCE = 0.05  # so many pairs with as much evidence are expected by chance in a cohort that writes independently
LEAST = 3  # exercises that two must share
SUFFIXES = (".py", ".ipynb", ".zip", ".tar", ".tar.gz", ".tgz")

Forms = dict[str, dict[str, str]]  # student -> "lesson/exercise" -> form


@dataclass(frozen=True)
class Pair:
    """Two students, the exercises that they answer alike, and how many such pairs chance would give."""

    first: str
    second: str
    shared: list[str]
    compared: int
    bits: float
    by_chance: float


@dataclass(frozen=True)
class Alike:
    """The pairs that chance does not explain, the most telling first, and the groups that they form."""

    pairs: list[Pair]
    groups: list[list[str]]
    students: int


def read_forms(submitted: Path, lessons: Sequence[tuple[LessonFiles, Lesson]]) -> Forms:
    """The forms of all answers in a folder of submissions, the untouched stub's left out."""
    defined = {files.entry.id: {e.defines for e in lesson.exercises} for files, lesson in lessons}
    stubs = {files.entry.id: _forms(lesson, files.stub.read_text(encoding="utf-8")) for files, lesson in lessons}
    found: Forms = {}
    for student, path in _submissions(submitted):
        try:
            texts = read_submission(path, [files for files, _ in lessons], defined)
        except SubmissionError:
            continue
        for files, lesson in lessons:
            submission = texts[files.entry.id]
            if submission is not None and not submission.unreadable:
                for exercise, digest in _forms(lesson, submission.text).items():
                    if stubs[files.entry.id].get(exercise) != digest:
                        found.setdefault(student, {})[f"{lesson.id}/{exercise}"] = digest
    return found


def alike(forms: Mapping[str, Mapping[str, str]]) -> Alike:
    """The pairs of students that share more than independent writing explains."""
    counts = Counter((exercise, digest) for own in forms.values() for exercise, digest in own.items())
    answered = Counter(exercise for own in forms.values() for exercise in own)
    bits = {key: -math.log2(n / answered[key[0]]) for key, n in counts.items()}
    pairs = []
    all_pairs = math.comb(len(forms), 2)
    for first, second in combinations(sorted(forms), 2):
        mine, other = forms[first], forms[second]
        common = mine.keys() & other.keys()
        shared = sorted(e for e in common if mine[e] == other[e])
        evidence = sum(bits[e, mine[e]] for e in shared)
        by_chance = all_pairs * 2.0**-evidence
        if len(shared) >= LEAST and by_chance < CHANCE:
            pairs.append(Pair(first, second, shared, len(common), evidence, by_chance))
    pairs.sort(key=lambda p: (-p.bits, p.first, p.second))
    return Alike(pairs, _groups(pairs), len(forms))


def _groups(pairs: Iterable[Pair]) -> list[list[str]]:
    group_of: dict[str, set[str]] = {}
    for pair in pairs:
        joined = group_of.get(pair.first, {pair.first}) | group_of.get(pair.second, {pair.second})
        for student in joined:
            group_of[student] = joined
    unique = {id(group): sorted(group) for group in group_of.values()}
    return sorted(unique.values(), key=lambda g: (-len(g), g))


def _forms(lesson: Lesson, text: str) -> dict[str, str]:
    found = definitions(text)
    return {e.name: form(found[e.defines]) for e in lesson.exercises if e.defines in found}


def _submissions(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield path.name, path
        else:
            suffix = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(s)), None)
            if suffix:
                yield path.name[: -len(suffix)], path
