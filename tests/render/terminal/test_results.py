from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from blindgrade.catalog import Catalog
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome, SubmissionRef
from blindgrade.render.links import Links
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.results import card, ending, lesson_list, students

MINI = Catalog(Path(__file__).parents[2] / "courses" / "mini")


def check(outcome: Outcome, **more: object) -> CheckResult:
    return CheckResult(name="c", claim="It is so.", public=True, outcome=outcome, **more)  # type: ignore[arg-type]


def result(name: str, outcome: Outcome, *checks: CheckResult, points: float = 0.0) -> ExerciseResult:
    return ExerciseResult(
        name=name, title=name.title(), outcome=outcome, points=points, max_points=10, concepts=["c"],
        checks=list(checks) or [check(outcome)],
    )  # fmt: skip


def attempt(*results: ExerciseResult, **more: object) -> Attempt:
    return Attempt(
        lesson="lesson-1.1.1", title="Basics", points=sum(r.points for r in results),
        max_points=sum(r.max_points for r in results), submission=SubmissionRef(path="x", sha256=""),
        graded_at="2026-01-01T00:00:00Z", seed=1, reference="live", sandbox="process", seconds=0.1,
        exercises=list(results), **more,
    )  # fmt: skip  # type: ignore[arg-type]


def console(width: int = 80, *, terminal: bool = False, color: str | None = None) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=color)  # type: ignore[arg-type]


def nowhere() -> Links:
    return Links(Path("/nowhere"), [])


ALL = attempt(
    result("one", Outcome.PASSED, points=10),
    result("two", Outcome.FAILED, check(Outcome.FAILED, message="is 2"), check(Outcome.PASSED)),
    result("three", Outcome.BLOCKED, check(Outcome.BLOCKED, message="waits for two")),
    result("four", Outcome.NOT_ATTEMPTED),
    result("five", Outcome.ERROR, points=10),
)


