"""`course attack` from the command line."""

import json
from pathlib import Path

from click.testing import CliRunner

from blindgrade.cli.course.group import course

TESTS = Path(__file__).parents[2]


def attack(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(course, ["attack", *arguments])
    return result.exit_code, result.output


def test_attacks_that_are_held_are_counted() -> None:
    code, output = attack("returns_nan", "returns_infinity", "--sandbox", "process")
    assert code == 0
    assert "2 of 2 attacks held in the sandbox 'process'" in output


def test_attacks_that_need_isolation_are_not_held_and_counted() -> None:
    code, output = attack("returns_nan", "forks_a_bomb", "--sandbox", "process")
    assert code == 0
    assert "not held" in output and "1 more were not tried, because this sandbox has nothing against them" in output
    assert "1 of 1 attacks held" in output


def test_an_attack_that_gets_through_is_reported_and_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "courses").mkdir()
    (tmp_path / "courses" / "mini").symlink_to(TESTS / "courses" / "mini")
    corpus = tmp_path / "attacks"
    corpus.mkdir()
    text = '"""Gets through."""\n# attack: lines=-; target=fit_line\n# held by: nothing\nprint("BREACH: \\x1b[2J")\n'
    (corpus / "gets_through.py").write_text(text)
    code, output = attack("--corpus", str(corpus), "--sandbox", "process")
    assert code == 1
    assert "0 of 1 attacks held" in output and "again: course attack gets_through" in output
    code, output = attack("--corpus", str(corpus), "--sandbox", "process", "--json")
    printed = json.loads(output)
    assert (code, printed["schema"], printed["held"]) == (1, "blindgrade/attacks/v1", False)
    assert printed["attacks"][0]["name"] == "gets_through"


def test_an_unknown_attack_or_folder_is_a_bad_request(tmp_path: Path) -> None:
    assert attack("no_such_attack")[0] == 2
    code, output = attack("--corpus", str(tmp_path))
    assert code == 2 and "--corpus" in output
