from __future__ import annotations

import inspect
import random
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy
import pytest
import torch

from blindgrade.engine.answers.slices import compiled, for_worker
from blindgrade.engine.wire import channel
from blindgrade.engine.worker import errors
from blindgrade.engine.worker.errors import Missing
from blindgrade.engine.worker.experiment import Experiment
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.engine.worker.serve import serve
from blindgrade.engine.worker.state import begin, to_standard

NAME = "lesson_under_test"
PATH = "/box/lesson_under_test.py"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    threads, dtype, path = torch.get_num_threads(), torch.get_default_dtype(), sys.path[:]
    yield
    torch.set_num_threads(threads)
    torch.set_default_dtype(dtype)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    sys.path[:] = path
    sys.modules.pop(NAME, None)


def lesson(text: str, **extra: Any) -> LoadedLesson:
    return load(NAME, dedent(text), PATH, extra)


def noted(loaded: LoadedLesson) -> list[tuple[str, int]]:
    return [(problem.error.type, problem.line) for problem in loaded.problems]


# ---------------------------------------------------------------- load


def test_a_file_that_runs_has_its_names_and_no_problems() -> None:
    loaded = lesson("x = 1\ndef f():\n    return x\n")
    assert (loaded.names.f(), loaded.problems) == (1, [])


def test_a_name_that_the_file_does_not_define_is_missing() -> None:
    with pytest.raises(Missing) as caught:
        _ = lesson("x = 1\n").names.score
    assert caught.value.name == "score"


def test_names_that_the_loader_uses_are_the_students_too() -> None:
    names = lesson("module = 1\nproblems = 2\nnames = 3\n").names
    assert (names.module, names.problems, names.names) == (1, 2, 3)


def test_a_statement_that_raises_is_left_out_and_noted_with_its_line() -> None:
    loaded = lesson(
        """\
        a = 1
        b = missing + 1

        c = 1 / 0
        def f():
            return a
        """
    )
    assert noted(loaded) == [("NameError", 2), ("ZeroDivisionError", 4)]
    assert loaded.names.f() == 1
    assert not hasattr(loaded.module, "b")


@pytest.mark.parametrize("statement", ["raise SystemExit", "import sys; sys.exit(0)", "raise KeyboardInterrupt"])
def test_an_exit_at_import_is_noted_and_the_rest_loads(statement: str) -> None:
    loaded = lesson(f"a = 1\n{statement}\nb = 2\n")
    assert [line for _, line in noted(loaded)] == [2]
    assert (loaded.names.a, loaded.names.b) == (1, 2)


def test_a_block_with_a_syntax_error_is_left_out_and_those_around_it_load() -> None:
    loaded = lesson(
        """\
        def before():
            return 1

        def broken(:
            return 2

        def after():
            return 3
        """
    )
    assert noted(loaded) == [("SyntaxError", 4)]
    assert (loaded.names.before(), loaded.names.after()) == (1, 3)
    assert not hasattr(loaded.module, "broken")
    assert loaded.names.after.__code__.co_firstlineno == 7


def test_the_line_of_a_syntax_error_is_the_files() -> None:
    loaded = lesson(
        """\
        x = 1

        def broken():
            y = 2
            return y +

        z = 3
        """
    )
    assert noted(loaded) == [("SyntaxError", 5)]
    assert (loaded.names.x, loaded.names.z) == (1, 3)


def test_each_broken_block_is_noted() -> None:
    loaded = lesson(
        """\
        def one(:
            pass

        good = 1

        def two(:
            pass
        """
    )
    assert noted(loaded) == [("SyntaxError", 1), ("SyntaxError", 6)]
    assert loaded.names.good == 1


def test_decorators_keep_their_function_in_a_broken_file() -> None:
    loaded = lesson(
        """\
        from functools import cache

        @cache
        @cache
        def f():
            return 1

        def broken(:
            pass

        @cache
        class Point:
            x = 2
        """
    )
    assert noted(loaded) == [("SyntaxError", 8)]
    assert loaded.names.f.cache_info() and loaded.names.f() == 1
    assert loaded.names.Point().x == 2


def test_text_at_the_margin_stays_in_its_string_in_a_broken_file() -> None:
    text = 'def f():\n    return """\ntext = 1\n)\nmore\n"""\n\ndef broken(:\n    pass\n\nvalue = [\n1,\n2,\n]\n'
    loaded = load(NAME, text, PATH)
    assert noted(loaded) == [("SyntaxError", 8)]
    assert loaded.names.f() == "\ntext = 1\n)\nmore\n"
    assert loaded.names.value == [1, 2]
    assert not hasattr(loaded.module, "text")


