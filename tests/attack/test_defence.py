"""This machine's sandbox holds every attack of the corpus, and an attack that is not held is reported."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindgrade.attack.corpus import CORPUS, Attack, read_attack, read_corpus
from blindgrade.attack.defence import Defence, Result

MINI = Path(__file__).parents[1] / "courses" / "mini"
ATTACKS = read_corpus(CORPUS)

RIGHT = """
import torch


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()


def correlation(first, second):
    return (standardize(first) * standardize(second)).mean(dim=-1)


def fit_line(x, y):
    slope, offset = (x * y).mean() / (x * x).mean(), y.mean()
    return lambda at: slope * at + offset
"""


@pytest.fixture(scope="module")
def defence() -> Iterator[Defence]:
    """A defence with the strongest sandbox of this machine."""
    with Defence(MINI) as one:
        yield one


@pytest.fixture(scope="module")
def unguarded() -> Iterator[Defence]:
    """No isolation, so that the planted code succeeds."""
    with Defence(MINI, "process") as one:
        yield one


def planted(
    folder: Path, code: str, header: str = "lines=-; target=none; says=planted", at_the_end: str = ""
) -> Attack:
    """Right answers, with code that every call of `standardize` runs first, and code that loading runs."""
    body = RIGHT.replace("    if values", "    print('planted')\n    plant()\n    if values", 1)
    indented = "\n".join("    " + line for line in code.splitlines())
    file = folder / "planted.py"
    file.write_text(
        f'"""Is planted."""\n# attack: {header}\n# held by: nothing\n{body}\n\ndef plant():\n{indented}\n{at_the_end}\n'
    )
    return read_attack(file)


def broken(result: Result, reason: str) -> None:
    assert not result.held and not result.skipped
    assert reason in result.what, result.what


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_held(attack: Attack, defence: Defence) -> None:
    result = defence.face(attack)
    if result.skipped:
        pytest.skip(result.what)
    assert result.held, result.what


def test_right_answers_without_an_attack_are_held(tmp_path: Path, defence: Defence) -> None:
    assert defence.face(planted(tmp_path, "pass")).what == ""


def test_a_breach_that_the_attack_prints_is_reported(tmp_path: Path, defence: Defence) -> None:
    broken(defence.face(planted(tmp_path, "print('BREACH: read a file')")), "BREACH: read a file")


def test_points_that_were_not_deserved_are_reported(tmp_path: Path, defence: Defence) -> None:
    result = defence.face(planted(tmp_path, "pass", "lines=-; target=standardize; says=planted"))
    broken(result, "standardize earned 40 points; an honest wrong answer earns 0")


def test_damage_to_other_exercises_is_reported_unless_the_header_allows_it(tmp_path: Path, defence: Defence) -> None:
    hit, end = "raise OSError", "fit_line = None"
    header = "lines=-; target=standardize; harms=correlation; says=OSError"
    broken(defence.face(planted(tmp_path, hit, header, end)), "another exercise lost points: fit_line failed")
    assert defence.face(planted(tmp_path, hit, header.replace("harms=", "harms=fit_line,"), end)).held


def test_an_exercise_that_replaces_another_does_no_damage(tmp_path: Path, defence: Defence) -> None:
    hit = "global fit_line\nfit_line = None\nraise OSError"
    assert defence.face(planted(tmp_path, hit, "lines=-; target=standardize; harms=correlation; says=OSError")).held


def test_an_attempt_that_does_not_say_what_happened_is_reported(tmp_path: Path, defence: Defence) -> None:
    broken(
        defence.face(planted(tmp_path, "pass", "lines=-; target=none; says=stopped after")),
        "the attempt does not say 'stopped after'",
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print(open('{{canaries}}'.split()[0]).read())", "the attempt contains a canary's token"),
        ("print(open('{{solution}}').read())", "the attempt contains a canary's token"),
        ("open('{{course}}/left', 'w')", "it left or changed file course/left"),
        ("open('{{solution}}', 'a').write('#')", "it left or changed file course/solutions"),
        ("open('/tmp/{{mark}}', 'w')", "it left or changed file /tmp/bgmark"),
        ("import os; os.path.exists(p := '{{canaries}}'.split()[0]) and os.remove(p)", "it removed file blindgrade-"),
        ("import socket; socket.create_connection(('127.0.0.1', {{port}}))", "connections to the grader's machine"),
        ("import os; os.kill(os.getppid(), 9)", "standardize failed: your code ended its process"),
    ],
)
def test_an_attack_that_succeeds_without_isolation_is_reported(
    tmp_path: Path, unguarded: Defence, code: str, reason: str
) -> None:
    broken(unguarded.face(planted(tmp_path, code)), reason)


def test_a_process_that_an_attack_ends_is_reported(tmp_path: Path, unguarded: Defence) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        threading.Thread(target=other.wait, daemon=True).start()  # it is gone when it was waited for
        once = f"import os, contextlib\nwith contextlib.suppress(ProcessLookupError): os.kill({other.pid}, 9)"
        broken(unguarded.face(planted(tmp_path, once)), "it ended ")


def test_damage_to_the_next_submission_is_reported(tmp_path: Path) -> None:
    with Defence(MINI, "process") as unguarded:
        result = unguarded.face(planted(tmp_path, "open('{{solution}}', 'w').write('!')"))
    broken(result, "an honest submission after it: the grader stopped")


def test_an_attack_that_needs_isolation_is_skipped_without_it(tmp_path: Path, unguarded: Defence) -> None:
    result = unguarded.face(planted(tmp_path, "print('BREACH: ran')", "lines=-; target=none; needs=isolation"))
    assert result.skipped and result.open and not result.held and "needs isolation" in result.what