def test_a_list_shows_each_outcome_by_sign_and_word_without_colour() -> None:
    plain = console()
    text = as_text(plain, *lesson_list(ALL, plain))
    for line in (
        "✓ one    passed         10 / 10",
        "✗ two    failed          0 / 10  1 of 2 checks fails",
        "↳ three  blocked         0 / 10  waits for two",
        "· four   not attempted   0 / 10",
        "! five   grader error   10 / 10  costs no points",
        "20 of 50 points",
    ):
        assert line in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("failed", "row", "details"),
    [
        (2, "2 of 3 checks fail", "1 more check fails: --verbose shows it"),
        (3, "3 of 3 checks fail", "2 more checks fail: --verbose shows them"),
    ],
)
def test_the_list_and_the_details_count_the_checks_that_fail(failed: int, row: str, details: str) -> None:
    plain = console()
    checks = [check(Outcome.FAILED)] * failed + [check(Outcome.PASSED)] * (3 - failed)
    failing = attempt(result("two", Outcome.FAILED, *checks))
    lines = as_text(plain, *lesson_list(failing, plain), *ending(Grading.of([failing]), nowhere(), plain)).split("\n")
    assert f"  ✗ two  failed  0 / 10  {row}" in lines
    assert details in map(str.strip, lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal_nor_than_can_be_read(width: int) -> None:
    plain = console(width)
    failing = result("two", Outcome.FAILED, check(Outcome.FAILED, message="many words " * 40))
    lines = as_text(plain, *ending(Grading.of([attempt(failing)]), nowhere(), plain)).split("\n")
    assert max(map(len, lines)) <= min(width, 100)
    assert all(line == line.rstrip() for line in lines)


def test_what_comes_first_is_the_first_failure_then_the_first_unwritten() -> None:
    plain = console()
    assert "To fix: two" in as_text(plain, *ending(Grading.of([ALL]), nowhere(), plain))
    unwritten = Grading.of([attempt(result("one", Outcome.PASSED, points=10), result("four", Outcome.NOT_ATTEMPTED))])
    shown = as_text(plain, *ending(unwritten, nowhere(), plain))
    assert "To write: four" in shown and "grade --hint lesson-1.1.1/four" in shown


def test_a_card_shows_one_check_and_verbose_shows_every_one_with_frames() -> None:
    plain = console()
    checks = [check(Outcome.FAILED, message=f"is {n}", frames=[f"a.py:{n} in f"]) for n in (1, 2)]
    one = result("two", Outcome.FAILED, *checks)
    short = as_text(plain, *card("lesson-1.1.1", one, nowhere()))
    long = as_text(plain, *card("lesson-1.1.1", one, nowhere(), verbose=True))
    assert "is 1" in short and "is 2" not in short and "a.py" not in short
    assert "is 2" in long and "a.py:2 in f" in long


def test_a_diagnosis_is_its_hint_without_the_internal_name() -> None:
    plain = console()
    wrong = check(Outcome.FAILED, hint="Which way?", misconception="sign_flipped")
    text = as_text(plain, *card("l", result("x", wrong.outcome, wrong), nowhere()))
    assert "diagnosis  Which way?\n" in text and "flipped" not in text
    vague = check(Outcome.FAILED, hint="Which way?")
    assert "hint       Which way?" in as_text(plain, *card("l", result("x", vague.outcome, vague), nowhere()))


def test_with_no_color_a_terminal_gets_none() -> None:
    def codes(no_color: bool) -> set[str]:
        out = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard", no_color=no_color)
        return set(re.findall(r"\x1b\[[0-9;]*m", as_text(out, *lesson_list(ALL, out))))

    colours = re.compile(r"[\[;][34][0-79]")
    assert any(colours.search(code) for code in codes(no_color=False))
    assert not any(colours.search(code) for code in codes(no_color=True))


def test_plain_ascii_gets_other_signs() -> None:
    class Ascii(io.StringIO):
        encoding = "ascii"

    plain = Console(file=Ascii(), width=80)
    as_text(plain, *lesson_list(ALL, plain)).encode("ascii")


class TestLinks:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        lesson = tmp_path / "lesson_1_1_1_basics"
        lesson.mkdir()
        (lesson / "basics.py").write_text("x = 1\n")
        return tmp_path

    def card_of(self, folder: Path, where: str, out: Console) -> str:
        wrong = check(Outcome.FAILED, where=where)
        links = Links(folder, MINI.ready())
        return as_text(out, *card("lesson-1.1.1", result("x", Outcome.FAILED, wrong), links))

    def test_a_terminal_gets_a_link_to_file_and_line(self, folder: Path) -> None:
        uri = (folder / "lesson_1_1_1_basics" / "basics.py").resolve().as_uri()
        text = self.card_of(folder, "basics.py:1", console(200, terminal=True, color="standard"))
        assert f";{uri}#1\x1b\\" in text

    def test_a_pipe_gets_none(self, folder: Path) -> None:
        assert "\x1b" not in self.card_of(folder, "basics.py:1", console(200))

    @pytest.mark.parametrize(
        "where", ["other.py:1", "../basics.py:1", "/etc/passwd:1", "basics.py:1\x1b]8;;http://x\x07"]
    )
    def test_a_name_that_a_reply_made_up_is_never_linked(self, folder: Path, where: str) -> None:
        text = self.card_of(folder, where, console(200, terminal=True, color="standard"))
        assert "\x1b]8" not in text

    def test_a_path_below_the_working_directory_is_shown_whole_if_it_fits(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder)
        assert "where      lesson_1_1_1_basics/basics.py:1" in self.card_of(folder, "basics.py:1", console(80))
        assert "where      basics.py:1" in self.card_of(folder, "basics.py:1", console(38))


@pytest.mark.parametrize("text", ["::error file=x::y", "a" * 69 + "::error::y", "words " * 11 + "::error::y"])
def test_no_line_of_a_students_text_is_a_runners_command_however_it_is_broken(text: str) -> None:
    plain = console()
    wrong = check(Outcome.FAILED, message=text)
    lines = as_text(plain, *card("l", result("x", Outcome.FAILED, wrong), nowhere())).split("\n")
    assert not any(line.strip().startswith("::") for line in lines)
    assert "::e" not in students(text)