def test_a_try_with_its_except_loads_in_a_broken_file() -> None:
    loaded = lesson(
        """\
        try:
            import no_such_module_at_all
        except ImportError:
            fallback = True

        def broken(:
            pass
        """
    )
    assert noted(loaded) == [("SyntaxError", 6)]
    assert loaded.names.fallback


def test_an_else_loads_with_its_if_in_a_broken_file() -> None:
    loaded = lesson(
        """\
        def broken(:
            pass

        if not __name__:
            value = 1
        else:
            value = 2
        """
    )
    assert noted(loaded) == [("SyntaxError", 1)]
    assert loaded.names.value == 2


@pytest.mark.parametrize(
    "text", ["x = '\x00'\n", "def f(:\n" + "x = " + "-" * 200_000 + "1\n", "(" * 5000, "\ufeffx ="]
)
def test_text_that_defeats_the_parser_is_noted(text: str) -> None:
    assert load(NAME, text, PATH).problems


def test_a_future_import_applies_to_all_statements_after_it() -> None:
    text = "def f(x: No[such, type]): pass\n"
    assert noted(lesson(text)) == [("NameError", 1)]
    loaded = lesson(f'"""Docstring."""\nfrom __future__ import annotations\n{text}')
    assert loaded.problems == []
    assert loaded.names.f.__annotations__ == {"x": "No[such, type]"}


def test_the_graders_own_future_imports_do_not_leak_into_the_file() -> None:
    assert lesson("def f(x: int): pass\n").names.f.__annotations__ == {"x": int}


def test_given_names_are_in_the_module_from_the_start() -> None:
    assert lesson("y = x + 1\n", x=41).names.y == 42


def test_classes_and_their_source_can_be_looked_up() -> None:
    loaded = lesson(
        """\
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Point:
            x: int = 3
        """
    )
    assert loaded.names.Point().x == 3
    assert loaded.names.Point.__module__ == NAME
    assert inspect.getsource(loaded.names.Point).startswith("@dataclass\nclass Point")


# ---------------------------------------------------------------- experiments


def run(loaded: LoadedLesson, body: str, seed: int = 0, **toys: str) -> dict[str, Any]:
    modules = {"experiment": dedent(body), **{name.replace("__", "."): dedent(text) for name, text in toys.items()}}
    return Experiment("probe", compiled(modules)).run(loaded, seed)


def test_an_experiment_answers_with_its_result() -> None:
    reply = run(lesson("def f(x): return x + 1\n"), "def probe(lesson, rng):\n    return lesson.f(1)\n")
    assert reply == {"kind": "result", "value": 2}


def test_an_experiment_draws_the_same_numbers_for_the_same_seed() -> None:
    body = "import torch\ndef probe(lesson, rng):\n    return [rng.number(), float(torch.rand(()))]\n"
    loaded = lesson("")
    assert run(loaded, body, 1) == run(loaded, body, 1) != run(loaded, body, 2)


def test_private_toys_come_from_the_slice_and_leave_no_module_behind() -> None:
    before = set(sys.modules)
    reply = run(
        lesson(""),
        "from grader_toys.nets import width\ndef probe(lesson, rng):\n    return width\n",
        grader_toys__nets="""\
            from __future__ import annotations
            from dataclasses import dataclass
            @dataclass
            class Net:
                size: int = 5
            width = Net().size
            """,
    )
    assert reply["value"] == 5
    assert not {"experiment", "grader_toys", "grader_toys.nets"} & (set(sys.modules) - before)


PROBE = "def probe(lesson, rng):\n    return lesson.f()\n"


def test_an_error_is_described_with_the_frames_in_the_students_file_only() -> None:
    reply = run(lesson("def f():\n    return g()\n\ndef g():\n    raise ValueError('no')\n"), PROBE)
    assert (reply["kind"], reply["type"], reply["message"], reply["own"]) == ("raised", "ValueError", "no", True)
    assert reply["frames"] == [["lesson_under_test.py", 2, "f"], ["lesson_under_test.py", 5, "g"]]


def test_an_error_from_below_the_students_line_is_not_their_own() -> None:
    reply = run(lesson("import json\ndef f():\n    return json.loads('{')\n"), PROBE)
    assert not reply["own"]
    assert reply["frames"] == [["lesson_under_test.py", 3, "f"]]


def test_a_missing_name_is_reported() -> None:
    assert run(lesson(""), PROBE)["missing"] == "f"


@pytest.mark.parametrize("error", ["SystemExit(0)", "KeyboardInterrupt()", "GeneratorExit()", "RecursionError()"])
def test_an_exception_that_stops_an_experiment_is_reported_and_not_obeyed(error: str) -> None:
    assert run(lesson(f"def f(): raise {error}\n"), PROBE)["kind"] == "raised"


