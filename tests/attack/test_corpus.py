"""The corpus covers every known attack, and a file with a wrong header is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.attack.corpus import CORPUS, CorpusError, read_corpus

# The corpus's README says why these lines have no file.
NO_SINGLE_FILE = {21, 24, 25, 46, 53}


def test_the_corpus_covers_every_known_attack() -> None:
    attacks = read_corpus(CORPUS)
    assert len(attacks) >= 95
    assert {line for attack in attacks for line in attack.lines} == set(range(1, 55)) - NO_SINGLE_FILE
    readme = (CORPUS / "README.md").read_text()
    assert all(f"\n| {line} | " in readme for line in NO_SINGLE_FILE)
    exercises = {"standardize", "correlation", "fit_line"}
    for attack in attacks:
        assert attack.target in {*exercises, "none"} and set(attack.harms) <= exercises - {attack.target}
        assert attack.sentence.count(". ") == 0, "one sentence"
        assert attack.text.count("\n") <= 65, f"{attack.name} is too long to be read at a glance"


def test_a_file_with_a_wrong_header_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    for header in (
        "target=none",
        "lines=x; target=none",
        "lines=1; target=none; odd=1",
        "lines=1; target=a; needs=luck",
    ):
        file.write_text(f'"""Is wrong."""\n# attack: {header}\n# held by: nothing\n')
        with pytest.raises(CorpusError, match="wrong.py"):
            read_corpus(tmp_path)
    file.write_text("no docstring\n")
    with pytest.raises(CorpusError, match="docstring of one sentence"):
        read_corpus(tmp_path)


def test_a_folder_without_attacks_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="--corpus"):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="has no attack 'forks'"):
        read_corpus(CORPUS, ["forks"])
