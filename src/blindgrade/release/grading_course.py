"""Files of a course that a grading machine needs, below one folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from blindgrade.catalog import Catalog, Target


def public_course(catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
    """Files that grade the targets by their answer keys: public checks and shared files. Nothing in them is private."""
    files = [path for target in targets for path in (target.files.public_checks, target.files.answer_key)]
    return _read(catalog, [*_descriptions(catalog, targets), *files, *_shared(targets)])


def private_course(catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
    """Files that grade the targets by their solutions: checks, known answers, stubs, toys, data. All private."""
    files = [
        path
        for target in targets
        for path in (
            target.files.solution,
            target.files.stub,
            target.files.private_checks,
            target.files.known_answers,
        )
    ]
    private_toys = sorted(path for target in targets for path in target.files.grader_toys.rglob("*.py"))
    private_toys += [path for target in targets for path in target.files.private_assets]
    return _read(catalog, [*_descriptions(catalog, targets), *files, *_shared(targets), *private_toys])


def target_ids(targets: list[Target]) -> list[str]:
    """Ids that name exactly these targets."""
    ids: list[str] = []
    for target in targets:
        whole = len(target.exercises) == len(target.lesson.exercises)
        lesson = target.files.entry.id
        ids += [lesson] if whole else [f"{lesson}/{name}" for name in target.exercises]
    return ids


def _descriptions(catalog: Catalog, targets: list[Target]) -> Iterator[Path]:
    yield catalog.root / "course.toml"
    yield from (target.files.spec for target in targets)
    # The catalog checks that a required exercise of an earlier lesson exists, so it needs that lesson's description.
    named = {name.split("/")[0] for t in targets for e in t.lesson.exercises for name in e.requires if "/" in name}
    yield from (catalog.files(lesson).spec for lesson in sorted(named))


def _shared(targets: list[Target]) -> Iterator[Path]:
    for target in targets:
        yield from target.files.shared.paths


def _read(catalog: Catalog, paths: Iterable[Path]) -> dict[str, bytes]:
    return {
        path.relative_to(catalog.root).as_posix(): path.read_bytes() for path in dict.fromkeys(paths) if path.is_file()
    }