def test_an_error_whose_text_raises_is_reported_without_text() -> None:
    text = "class Bad(Exception):\n    def __str__(self): raise SystemExit\ndef f(): raise Bad\n"
    reply = run(lesson(text), PROBE)
    assert (reply["type"], reply["message"]) == ("Bad", "")


def test_a_long_text_and_a_deep_trace_are_cut() -> None:
    assert len(run(lesson("def f(): raise ValueError('x' * 10**6)\n"), PROBE)["message"]) == errors.MAX_MESSAGE
    assert len(run(lesson("def f(): return f()\n"), PROBE)["frames"]) == errors.MAX_FRAMES


# ---------------------------------------------------------------- to_standard, begin


def test_torchs_switches_are_put_back_for_the_courses_own_lesson() -> None:
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.use_deterministic_algorithms(True)
    to_standard()
    begin(0)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert torch.ones(1).device.type == "cpu"
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == 1


def test_every_global_random_source_starts_from_the_seed() -> None:
    def draws(seed: int) -> tuple[float, float, float]:
        begin(seed)
        return float(torch.rand(())), random.random(), float(numpy.random.rand())

    first = draws(2**62)
    draws(1)
    assert draws(2**62) == first
    assert all(one != other for one, other in zip(first, draws(3), strict=True))


# ---------------------------------------------------------------- serving


def slice_of(text: str) -> dict[str, bytes]:
    return for_worker(compiled({"experiment": text}))


def test_a_worker_loads_once_runs_and_ends_when_the_other_side_closes(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(theirs, tmp_path))
    thread.start()
    text = "from pathlib import Path\nbad = 1 / 0\ndef f(): return Path(__file__).with_name('data.txt').read_text()\n"
    load_request = {
        "op": "load",
        "module": NAME,
        "file": f"{NAME}.py",
        "text": text.encode(),
        "files": {"data.txt": b"hello"},
    }
    run_request = {"op": "run", "name": "probe", "modules": slice_of(PROBE), "seed": 0, "device": "cpu"}
    deep = "def probe(lesson, rng):\n    x = []\n    x.append(x)\n    return x\n"
    replies = []
    with ours:
        for request in (
            load_request,
            run_request,
            {**run_request, "modules": slice_of(deep)},
            {**run_request, "modules": slice_of("1 / 0")},
        ):
            channel.send(ours, request)
            replies.append(channel.receive(ours))
    thread.join(10)
    theirs.close()
    assert not thread.is_alive()
    assert [reply["kind"] for reply in replies] == ["loaded", "result", "unsendable", "broken"]
    assert [problem["line"] for problem in replies[0]["problems"]] == [2]
    assert replies[1]["value"] == "hello"


HELPER = "def fails(*_):\n    raise ValueError('no')\n"
STOPS = {
    "the second statement of a line": ("a = 1; b = fails(); c = 2", 4),
    "a decorator": ("@fails\n@staticmethod\ndef b(): ...", 6),
    "a line inside of a call": ("b = dict(\n    x=1,\n    y=fails(),\n)", 4),
    "the body of a class": ("class b:\n    x = 1\n    y = fails()", 4),
    "a loop": ("for b in [1, 2]:\n    x = 1\n    if b == 2:\n        fails()", 4),
    "its handler": ("try:\n    fails()\nexcept ValueError:\n    fails()", 4),
}


@pytest.mark.parametrize("statement, line", STOPS.values(), ids=STOPS)
def test_only_the_statement_that_raises_is_left_out_and_none_runs_twice(statement: str, line: int) -> None:
    before, after = (f"{name} = globals().get({name!r}, 0) + 1\n" for name in ("before", "after"))
    text = f"{HELPER}{before}{statement}\n{after}fails()\nend = True\n"
    loaded = lesson(text)
    assert [problem.line for problem in loaded.problems] == [line, len(text.splitlines()) - 1]
    assert (loaded.names.before, loaded.names.after, loaded.names.end) == (1, 1, True)
    if ";" in statement:
        assert (loaded.names.a, loaded.names.c) == (1, 2)


def test_an_error_that_hides_where_it_was_raised_hides_no_statement() -> None:
    hides = "class Hides(Exception):\n    __traceback__ = property(lambda self: None)\n"
    loaded = lesson(f"{hides}a = 1\nraise Hides\nb = 2\n")
    assert [problem.line for problem in loaded.problems] == [4]
    assert (loaded.names.a, loaded.names.b) == (1, 2)
