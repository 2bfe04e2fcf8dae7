"""Where stopped code was, and what a student reads about it."""

from __future__ import annotations

import pytest

from blindgrade.engine.grading import stopping
from blindgrade.engine.grading.stopping import Stood, frames_of, read_stack, sentence
from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire.replies import TraceLine

TEXT = """\
import slow.part
def f(x):
    while x:
        x = g(x)
    for y in x:
        g(y)
    return x
def g(x):
    return x + 1
"""
STACK = """printed before
Stack (most recent call first):
  File "/usr/lib/torch/functional.py", line 20 in einsum
  File "/box/basics.py", line 9 in g
  File "/box/basics.py", line 4 in f
  File "<experiment>", line 3 in compares
"""
CPU, WAIT = "3 s of processor time", "14 s of waiting"
STOP, WAITS = f"stopped after {CPU} at basics.py", "does it sleep, or wait for input or for a thread?"


def submission(lines: LineMap = LineMap("basics.py")) -> LessonSubmission:  # noqa: B008  # it is frozen
    return LessonSubmission("basics.py", "", "basics.py", TEXT, {}, lines, [])


def at(*lines: tuple[int, str], importing: bool = False) -> Stood:
    return Stood(tuple(TraceLine("basics.py", line, name) for line, name in lines), importing)


def test_the_students_lines_are_read_innermost_last() -> None:
    assert read_stack(STACK, "/box") == at((4, "f"), (9, "g"))


def test_a_worker_that_writes_nothing_or_nonsense_was_nowhere() -> None:
    for text in (
        "",
        "most recent call first",
        '  File "/box/../x.py", line 0 in f',
        '  File "/boxer/basics.py", line 2 in f',
    ):
        assert read_stack(text, "/box") == Stood()


def test_an_import_below_the_students_line_is_seen() -> None:
    inner = '  File "<frozen importlib._bootstrap>", line 1 in _find'
    text = f'most recent call first\n{inner}\n  File "/box/basics.py", line 1 in <module>\n'
    assert read_stack(text, "/box") == at((1, "<module>"), importing=True)


@pytest.mark.parametrize(
    ("over", "stood", "said"),
    [
        (CPU, at((4, "f")), f"stopped after {CPU} at basics.py:4 in f: does the loop at basics.py:3 never end?"),
        (CPU, at((4, "f"), (9, "g")), f"{STOP}:9 in g: does the loop at basics.py:3 never end?"),
        (CPU, at((6, "f")), f"stopped after {CPU} at basics.py:6 in f: the loop at basics.py:5 takes too long"),
        (CPU, at((9, "g")), f"stopped after {CPU} at basics.py:9 in g: is there a loop that never ends?"),
        (CPU, at((1, "<module>"), importing=True), f"{STOP}:1: the import of slow.part takes too long"),
        (CPU, at((9, "g"), importing=True), f"stopped after {CPU} at basics.py:9 in g: the import takes too long"),
        (WAIT, at((4, "f")), f"stopped after {WAIT} at basics.py:4 in f: {WAITS}"),
        (CPU, Stood(), f"stopped after {CPU}: is there a loop that never ends?"),
    ],
)  # fmt: skip
def test_a_stop_names_the_line_and_what_was_done_there(over: str, stood: Stood, said: str) -> None:
    assert sentence(over, stood, submission()) == said


def test_a_stop_in_a_notebook_names_the_cell() -> None:
    notebook = submission(LineMap("basics.ipynb", ((1, 3), (2, 5))))
    assert str(frames_of(at((4, "f")), notebook)[0].place) == "cell 5, line 3 of basics.ipynb"


def test_a_stack_of_windows_names_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "SEPARATOR", "\\")
    stack = STACK.replace('"/box/basics.py", line 9', '"C:\\box\\parts\\more.py", line 9').replace("/box/", "C:\\box\\")
    found = read_stack(stack, "C:\\box")
    assert [(one.file, one.line) for one in found.frames] == [("basics.py", 4), ("parts/more.py", 9)]


def test_the_stack_of_the_main_thread_is_the_last_one() -> None:
    """Without a signal, another thread of the worker writes the stacks of all threads."""
    threads = 'Current thread 0x7f (most recent call first):\n  File "/box/basics.py", line 1 in <module>\n\n'
    assert read_stack(threads + STACK.replace("Stack", "Thread 0x70"), "/box") == read_stack(STACK, "/box")
