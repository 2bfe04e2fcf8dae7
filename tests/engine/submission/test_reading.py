from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from blindgrade.course import LessonEntry
from blindgrade.engine.submission import files, helpers, reading
from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.reading import LessonSubmission, SubmissionError, read_submission
from blindgrade.lesson_files import LessonFiles

SCORE = LessonFiles(Path("/course"), LessonEntry(id="lesson-7.2.1", slug="score_functions", title="Scores"))
FLOW = LessonFiles(Path("/course"), LessonEntry(id="lesson-7.2.2", slug="flow_matching", title="Flow"))
DEFINED = {"lesson-7.2.1": {"score", "langevin"}, "lesson-7.2.2": {"cfm_loss", "Field"}}


def read(path: Path, *targets: LessonFiles) -> dict[str, LessonSubmission | None]:
    return read_submission(path, list(targets or (SCORE, FLOW)), DEFINED)


def score(path: Path) -> LessonSubmission:
    found = read(path, SCORE)["lesson-7.2.1"]
    assert found is not None
    return found


def write(path: Path, content: str | bytes = "def score(): pass\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def notebook(path: Path, *cells: str) -> Path:
    made = [{"cell_type": "code", "source": cell} for cell in cells]
    return write(path, json.dumps({"cells": made}))


def test_a_file_named_like_a_lesson_is_that_lessons(tmp_path: Path) -> None:
    found = read(write(tmp_path / "flow_matching.py", "x = 1\n"))
    assert found["lesson-7.2.1"] is None
    flow = found["lesson-7.2.2"]
    assert flow is not None
    assert (flow.file, flow.text, flow.files) == (
        "flow_matching.py",
        "x = 1\n",
        {"flow_matching.py": b"x = 1\n"},
    )
    assert flow.path == str(tmp_path / "flow_matching.py")
    assert str(flow.lines.where(12)) == "flow_matching.py:12"


@pytest.mark.parametrize(
    "text",
    [
        "def cfm_loss(): pass\nclass Field: pass\ndef score(): pass",
        "def cfm_loss(): pass\nclass Field:\n  pass\ndef score(:",
        "Field = cfm_loss = print\n",
    ],
)
def test_a_file_of_another_name_is_matched_by_what_it_defines(tmp_path: Path, text: str) -> None:
    found = read(write(tmp_path / "mine.py", text))
    flow = found["lesson-7.2.2"]
    assert found["lesson-7.2.1"] is None
    assert flow is not None
    assert flow.file == "flow_matching.py"
    assert str(flow.lines.where(3)) == "mine.py:3"


def test_a_file_that_defines_nothing_wanted_belongs_to_no_lesson(tmp_path: Path) -> None:
    assert read(write(tmp_path / "mine.py", "x = 1")) == {"lesson-7.2.1": None, "lesson-7.2.2": None}


def test_a_file_belongs_to_the_only_target(tmp_path: Path) -> None:
    assert score(write(tmp_path / "mine.py", "x = 1")).text == "x = 1"


def test_a_notebook_is_read_and_its_lines_are_cells(tmp_path: Path) -> None:
    got = score(notebook(tmp_path / "mine.ipynb", "plot()", "\ndef score():\n    return 1"))
    assert got.file == "score_functions.py"
    assert got.files["score_functions.py"].decode() == got.text
    line = got.text.split("\n").index("def score():") + 1
    assert str(got.lines.where(line)) == "cell 2, line 2 of mine.ipynb"


def test_line_map_stays_inside_the_notebook() -> None:
    lines = LineMap("a.ipynb", ((1, 2), (5, 4)))
    assert [str(lines.where(n)) for n in (0, 1, 4, 5)] == [
        "cell 2, line 1 of a.ipynb",
        "cell 2, line 1 of a.ipynb",
        "cell 2, line 4 of a.ipynb",
        "cell 4, line 1 of a.ipynb",
    ]


@pytest.mark.parametrize("below", ["", "lesson_7_2_1_score_functions", "exercises/lesson_7_2_1_score_functions"])
def test_lesson_folder_root_and_exercises_are_found(tmp_path: Path, below: str) -> None:
    write(tmp_path / below / "score_functions.py", "a = 1")
    assert score(tmp_path).text == "a = 1"
    assert read(tmp_path)["lesson-7.2.2"] is None


def test_the_exercises_folder_itself_is_found(tmp_path: Path) -> None:
    write(tmp_path / "exercises/lesson_7_2_1_score_functions/score_functions.py", "a = 1")
    assert score(tmp_path / "exercises").text == "a = 1"


def test_the_python_file_wins_over_the_notebook(tmp_path: Path) -> None:
    notebook(tmp_path / "score_functions.ipynb", "def score(): return 2")
    assert "return 2" in score(tmp_path).text
    write(tmp_path / "score_functions.py", "a = 1")
    assert score(tmp_path).text == "a = 1"


def test_helpers_and_data_are_taken_and_the_courses_own_files_are_not(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    write(mine / "score_functions.py")
    for name in ("helper.py", "pkg/__init__.py", "pkg/toys.py", "data.bin"):
        write(mine / name, b"")
    for name in (
        ".hidden", ".git/config", "__pycache__/a.py", "a.pyc", "lesson.toml", "public_checks.py",
        "answer_key.json", "other.ipynb", "toys.py", "toys/__init__.py",
    ):  # fmt: skip
        write(mine / name, b"")
    course = LessonFiles(write(tmp_path / "course" / "exercises" / "toys.py").parents[1], SCORE.entry)
    got = read(mine, course)["lesson-7.2.1"]
    assert got is not None
    assert sorted(got.files) == [
        "data.bin",
        "helper.py",
        "pkg/__init__.py",
        "pkg/toys.py",
        "score_functions.py",
    ]
    assert got.problems == []


def test_a_single_file_brings_helpers_only_from_a_lessons_folder(tmp_path: Path) -> None:
    for folder in ("Downloads", "lesson_7_2_1_score_functions"):
        write(tmp_path / folder / "helper.py", b"")
        write(tmp_path / folder / "score_functions.py")
    assert "helper.py" not in score(tmp_path / "Downloads/score_functions.py").files
    assert "helper.py" in score(tmp_path / "lesson_7_2_1_score_functions/score_functions.py").files


def test_links_and_pipes_in_a_folder_are_left_out_and_reported(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret/s.py", "s = 1")
    box = tmp_path / "box"
    write(box / "score_functions.py")
    (box / "link.py").symlink_to(secret)
    (box / "folder").symlink_to(secret.parent)
    os.mkfifo(box / "pipe")
    got = score(box)
    assert list(got.files) == ["score_functions.py"]
    assert [problem.split()[0] for problem in got.problems] == ["folder", "link.py", "pipe"]


@pytest.mark.parametrize("linked", ["score_functions.py", "score_functions.ipynb"])
def test_a_linked_lesson_file_is_an_error(tmp_path: Path, linked: str) -> None:
    (tmp_path / linked).symlink_to(write(tmp_path / "elsewhere"))
    with pytest.raises(SubmissionError, match="symbolic link; replace it with the file itself"):
        read(tmp_path)


@pytest.mark.parametrize("linked", ["lesson_7_2_1_score_functions", "exercises"])
def test_a_linked_lesson_folder_is_an_error(tmp_path: Path, linked: str) -> None:
    write(tmp_path / "real/lesson_7_2_1_score_functions/score_functions.py")
    (tmp_path / "sub").mkdir()
    target = tmp_path / "real" / ("" if linked == "exercises" else linked)
    (tmp_path / "sub" / linked).symlink_to(target)
    with pytest.raises(SubmissionError, match="symbolic link; replace it with the folder itself"):
        read(tmp_path / "sub")


def test_big_files_are_left_out_and_reported(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py")
    write(tmp_path / "a.bin", b"x" * (10 * files.MIB))
    write(tmp_path / "b.bin", b"x" * (7 * files.MIB))
    write(tmp_path / "c.py", b"#" * (files.MAX_PYTHON + 1))
    got = score(tmp_path)
    assert sorted(got.files) == ["a.bin", "score_functions.py"]
    assert [problem.split()[0] for problem in got.problems] == ["b.bin", "c.py"]


def test_a_big_lesson_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py", b"#" * (files.MAX_PYTHON + 1))
    with pytest.raises(SubmissionError, match="larger than 2 MiB; make it smaller"):
        read(tmp_path)


def test_a_big_notebook_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", b" " * (files.MAX_NOTEBOOK + 1))
    with pytest.raises(SubmissionError, match="larger than 20 MiB"):
        read(tmp_path / "a.ipynb")


def test_the_number_of_files_is_limited(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py")
    for n in range(helpers.MAX_FILES + 5):
        write(tmp_path / f"d{n}.txt", b"")
    got = score(tmp_path)
    assert len(got.files) == helpers.MAX_FILES
    assert len(got.problems) == 1


def test_problems_are_capped(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py")
    for n in range(50):
        (tmp_path / f"l{n}").symlink_to("nowhere")
    got = score(tmp_path)
    assert len(got.problems) == reading.MAX_PROBLEMS + 1
    assert "30 more" in got.problems[-1]


def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py")
    with open(os.fsencode(tmp_path) + b"/\xff.txt", "wb"):
        pass
    got = score(tmp_path)
    assert list(got.files) == ["score_functions.py"]
    assert "rename it" in got.problems[0]


@pytest.mark.parametrize(
    "content",
    [
        "é = 1\n".encode(),
        "é = 1\n".encode("utf-8-sig"),
        "# coding: latin-1\né = 1\n".encode("latin-1"),
        "é = 1\r\n".encode(),
    ],
)
def test_text_is_decoded_as_python_does(tmp_path: Path, content: bytes) -> None:
    got = score(write(tmp_path / "score_functions.py", content))
    assert got.text.endswith("é = 1\n")
    names: dict[str, object] = {}
    exec(compile(got.files["score_functions.py"], "a", "exec"), names)
    assert names["é"] == 1


@pytest.mark.parametrize(
    "content",
    [
        b"a = '\xff'\n",
        b"\n\n\na = '\xff'",
        b"a = 1\0",
        "a = 1".encode("utf-16"),
        b"# coding: nonsense\n",
        b"# coding: hex\n",
    ],
)
def test_a_file_that_is_not_text_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path / "score_functions.py", content)
    with pytest.raises(SubmissionError, match="save it again as UTF-8") as caught:
        read(file)
    assert str(file) in str(caught.value)
    write(tmp_path / "helper.py", content)
    write(file)
    got = score(tmp_path)
    assert list(got.files) == ["score_functions.py"]
    assert got.problems[0].startswith("helper.py was left out")


def test_a_broken_notebook_is_an_error_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "score_functions.ipynb", '{"cells": [\n oops')
    with pytest.raises(SubmissionError, match=r"score_functions\.ipynb is not valid JSON: line 2"):
        read(file)


def test_a_notebooks_problems_name_it(tmp_path: Path) -> None:
    got = score(notebook(tmp_path / "mine.ipynb", "%%writefile a\ndef score(): pass"))
    assert got.problems[0].startswith("mine.ipynb: cell 1 ")


@pytest.mark.parametrize("name", ["missing", "missing.py", "nul\0"])
def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubmissionError, match="does not exist"):
        read(tmp_path / name)


def test_another_kind_of_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match=r"a\.docx is not a Python file"):
        read(write(tmp_path / "a.docx"))


def test_an_empty_folder_holds_no_lesson(tmp_path: Path) -> None:
    assert set(read(tmp_path).values()) == {None}


def test_the_digest_follows_names_and_contents_only(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(tmp_path / folder / "score_functions.py")
    first = score(tmp_path / "a").sha256
    assert len(first) == 64
    assert score(tmp_path / "b").sha256 == first
    write(tmp_path / "b/x.py", b"1")
    second = score(tmp_path / "b").sha256
    (tmp_path / "b/x.py").rename(tmp_path / "b/y.py")
    assert len({first, second, score(tmp_path / "b").sha256}) == 3


def test_the_one_of_script_and_notebook_with_more_written_is_graded(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py", "def score():\n    raise NotImplementedError\n")
    notebook(tmp_path / "score_functions.ipynb", "def score():\n    return 1\n")
    assert "return 1" in score(tmp_path).text


def test_the_text_of_the_introduction_is_not_an_unwritten_exercise(tmp_path: Path) -> None:
    stub = "def score():\n    raise NotImplementedError\n"
    write(tmp_path / "score_functions.py", "# Write where it says `raise NotImplementedError`.\n" + stub)
    notebook(tmp_path / "score_functions.ipynb", stub)
    assert str(score(tmp_path).lines.where(1)) == "score_functions.py:1"


def test_an_unreadable_lesson_of_a_folder_costs_that_lesson_alone(tmp_path: Path) -> None:
    write(tmp_path / SCORE.folder / "score_functions.py", b"def score():\x00")
    write(tmp_path / FLOW.folder / "flow_matching.py", "def cfm_loss(): pass\n")
    found = read(tmp_path)
    bad, good = found["lesson-7.2.1"], found["lesson-7.2.2"]
    assert bad is not None and "score_functions.py" in bad.unreadable
    assert good is not None and "cfm_loss" in good.text and not good.unreadable


def test_an_archive_is_read_like_the_folder_that_was_packed(tmp_path: Path) -> None:
    write(tmp_path / "work" / SCORE.folder / "score_functions.py")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "work"))
    one, other = score(packed), score(tmp_path / "work")
    assert (one.sha256, one.text, one.path) == (other.sha256, other.text, str(packed))


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match=r"a\.zip is damaged .*pack it again"):
        score(write(tmp_path / "a.zip", b"PK"))


def test_the_script_is_graded_if_script_and_notebook_are_untouched(tmp_path: Path) -> None:
    stub = (
        "# Write your answers where it says `raise NotImplementedError`.\ndef score():\n    raise NotImplementedError\n"
    )
    write(tmp_path / "score_functions.py", stub)
    notebook(tmp_path / "score_functions.ipynb", "def score():\n    raise NotImplementedError\n")
    assert str(score(tmp_path).lines.where(3)) == "score_functions.py:3"


def test_a_script_and_a_notebook_with_answers_are_named_with_the_one_that_counts(tmp_path: Path) -> None:
    write(
        tmp_path / "score_functions.py", "def score():\n    return 1\ndef langevin():\n    raise NotImplementedError\n"
    )
    notebook(tmp_path / "score_functions.ipynb", "def score():\n    return 2\n", "def langevin():\n    return 3\n")
    got = score(tmp_path)
    assert "return 3" in got.text
    assert got.problems[0].startswith(
        "score_functions.ipynb and score_functions.py both have answers; score_functions.ipynb was graded, because"
    )


def test_a_script_without_code_does_not_win_over_a_notebook(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py", '"""Not used."""\nimport math\n')
    notebook(tmp_path / "score_functions.ipynb", "def score():\n    raise NotImplementedError\n")
    assert "def score" in score(tmp_path).text


def test_the_last_definition_is_the_place_that_is_shown(tmp_path: Path) -> None:
    got = score(notebook(tmp_path / "mine.ipynb", "def score(): pass", "x = 1\nscore = lambda: x"))
    assert str(got.definition("score")) == "cell 2, line 2 of mine.ipynb"


def test_pictures_in_a_notebooks_outputs_do_not_reach_the_worker(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": "def score(): pass", "outputs": [{"data": {"image/png": "A" * files.MIB}}]}
    got = score(write(tmp_path / "mine.ipynb", json.dumps({"cells": [cell]})))
    assert sum(map(len, got.files.values())) < 100


def test_answers_that_are_assigned_are_found_under_any_name_and_the_script_counts_if_both_are_alike(
    tmp_path: Path,
) -> None:
    notebook(tmp_path / "work" / "Untitled.ipynb", "score = lambda x: 1", "def langevin(): return 1")
    found = score(tmp_path)
    assert "score = lambda" in found.text and "defines 2 exercises" in found.problems[0]
    write(tmp_path / "work" / "Untitled.py", "score = lambda x: 2\ndef langevin(): return 2\n")
    found = score(tmp_path)
    assert "lambda x: 2" in found.text
    assert found.problems[0].startswith("Untitled.py and Untitled.ipynb both have answers; Untitled.py was graded")


def test_both_files_are_named_although_one_has_a_broken_part(tmp_path: Path) -> None:
    write(tmp_path / "score_functions.py", "def score(): return 1\ndef broken(:\n    pass\n")
    notebook(
        tmp_path / "score_functions.ipynb", "def score(): return 2", "def langevin():\n    raise NotImplementedError"
    )
    problems = score(tmp_path).problems
    assert any("score_functions.py and score_functions.ipynb both have answers" in problem for problem in problems)


def test_what_only_another_lessons_answers_need_does_not_run(tmp_path: Path) -> None:
    text = "import torch\ndef score(): pass\nfor n in range(3):\n    work(n)\ntable = {}\ntable.update(a=1)\n"
    path = write(tmp_path / "mine.py", text + "def cfm_loss(): return table\n")
    found = read(path, SCORE)["lesson-7.2.1"]
    assert found is not None and "table.update" not in found.text
