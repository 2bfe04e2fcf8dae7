"""Proposed misconceptions: small automatic changes of the solution, as entries of known_answers.py."""

from __future__ import annotations

import re

from blindgrade.authoring.regions import BEGIN
from blindgrade.models import Exercise, Kind, Lesson
from blindgrade.verify.mutant import can_make_mutants

MOST = 8  # proposals: more than an author would read
WORDS = (
    ("**", " to the "), ("@", " matmul "), ("*", " times "), ("/", " over "), ("+", " plus "), ("<=", " at most "),
    (">=", " at least "), ("==", " is "), ("!=", " is not "), ("<", " below "), (">", " above "), ("- ", " minus "),
    ("-", " minus "),
)  # fmt: skip
NO_LIBCST = "# `pip install 'blindgrade[author]'` lets blindgrade propose wrong answers here.\n"


def known_text(name: str, kind: Kind, code: str) -> str:
    """Part of known_answers.py with proposals for the exercise, and with TODO where the author has to write."""
    lines = ["from blindgrade.known_answers import exercise, right, wrong", "", f'exercise("{name}")']
    if not can_make_mutants():
        lines.append(NO_LIBCST.rstrip())
    else:
        lines += [
            "# TODO: keep those that a student could mean, name them by what is misunderstood, and write their hints."
        ]
        lines += [f'wrong("{word}", {old}, {new}, hint="TODO")' for word, old, new in proposals(name, kind, code)]
    count = "one right answer" if kind is Kind.TRAINING else "two right answers"
    lines += [f"# TODO: add {count} as other strong students would write them, each under @right:"]
    return "\n".join(
        [*lines, "#", "# @right", f"# def by_another_way(…):  # the arguments of {name}", "#     return …", ""]
    )


def proposals(name: str, kind: Kind, code: str) -> list[tuple[str, str, str]]:
    """Name, old text and new text of each proposed edit. The old text occurs once in the code."""
    from blindgrade.verify.mutants import mutants

    found: dict[str, tuple[str, str, str]] = {}
    whole = f"# %%\n{code}\n"
    exercise = Exercise(name=name, title=name, kind=kind, points=1, difficulty=1, concepts=["-"], hints=["", "", ""])
    lesson = Lesson(id="lesson-0", title="", summary="", exercise=[exercise])
    for mutant in mutants(whole, lesson):
        old, new = mutant.old, mutant.new
        if code.count(old) != 1:
            before, after = whole.splitlines(), mutant.text.splitlines()
            old, new = before[mutant.line - 1].strip(), after[mutant.line - 1].strip()
        if code.count(old) == 1 and "\n" not in old and BEGIN not in old:
            word = _named(new)
            found.setdefault(word if word not in found else f"{word}_{len(found)}", (word, _quoted(old), _quoted(new)))
    return [(word, old, new) for word, (_, old, new) in found.items()][:MOST]


def _named(text: str) -> str:
    """The new text as a name: "x - mean" is x_minus_mean."""
    for sign, word in WORDS:
        text = text.replace(sign, word)
    return re.sub(r"\W+", "_", text).strip("_")[:40].strip("_").lower() or "changed"


def _quoted(text: str) -> str:
    return (
        f"'{text}'"
        if '"' in text and "'" not in text and "\\" not in text
        else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
