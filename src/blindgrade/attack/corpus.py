"""The attack corpus: hostile submissions, each with a header that says what it tries and how it must end.

tests/attacks/README.md describes the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from blindgrade.models import Outcome

CORPUS = Path(__file__).parents[3] / "tests" / "attacks"  # of the source checkout that holds this package
HEADER = re.compile(r'"""(?P<sentence>[A-Z][^"\n]+\.)"""\n# attack: (?P<fields>.+)\n# held by: (?P<why>.+)\n')
NEEDS = {"isolation", "namespaces", "x86_64"}


class CorpusError(Exception):
    """The corpus cannot be read. The message names the file and what to do."""


@dataclass(frozen=True)
class Attack:
    """One file of the corpus. The fields after `why` are in its header. The corpus's README explains them."""

    name: str
    text: str
    sentence: str
    why: str
    lines: tuple[int, ...]
    target: str
    expects: Outcome = Outcome.FAILED
    points: float = 0.0
    harms: tuple[str, ...] = ()
    says: str = ""
    needs: tuple[str, ...] = ()


def read_corpus(folder: Path, names: Iterable[str] = ()) -> list[Attack]:
    """Attacks in a folder, all of them or the named ones, in alphabetical order. CorpusError for a wrong folder."""
    files = {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not files:
        raise CorpusError(f"there are no attacks in {folder}; name the corpus's folder with --corpus")
    wanted = list(names) or list(files)
    for name in wanted:
        if name not in files:
            raise CorpusError(f"{folder} has no attack {name!r}; run the command without names to try all attacks")
    return [read_attack(files[name]) for name in sorted(set(wanted))]


def read_attack(path: Path) -> Attack:
    """Attack that one file holds. CorpusError if its docstring or header has another form than the README says."""
    text = path.read_text(encoding="utf-8")
    found = HEADER.match(text)
    if found is None:
        raise CorpusError(
            f"{path} must begin with a docstring of one sentence and the two comments of the README; add them"
        )
    fields = dict(part.split("=", 1) for part in found["fields"].split("; "))
    try:
        attack = Attack(
            name=path.stem,
            text=text,
            sentence=found["sentence"],
            why=found["why"],
            lines=tuple(int(n) for n in _listed(fields.pop("lines"))),
            target=fields.pop("target"),
            expects=Outcome(fields.pop("expects", "failed")),
            points=float(fields.pop("points", 0)),
            harms=_listed(fields.pop("harms", "")),
            says=fields.pop("says", ""),
            needs=_listed(fields.pop("needs", "")),
        )
    except (KeyError, ValueError) as error:
        raise CorpusError(f"{path}: the header's {error} is missing or wrong; see the corpus's README") from None
    if fields or not set(attack.needs) <= NEEDS:
        raise CorpusError(f"{path}: the header has unknown fields or needs; see the corpus's README")
    return attack


def _listed(field: str) -> tuple[str, ...]:
    return tuple(part for part in field.split(",") if part not in ("", "-"))
