"""Students whose answers have the same structure, and how likely that is by chance.

Short exercises have few right answers, so equal answers alone prove nothing. A shared answer is evidence if it is rare
in this cohort. Able students share right answers without copying. So right answers are compared with right answers, and
wrong ones with wrong ones, like in the K-index for examinations (Holland 1996). Each exercise that two students share
adds -log2 p bits of evidence. Chernoff's bound says how often independent students reach the same sum.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from blindgrade.cohort_report.structure import definitions, form
from blindgrade.engine.submission.reading import SubmissionError, read_submission
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson
from blindgrade.submitted import CollectedIndex

CHANCE = 0.05  # a pair is reported if independent students would give fewer than this many such pairs
LEAST = 3  # exercises that two students must share
SLOPES = np.geomspace(0.1, 8, 40)  # the bound is computed at each of these; the least is used
SUFFIXES = (".py", ".ipynb", ".zip", ".tar", ".tar.gz", ".tgz")

Forms = dict[str, dict[str, str]]  # student -> "lesson/exercise" -> form
Groups = Mapping[str, Mapping[str, str]]  # lesson -> student -> the group that handed in together


@dataclass(frozen=True)
class Pair:
    """Two students, the exercises with equal answers, and the number of such pairs that chance would give."""

    first: str
    second: str
    shared: list[str]
    compared: int
    bits: float
    by_chance: float


@dataclass(frozen=True)
class Alike:
    """Pairs that chance does not explain, with the strongest evidence first, and the groups that they form.

    together: number of pairs who handed in a lesson as one group. Their work in it is not compared.
    """

    pairs: list[Pair]
    groups: list[list[str]]
    students: int
    together: int = 0


def read_forms(submitted: Path, lessons: Sequence[tuple[LessonFiles, Lesson]]) -> Forms:
    """Forms of all answers in a folder of submissions, without those that are still the stub's."""
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


def read_groups(submitted: Path) -> dict[str, dict[str, str]]:
    """Groups that handed in together, by lesson and student, as `course collect` stored them."""
    found: dict[str, dict[str, str]] = {}
    for student, entry in CollectedIndex.read(submitted).students.items():
        for lesson, one in entry.lessons.items():
            if one.group:
                found.setdefault(lesson, {})[student] = one.group
    return found


def alike(
    forms: Mapping[str, Mapping[str, str]], passed: Mapping[str, Mapping[str, bool]], together: Groups | None = None
) -> Alike:
    """Pairs of students that share more than chance explains. `passed` has the keys of `forms`.

    Members of one group handed in one work: they are not compared with each other, and their answer counts once.
    """
    marked = {
        s: {e: (passed.get(s, {}).get(e, False), digest) for e, digest in own.items()} for s, own in forms.items()
    }
    of = together or {}
    # An answer's author: the student, or the group in this lesson.
    author = {s: {e: ("group", g) if (g := _group(of, e, s)) else ("", s) for e in own} for s, own in marked.items()}
    written = {(e, mark, author[s][e]) for s, own in marked.items() for e, mark in own.items()}
    counts = Counter((e, *mark) for e, mark, _ in written)
    among = Counter((e, mark[0]) for e, mark, _ in written)
    pairs = []
    all_pairs = math.comb(len(marked), 2)
    joint = 0
    for first, second in combinations(sorted(marked), 2):
        mine, other = marked[first], marked[second]
        both = [e for e in mine if e in other]
        apart = [e for e in both if author[first][e] != author[second][e]]
        joint += len(apart) < len(both)
        common = [e for e in apart if mine[e][0] == other[e][0]]
        shared = sorted(e for e in common if mine[e] == other[e])
        bits = sum(-math.log2(counts[e, *mine[e]] / among[e, mine[e][0]]) for e in shared)
        # The bound is never below 2**-bits, so most pairs need no more than this line.
        if len(shared) < LEAST or all_pairs * 2.0**-bits >= CHANCE:
            continue
        chance = max(_tail([counts[e, *one[e]] / among[e, one[e][0]] for e in common], bits) for one in (mine, other))
        if all_pairs * chance < CHANCE:
            pairs.append(Pair(first, second, shared, len(common), bits, all_pairs * chance))
    pairs.sort(key=lambda p: (p.by_chance, p.first, p.second))
    return Alike(pairs, _groups(pairs), len(marked), joint)


def _group(groups: Groups, exercise: str, student: str) -> str:
    return groups.get(exercise.partition("/")[0], {}).get(student, "")


def _tail(shares: Sequence[float], bits: float) -> float:
    """Chernoff's bound on the chance to reach so many bits.

    `shares` has, for each compared exercise, the share of students with this answer.
    """
    p = np.array(shares)[:, None]
    exponents = -bits * SLOPES + np.log2(1 - p + p ** (1 - SLOPES)).sum(axis=0)
    return float(2.0 ** min(0.0, float(exponents.min())))


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
    forms = {}
    for exercise in lesson.exercises:
        if exercise.defines in found:
            with suppress(RecursionError):  # nested so deeply that no person wrote it
                forms[exercise.name] = form(found[exercise.defines])
    return forms


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
