"""`python -m blindgrade.samples`: make the samples in reports/samples, or with --check only name those that are old."""

from __future__ import annotations

import argparse
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from blindgrade.catalog import Catalog, CourseError
from blindgrade.release.course_tree import look_files
from blindgrade.render.html.look import look_of

SUBMISSION = Path("tests/submissions/half_done")
DRAWING = re.compile(r"(<figure>)<svg.*?</svg>", re.S)
COMMAND = ["grade", "lesson-7.2.1", "--submission", SUBMISSION.as_posix(), "--seed", "7"]
REMAKE = "run `make samples`, look at the pictures and commit the result"


def main(arguments: list[str] | None = None) -> int:
    """Exit code. 0: made, or nothing is old. 1: a sample is old. 2: the course is broken or a program is missing."""
    parser = argparse.ArgumentParser(prog="python -m blindgrade.samples", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; compare the HTML")
    parser.add_argument("--no-screenshots", action="store_true", help="make only the HTML")
    options = parser.parse_args(arguments)
    try:
        catalog = Catalog.locate()
        look_files(catalog)  # here, a broken theme or template is an error and not a warning
        pages = made(catalog)
        if options.check:
            old = [name for name, page in pages.items() if not _same(catalog.samples / name, page, catalog.root)]
            for name in old:
                print(f"{_shown(catalog, name)} is out of date; {REMAKE}", file=sys.stderr)
            return 1 if old else 0
        catalog.samples.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            (catalog.samples / name).write_text(page, encoding="utf-8", newline="\n")
            print(f"wrote {_shown(catalog, name)}")
        return 0 if options.no_screenshots else _screenshots(catalog, pages)
    except CourseError as error:
        print(f"samples: {error}", file=sys.stderr)
        return 2


def made(catalog: Catalog) -> dict[str, str]:
    """HTML of each sample by file name."""
    from blindgrade.samples.cohort import cohort_page
    from blindgrade.samples.student import student_page

    return {"student.html": student_page(catalog, SUBMISSION, look_of(catalog)), "cohort.html": cohort_page(catalog)}


def _screenshots(catalog: Catalog, pages: dict[str, str]) -> int:
    from blindgrade.samples.notebook import notebook_page
    from blindgrade.samples.screenshots import NoBrowser, Shot, take
    from blindgrade.samples.terminal import terminal_page

    try:
        shots = [
            Shot("student", pages["student.html"], 1000, 1180),
            Shot("cohort", pages["cohort.html"], 1100, 1300),
            Shot("terminal", terminal_page(COMMAND, catalog.root), 1200, element="body"),
            Shot("notebook", notebook_page(catalog, SUBMISSION), 1000, element="main"),
        ]
        for path in take(shots, catalog.samples):
            print(f"wrote {_shown(catalog, path.name)}, {path.stat().st_size // 1000} kB")
    except NoBrowser as error:
        print(f"samples: the pages were written, but not the pictures: {error}", file=sys.stderr)
        return 2
    return 0


def _same(path: Path, page: str, root: Path) -> bool:
    """Has the file this content? Drawings count only with the pinned matplotlib: other versions draw other lines."""
    kept = path.read_text(encoding="utf-8") if path.is_file() else ""
    if _pinned_matplotlib(root):
        return kept == page
    return DRAWING.sub(r"\1", kept) == DRAWING.sub(r"\1", page)


def _pinned_matplotlib(root: Path) -> bool:
    pins = root / "constraints.txt"
    try:
        return f"matplotlib=={version('matplotlib')}\n" in pins.read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError):
        return False


def _shown(catalog: Catalog, name: str) -> str:
    return (catalog.samples / name).relative_to(catalog.root).as_posix()


if __name__ == "__main__":
    sys.exit(main())
