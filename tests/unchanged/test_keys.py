"""What changes a key, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.grading.options import Options
from blindgrade.engine.submission.fingerprints import fingerprints
from blindgrade.engine.submission.reading import LessonSubmission, read_submission
from blindgrade.unchanged.keys import NO_FILE, exercise_key, lesson_key, loading_key, stamp

MINI = Path(__file__).parents[1] / "courses" / "mini"
RIGHT = (MINI.parents[1] / "submissions" / "mini" / "all_right" / "basics.py").read_text(encoding="utf-8")


def target() -> Target:
    return Catalog(MINI).find(["lesson-1.1.1"])[0]


def submitted(text: str, folder: Path) -> LessonSubmission:
    (folder / "basics.py").write_text(text, encoding="utf-8")
    one = target()
    found = read_submission(folder, [one.files], {one.files.entry.id: {e.defines for e in one.lesson.exercises}})
    submission = found[one.files.entry.id]
    assert submission is not None
    return submission


def keys(text: str, folder: Path, lesson: str = "L") -> dict[str, str]:
    one = target()
    code = fingerprints(submitted(text, folder), one.lesson)
    return {e.name: exercise_key(lesson, one.lesson, e, code) for e in one.lesson.exercises}


def changed(text: str, folder: Path) -> set[str]:
    before, after = keys(RIGHT, folder), keys(text, folder)
    return {name for name in before if before[name] != after[name]}


def test_a_comment_changes_no_key(tmp_path: Path) -> None:
    assert changed("# one\n" + RIGHT, tmp_path) == set()


def test_an_edit_changes_the_keys_of_its_users_and_of_those_that_require_it(tmp_path: Path) -> None:
    assert changed(RIGHT.replace('"one value"', '"one"'), tmp_path) == {"standardize", "correlation"}
    assert changed(RIGHT.replace("lambda at: slope", "lambda at: 1.0 * slope"), tmp_path) == {"fit_line"}


def test_the_lessons_key_is_part_of_each(tmp_path: Path) -> None:
    assert not set(keys(RIGHT, tmp_path).values()) & set(keys(RIGHT, tmp_path, "another").values())


def test_options_and_sandbox_change_the_lessons_key() -> None:
    found = {lesson_key(target(), options, tier) for options in (Options(), Options(sandbox="process"))
             for tier in ("process", "landlock")}  # fmt: skip
    assert len(found) == 4
    assert lesson_key(target(), Options(), "process") == lesson_key(target(), Options(), "process")


def test_versions_change_the_lessons_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.unchanged import keys as module

    before = lesson_key(target(), Options(), "process")
    module._software.cache_clear()
    monkeypatch.setattr("torch.__version__", "9.9")
    assert lesson_key(target(), Options(), "process") != before
    module._software.cache_clear()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("    return centered /", "    _ = 1\n    return centered /", True),  # nobody calls it when the file is loaded
        ("import torch\n", "import torch\n\nunused = 1 / 0\n", False),
        ("def fit_line(x, y):", "def fit_line(x, y, z=1 / 0):", False),
        ("import torch\n", "import torch  # a comment\n", True),
    ],
)
def test_only_code_that_runs_at_loading_changes_the_loading_key(old: str, new: str, same: bool, tmp_path: Path) -> None:
    before = loading_key(submitted(RIGHT, tmp_path))
    assert (loading_key(submitted(RIGHT.replace(old, new, 1), tmp_path)) == before) is same


def test_a_function_that_is_called_at_loading_counts_whole(tmp_path: Path) -> None:
    text = "def help():\n    return 1\n\n\nkept = help()\n" + RIGHT
    before = loading_key(submitted(text, tmp_path))
    assert loading_key(submitted(text.replace("return 1", "return 1 / 0"), tmp_path)) != before


def test_a_stamp_shows_each_change_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "data"
    assert stamp(str(file)) == NO_FILE
    file.write_text("1")
    first = stamp(str(file))
    file.write_text("2")
    assert len({NO_FILE, first, stamp(str(file))}) == 3
    assert stamp(str(tmp_path)).startswith("folder ")
    assert stamp("/dev/tty") == "" or not Path("/dev/tty").exists()
