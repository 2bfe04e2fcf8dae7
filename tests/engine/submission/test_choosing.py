from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from blindgrade.engine.submission.choosing import Program

GRADED = frozenset({"score"})


def left_out(text: str, graded: frozenset[str] | None = GRADED) -> list[str]:
    nodes = ast.parse(dedent(text)).body
    kept = Program(nodes, graded).kept()
    return [ast.unparse(node).split("\n")[0] for node in nodes if id(node) not in kept]


def reading(name: str) -> str:
    return f"\ndef score(x): return x * {name}"


@pytest.mark.parametrize(
    "text",
    [
        "T = []\nT.append(1)",
        "T = []\nu = T\nu.append(1)",
        "T = {}\nT['a'] = 1\nT.update(b=2)\nT |= {'c': 3}",
        "T = []\nfor k in range(3):\n    T.append(k)",
        "T = []\nlist(map(T.append, [1]))",
        "T = []\n[T.append(k) for k in range(3)]",
        "T = None\ndef init():\n    global T\n    T = 1\ninit()",
        "T = []\ndef fill(x): x.append(1)\ndef init(): fill(T)\ninit()",
        "T = []\ndef fill(x):\n    y = x\n    y += [1]\nfill(T)",
        "import torch\nT = torch.zeros(3)\nT.view(-1).mul_(2)",
        "import torch\nT = torch.zeros(3)\nv = T.view(-1)\nv[0] = 2",
        "import torch\nT = torch.zeros(3)\ntorch.nn.init.ones_(T)",
        "import torch\nT = torch.zeros(3)\ntorch.add(T, 1, out=T)",
        "import random\nT = [1, 2]\nrandom.shuffle(T)",
        "import helper\nT = []\nhelper.fill(T)",
        "from helper import fill\nT = []\nfill(T)",
        "class T:\n    pass\nsetattr(T, 'a', 1)",
        "class T:\n    @classmethod\n    def add(cls, x): pass\nT.add(1)",
        "class T:\n    pass\nT.forward = lambda self: 1",
        "T = {}\ndef register(f):\n    T[f] = f\n    return f\n@register\ndef other(): pass\nregister(print)",
        "with open('x') as f:\n    T = f.read()",
        "import torch\nwith torch.no_grad():\n    T = torch.ones(3) * 2",
        "import contextlib\nT = []\n@contextlib.contextmanager\ndef lent(x): yield x\nwith lent(T) as t: t.append(1)",
        "try:\n    T = 1\nexcept ValueError:\n    T = 2",
        "while True:\n    T = 1\n    break",
        "match 1:\n    case T: pass",
        "print(T := 3)",
        "globals()['T'] = 1",
        "exec('T = 1')",
        "T = 1\ndel T\nT = 2",
        "import torch\nnet = torch.nn.Linear(1, 1)\nopt = torch.optim.SGD(net.parameters(), 0.1)\nfor _ in range(2):\n"
        "    net(torch.ones(1)).sum().backward()\n    opt.step()\nT = net.weight.item()",
        "import json\njson.dump(1, open('a', 'w'))\nT = json.load(open('a'))",
        "import torch\nx = torch.randn(3)\nT = torch.randn(3)",
    ],
)  # fmt: skip
def test_all_that_may_change_what_an_answer_reads_stays(text: str) -> None:
    assert left_out(text + reading("T")) == []


@pytest.mark.parametrize("text", ["import sys\nsys.path.insert(0, 'lib')", "import torch\ntorch.set_num_threads(1)",
    "import os\nos.environ['A'] = '1'", "import torch\ntorch.backends.cuda.allow_tf32 = True",
    "import torch\ndef setup():\n    torch.set_default_dtype(torch.float64)\nsetup()", "from helper import *",
    "import helper\nhelper.setup()", "raise ValueError"])  # fmt: skip
def test_what_acts_outside_of_the_file_stays(text: str) -> None:
    assert left_out(text + reading("1")) == []


@pytest.mark.parametrize(
    "work",
    [
        "print(score(2))",
        "score(2)",
        "import matplotlib.pyplot as plt",
        "for k in range(3):\n    print(score(k))",
        "result = score(T)",
        "assert score(2) == 2",
        "y = 1 - T",
        "with open('log.txt', 'w') as log:\n    log.write('x')",
    ],
)
def test_work_that_no_answer_reads_is_left_out(work: str) -> None:
    assert left_out(f"T = 3.0{reading('T')}\n{work}") == [work.split("\n")[0]]


def test_a_training_for_a_picture_is_left_out_with_all_that_it_needs() -> None:
    text = """
    import torch
    BETA = torch.linspace(0, 1, 5)
    def score(x):
        return x * BETA
    net = torch.nn.Linear(5, 5)
    opt = torch.optim.Adam(net.parameters())
    for step in range(100):
        loss = net(score(torch.randn(5))).sum()
        loss.backward()
        opt.step()
    """
    assert [line.split(" ")[0] for line in left_out(text)] == ["net", "opt", "for"]


def test_a_helper_that_no_answer_calls_keeps_no_training() -> None:
    text = "samples = sample()\ndef show(): return samples" + reading("1")
    assert left_out(text) == ["samples = sample()"]
    assert left_out(text, None) == []


def test_the_exercises_that_need_a_statement_are_named() -> None:
    nodes = ast.parse("T = load()\nU = 1\ndef a(): return T\ndef b(): return a()\ndef c(): return U").body
    program = Program(nodes, frozenset("abc"))
    assert program.dependants(nodes[0]) == ["a", "b"]
    assert program.dependants(nodes[1]) == ["c"]
    assert program.readers({"T"}) == ["a", "b"]


def test_what_a_function_reads_that_a_kept_statement_calls_stays() -> None:
    text = "import os\nNAMES = 'a b'.split()\ndef setup(): os.environ.update(dict.fromkeys(NAMES, '1'))\nsetup()"
    assert left_out(text + reading("1")) == []


def test_methods_of_what_a_module_such_as_ctypes_gave_stay() -> None:
    assert left_out("import ctypes\nlibc = ctypes.CDLL(None)\nx = libc.getpid()" + reading("1")) == []


def test_an_endless_loop_and_a_docstring_stay() -> None:
    assert left_out("'Doc.'\nwhile True:\n    pass" + reading("1")) == []


def test_a_file_of_definitions_needs_no_analysis() -> None:
    nodes = ast.parse("import sys\nsys.path.append('..')\nA = 1\ndef score(): pass").body
    program = Program(nodes, GRADED)
    assert program.plain and "statements" not in vars(program)
    assert len(program.kept()) == len(nodes)


def test_another_name_of_a_function_is_not_changed_by_a_training_that_calls_the_function() -> None:
    text = "def f(x): return x\nrows = [f(1)]\nfor n in range(9):\n    rows.append(f(n))\nright = f\n"
    assert len(left_out(text + "def f(x): return right(x)\n", frozenset({"f"}))) == 2
