"""`course release`: make a target's files in memory, scan them for private matter, and only then write them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.release.course_tree import look_files
from blindgrade.release.merge_into import PlacingError, Summary, place, read_manifest, safe


class TargetModule(Protocol):
    """Interface of a release target's module.

    `files` maps relative POSIX paths to content. A file that begins with `#!` becomes executable. PRIVATE says that the
    result contains solutions on purpose and is for the instructor only. Then it is not scanned.
    """

    PRIVATE: bool

    def files(self, catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
        """Files of the target: relative path → content."""
        ...


def release(catalog: Catalog, ids: Iterable[str], target: TargetModule, target_name: str, to: Path) -> Summary:
    """Release the lessons that `ids` name, and the lessons that were released into `to` before.

    Raises CourseError or UnknownId for a wrong request, LeakError if the release contains something private, and
    PlacingError if `to` cannot be written. Then nothing was written.
    """
    _not_into_the_course(catalog, to.resolve())
    wanted = list(ids)
    _whole_lessons(catalog.find(wanted))
    earlier = read_manifest(to) if to.is_dir() else None
    if earlier and earlier.target != target_name:
        raise PlacingError(f"{to} contains a release as {earlier.target}; choose another folder for {target_name}")
    targets = catalog.find([*wanted, *(earlier.lessons if earlier else [])])
    _needs_private_trees(targets)
    files = target.files(catalog, targets)
    wrong = [name for name in files if not safe(name)]
    if wrong:
        raise CourseError(f"the target {target_name} made the file {wrong[0]!a}, whose name is not a relative path")
    # What holds solutions on purpose is not scanned, but a theme and templates end up with students all the same.
    scanned = _look(catalog, files) if target.PRIVATE else files
    if scanned:
        from blindgrade.release.scan.leaks import refuse_leaks

        refuse_leaks(catalog, scanned)
    summary = Summary(target_name, to, [t.files.entry.id for t in targets], scanned=not target.PRIVATE)
    place(files, to, summary)
    return summary


def _look(catalog: Catalog, files: dict[str, bytes]) -> dict[str, bytes]:
    own = tuple(f"/{name}" for name in look_files(catalog))
    return {name: content for name, content in files.items() if own and f"/{name}".endswith(own)}


def _not_into_the_course(catalog: Catalog, to: Path) -> None:
    root, build = catalog.root.resolve(), catalog.build.resolve()
    if root in (to, *to.parents) and build not in to.parents:
        raise PlacingError(f"{to} is part of the course itself; choose a folder outside the course, or one in {build}")


def _whole_lessons(targets: list[Target]) -> None:
    for target in targets:
        if len(target.exercises) < len(target.lesson.exercises):
            lesson = target.files.entry.id
            raise CourseError(f"{lesson}/{target.exercises[0]} is only a part of a lesson, and a release needs whole "
                              f"lessons; name {lesson}")  # fmt: skip


def _needs_private_trees(targets: list[Target]) -> None:
    for target in targets:
        for path in (target.files.solution, target.files.private_checks):
            if not path.is_file():
                raise CourseError(f"{path} is missing, and the scan needs it to know what is private; "
                                  "release from the course's own checkout")  # fmt: skip
