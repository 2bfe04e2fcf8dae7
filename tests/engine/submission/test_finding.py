"""A lesson's file is found under other names, in other folders and in archives, or the reason is given."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from pathlib import Path

import pytest

from blindgrade.course import LessonEntry
from blindgrade.engine.submission.finding import Look, Wanted, find
from blindgrade.engine.submission.reading import LessonSubmission, SubmissionError, read_submission
from blindgrade.lesson_files import LessonFiles

ENTRY = LessonEntry(id="lesson-7.2.1", slug="score_functions", title="Scores")
DEFINED = {"lesson-7.2.1": {"score", "langevin"}}
ANSWER = "def score(): return 1\n"
STUB = "def score():\n    raise NotImplementedError\n"
OWN = "score_functions.py or score_functions.ipynb"


@pytest.fixture
def target(tmp_path: Path) -> LessonFiles:
    """Lesson of a course that also has flow_matching."""
    for folder in ("lesson_7_2_1_score_functions", "lesson_7_2_2_flow_matching"):
        (tmp_path / "course" / "exercises" / folder).mkdir(parents=True)
    return LessonFiles(tmp_path / "course", ENTRY)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Folder of one submission."""
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def packed(files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def notebook(code: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": code, "outputs": []}], "nbformat": 4})


def read(path: Path, target: LessonFiles) -> LessonSubmission:
    found = read_submission(path, [target], DEFINED)["lesson-7.2.1"]
    assert found is not None
    return found


@pytest.mark.parametrize(
    "name",
    [
        "Copy of score_functions.py", "score_functions (2).py", "score_functions-1.py", "score_functions_ana.py",
        "score_functions.PY", "score_functions.py.txt", "Score_Functions.py", "Untitled.py",
        "work/score_functions.py", "repository-main/exercises/lesson_7_2_1_score_functions/score_functions.py",
    ],
)  # fmt: skip
def test_the_only_answer_is_read_and_the_message_names_the_lessons_own_file(
    box: Path, target: LessonFiles, name: str
) -> None:
    got = read(write(box, {name: ANSWER, "README.md": "x", "work/notes.py": "x = 1"}), target)
    assert got.text == ANSWER and got.file == "score_functions.py"
    if not name.endswith("/score_functions.py"):
        assert OWN in got.problems[0] and name in got.problems[0]
    assert not got.unreadable


def test_a_notebook_of_any_name_is_read_by_its_definitions(box: Path, target: LessonFiles) -> None:
    got = read(write(box, {"Untitled3.ipynb": notebook(ANSWER)}), target)
    assert "def score" in got.text
    assert got.problems == [
        f"Untitled3.ipynb was read, because it defines an exercise of lesson-7.2.1; the lesson's own file is {OWN}"
    ]


def test_a_zip_in_a_zip_with_windows_names_is_read(box: Path, target: LessonFiles) -> None:
    inner = packed({"hw\\code\\score_functions.py": ANSWER, "hw\\code\\helper.py": "h = 1\n"})
    outer = packed({"ana/inner.zip": inner, "ana/README.txt": "x", "__MACOSX/ana/._inner.zip": b"x"})
    for path in (write(box, {"upload.zip": outer}), write(box, {"upload.zip": outer}) / "upload.zip"):
        got = read(path, target)
        assert got.text == ANSWER and "helper.py" in got.files and got.problems == []


@pytest.mark.parametrize(
    "name",
    ["./score_functions.py", "a//score_functions.py", "a/./score_functions.py", "a\\b\\score_functions.py"],
)
def test_an_odd_but_harmless_path_in_an_archive_is_read(box: Path, target: LessonFiles, name: str) -> None:
    assert read(write(box, {"a.zip": packed({name: ANSWER, "stray.txt": "x"})}) / "a.zip", target).text == ANSWER


def test_a_name_in_two_forms_of_unicode_and_without_its_flag_is_read(box: Path, target: LessonFiles) -> None:
    name = unicodedata.normalize("NFD", "lösung/daten.txt")
    raw = packed({name: "d", "lösung/score_functions.py": ANSWER})
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # clear the flag that says UTF-8 in every header
        at = raw.find(mark)
        while at >= 0:
            flags = at + (6 if mark == b"PK\x03\x04" else 8)
            raw = raw[: flags + 1] + bytes([raw[flags + 1] & ~0x08]) + raw[flags + 2 :]
            at = raw.find(mark, at + 4)
    got = read(write(box, {"a.zip": raw}) / "a.zip", target)
    assert got.text == ANSWER and "daten.txt" in got.files


def test_a_reason_is_never_lost(box: Path, target: LessonFiles) -> None:
    write(box, {"a.zip": b"PK no archive", "b.rar": b"Rar!", "c.txt": "x"})
    with pytest.raises(SubmissionError, match=r"holds no file for lesson-7.2.1.*b.rar.*only .zip.*a.zip is damaged"):
        read_submission(box, [target], DEFINED)
    with pytest.raises(SubmissionError, match=r"score_functions.py:x' was left out"):
        read_submission(write(box, {"d.zip": packed({"score_functions.py:x": ANSWER})}) / "d.zip", [target], DEFINED)


def test_one_lesson_without_a_file_keeps_its_reason_and_costs_the_other_nothing(box: Path, target: LessonFiles) -> None:
    other = LessonFiles(target.root, LessonEntry(id="lesson-7.2.2", slug="flow_matching", title="Flow"))
    path = write(box, {"d.zip": packed({"../flow_matching.py": ANSWER, "score_functions.py": ANSWER})}) / "d.zip"
    found = read_submission(path, [target, other], DEFINED)
    good, bad = found["lesson-7.2.1"], found["lesson-7.2.2"]
    assert good is not None and not good.unreadable
    assert bad is not None and "flow_matching.py' was left out" in bad.unreadable


def test_an_archive_that_is_not_needed_is_not_opened(box: Path, target: LessonFiles) -> None:
    got = read(write(box, {"score_functions.py": ANSWER, "data.zip": b"no archive"}), target)
    assert got.problems == [] and "data.zip" in got.files


def test_archives_in_archives_end_at_a_limit(box: Path, target: LessonFiles) -> None:
    content = packed({"score_functions.py": ANSWER})
    for _ in range(6):
        content = packed({"a.zip": content})
    with pytest.raises(SubmissionError, match="too many archives in archives"):
        read(write(box, {"a.zip": content}), target)


def test_of_several_candidates_the_message_says_which_one_was_graded_and_why(box: Path, target: LessonFiles) -> None:
    got = read(write(box, {"hw/score_functions (1).py": STUB, "hw/score_functions (2).py": ANSWER}), target)
    assert got.text == ANSWER
    assert any(
        p.startswith("hw/score_functions (2).py was graded and hw/score_functions (1).py not, because fewer exercises")
        for p in got.problems
    )
    numbered = read(write(box, {"hw/score_functions (1).py": ANSWER + "x = 1\n"}), target)
    assert numbered.text == ANSWER and any("because its number is the highest" in p for p in numbered.problems)


def test_two_answers_of_equal_rank_are_refused_by_name(box: Path, target: LessonFiles) -> None:
    with pytest.raises(SubmissionError, match=r"a/score_functions.py and b/score_functions.py could each be"):
        read(write(box, {"a/score_functions.py": ANSWER, "b/score_functions.py": ANSWER + "x = 1\n"}), target)
    with pytest.raises(
        SubmissionError, match=r"one.py and two.py each define exercises of lesson-7.2.1; name the file"
    ):
        read(write(box.parent / "other", {"one.py": ANSWER, "two.py": "def langevin(): pass\n"}), target)


def test_equal_copies_are_one_answer(box: Path, target: LessonFiles) -> None:
    got = read(write(box, {"a/score_functions.py": ANSWER, "b/score_functions.py": ANSWER}), target)
    assert got.text == ANSWER and got.problems == []


def test_a_copy_beside_the_lessons_own_file_is_named_and_not_graded(box: Path, target: LessonFiles) -> None:
    got = read(write(box, {"score_functions.py": ANSWER, "score_functions (1).py": "x = 1\n"}), target)
    assert got.text == ANSWER
    assert got.problems == [
        "score_functions (1).py was not graded, because score_functions.py has the lesson's own name; delete the one"
        " that you do not want graded"
    ]


def test_another_lessons_file_with_a_copied_function_is_not_this_lessons_answer(box: Path, target: LessonFiles) -> None:
    write(box, {"flow_matching.py": ANSWER})
    assert read_submission(box, [target], DEFINED)["lesson-7.2.1"] is None
    assert read_submission(write(box, {"x/flow_matching.py": "a = 1"}) / "x" / "flow_matching.py", [target], DEFINED)[
        "lesson-7.2.1"
    ] is None  # fmt: skip


def test_a_helper_with_the_lessons_name_in_it_is_no_answer(box: Path, target: LessonFiles) -> None:
    write(box, {"score_functions_plots.py": "def plot(): pass\n"})
    assert read_submission(box, [target], DEFINED)["lesson-7.2.1"] is None


def test_a_single_file_that_defines_no_exercise_says_so(box: Path, target: LessonFiles) -> None:
    got = read(write(box, {"mine.py": "x = 1\n"}) / "mine.py", target)
    assert got.problems == [f"mine.py defines no exercise of lesson-7.2.1; the lesson's own file is {OWN}"]


def test_links_and_environments_in_a_tree_are_not_entered(box: Path, target: LessonFiles) -> None:
    write(box, {"env/pyvenv.cfg": "", "env/lib/score_functions.py": ANSWER, ".git/score_functions.py": ANSWER})
    assert read_submission(box, [target], DEFINED)["lesson-7.2.1"] is None
    (box / "hw").symlink_to(box / "env" / "lib")
    with pytest.raises(SubmissionError, match="hw was left out: it is a symbolic link"):
        read(box, target)


def test_a_file_without_a_rival_is_not_looked_into() -> None:
    def look(name: str) -> Look:
        raise AssertionError(f"{name} is read, and a cohort has thousands of files")

    wanted = Wanted("lesson-7.2.1", "lesson_7_2_1_score_functions", "score_functions", frozenset({"score"}))
    for name, notes in (("score_functions.py", 0), ("Score-Functions (2).py", 1)):
        choice = find(wanted, [name, "notes.txt", "flow_matching.py"], ["flow_matching"], look)
        assert (choice.names, choice.others, len(choice.notes)) == ([name], [], notes)
