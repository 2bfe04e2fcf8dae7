from __future__ import annotations

import pytest

from blindgrade.engine.submission.calls import names_used

DIRECT = "def answer(x):\n    return other(x)\n"
THROUGH = "def answer(x):\n    return help(x)\ndef help(x):\n    return other(x)\n"
METHOD = "class answer:\n    def forward(self, x):\n        return other(x)\n"
ASSIGNED = "from functools import partial\nanswer = partial(other, 1)\n"
PATCHED = "class answer:\n    pass\ndef f(self):\n    return other(1)\nanswer.forward = f\n"
AS_DEFAULT = "def answer(x, f=other):\n    return f(x)\n"


@pytest.mark.parametrize("text", [DIRECT, THROUGH, METHOD, ASSIGNED, PATCHED, AS_DEFAULT], ids=str)
def test_a_name_is_found_wherever_the_definition_reads_it(text: str) -> None:
    assert "other" in (names_used(text, "answer") or set())


ALONE = "def other(x):\n    return x\ndef answer(x):\n    other = x\n    return other\n"
BESIDE = "def answer(x):\n    return x\ndef unrelated(x):\n    return other(x)\n"
ABSENT = "def unrelated(x):\n    return other(x)\n"


@pytest.mark.parametrize("text", [ALONE, BESIDE, ABSENT], ids=["local", "beside", "absent"])
def test_a_name_that_the_definition_does_not_read_is_not_found(text: str) -> None:
    found = names_used(text, "answer")
    assert found is not None and "other" not in found


@pytest.mark.parametrize(
    "text",
    [
        "def answer(x):\n    return globals()['other'](x)\n",
        "def answer(x):\n    return eval('other(x)')\n",
        "from mine import thing\ndef answer(x):\n    return thing(x)\n",
        "def answer(x:\n",
        "from mine import *\n",
    ],
)
def test_a_text_that_does_not_show_it_gives_none(text: str) -> None:
    assert names_used(text, "answer", {"mine"}) is None
