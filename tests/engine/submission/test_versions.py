from __future__ import annotations

from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.versions import both_worked_in, several_definitions, unfinished

GRADED = frozenset({"f", "g"})
STUB = "def f():\n    raise NotImplementedError\ndef g():\n    raise NotImplementedError\n"
HALF = "def f():\n    return 1\ndef g():\n    raise NotImplementedError\n"
OTHER = "def f():\n    return 2\ndef g():\n    raise NotImplementedError\n"
WHOLE = "def f():\n    return 1\ndef g():\n    return 2\n"


def note(py: str, book: str, counts: str) -> str:
    found = both_worked_in([("a.py", py), ("a.ipynb", book)], counts, GRADED)
    return found[0] if found else ""


def test_a_stub_beside_answers_and_a_copy_need_no_note() -> None:
    assert note(STUB, HALF, "a.ipynb") == note(HALF, HALF, "a.py") == ""


def test_two_files_with_answers_are_named_with_the_rule() -> None:
    assert note(HALF, WHOLE, "a.ipynb").startswith(
        "a.ipynb and a.py both have answers; a.ipynb was graded, because it has fewer unwritten exercises (0 against 1)"
    )
    assert "and then the .py file counts" in note(HALF, OTHER, "a.py")


def test_each_other_file_with_answers_is_named() -> None:
    found = both_worked_in([("a.py", HALF), ("a.PY", STUB), ("a.py.txt", OTHER), ("a.ipynb", WHOLE)], "a.ipynb", GRADED)
    assert [one.split(" both have ")[0] for one in found] == ["a.ipynb and a.py", "a.ipynb and a.py.txt"]


def test_a_file_without_code_never_wins() -> None:
    assert unfinished("import math\n") > unfinished(STUB) > unfinished(WHOLE)


def test_several_definitions_are_named_with_their_places() -> None:
    where = LineMap("a.py").where
    [note] = several_definitions("def f(): return 1\nf = lambda: 2\n", where, GRADED)
    assert note == "`f` is defined twice, a.py:1 and a.py:2: the last one counts"
    [note] = several_definitions(HALF + "if True:\n    def f():\n        raise NotImplementedError\n", where, GRADED)
    assert note.endswith("a.py:1 and a.py:6: the last one counts, and it only raises NotImplementedError; delete it")


def test_a_method_and_a_wrapped_answer_are_no_second_definition() -> None:
    text = "class A:\n    def f(self): pass\ndef f(): pass\nf = cached(f)\n"
    assert several_definitions(text, LineMap("a.py").where, GRADED) == []
