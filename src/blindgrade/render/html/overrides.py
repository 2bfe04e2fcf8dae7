"""A course's own templates, and their errors by file and line.

A template is found by its bare name in the course's folder first; `blindgrade/` before the name means the packaged one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, TemplateError, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.meta import find_referenced_templates

PACKAGED = "blindgrade/"
PAGES = ("base.html", "cohort.html", "feedback.html", "notebook.html", "student.html")
PARTS = ("cards.html", "groups.html", "parts.html", "tables.html")  # packaged pages include these
# The policy of a page forbids these already, but a card in a notebook has no policy.
REFUSED = (
    (re.compile(r"<\s*(script|link|iframe|object|embed|base|meta|style|form)\b", re.I),
     "a <{found}> is not allowed in a page: it would load, run or restyle something; remove it"),
    (re.compile(r"\s(on\w+)\s*=\s*[\"'{]", re.I), "{found}= is a script, and pages run no script; remove it"),
    (re.compile(r"\s(src|srcset|poster|background)\s*=\s*[\"']?(?!data:image/|[\"'\s]?data:image/)", re.I),
     "{found}= loads a file, and pages load nothing; write the picture itself: data:image/svg+xml,…"),
    (re.compile(r"\b(url)\(", re.I), "{found}(…) loads a file, and pages load nothing; set it as --logo in theme.css"),
    (re.compile(r"\{%[-+]?\s*(autoescape)\b"), "`{found}` lets a student's text become markup; remove it"),
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """Error of a template. `line` is None if it concerns the whole file."""

    file: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.sentence}"


class OwnTemplates(FileSystemLoader):
    """Loader of the course's templates. It loads no stylesheet: theme.css has its own, stricter reader."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, encoding="utf-8-sig")  # some editors write a byte order mark

    def get_source(self, environment: Environment, template: str) -> Any:
        """Source of a template by its name without a prefix."""
        if not template.endswith(".html") or template.startswith(PACKAGED):
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


def names_in(folder: Path) -> list[str]:
    """Names of the folder's templates."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.html") if p.is_file())


def unknown(folder: Path, shown: str) -> Iterator[Fault]:
    """Templates of the course that no page uses: their name is not one of ours, and no other template names them."""
    sources = {name: _bytes(folder / name) for name in names_in(folder)}
    for name in sources:
        if name in (*PAGES, *PARTS) or any(name.encode() in sources[other] for other in sources if other != name):
            continue
        near = difflib.get_close_matches(name, PAGES, n=1)
        guess = f"; did you mean {near[0]}?" if near else "."
        yield Fault(f"{shown}/{name}", None, f"no page uses this template{guess} The pages are {', '.join(PAGES)}")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # `faults` names what cannot be read


def faults(environment: Environment, folder: Path, name: str, shown: str) -> Iterator[Fault]:
    """Faults of a template, and of the course's templates that it uses, that are visible without rendering.

    `shown` is the name of the folder for messages.
    """
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = f"{shown}/{name}" if (folder / name).is_file() and not name.startswith(PACKAGED) else ""
        try:
            source, _, _ = _source(environment, name)
            tree = environment.parse(source, name)
            if file:
                environment.compile(tree, name)  # unknown filters and tests
                yield from _loading(source, file)
                yield from _blocks(environment, tree, file)
                yield from _parents(environment, tree, name, file)
        except UnicodeDecodeError:
            yield Fault(file, None, "this is no UTF-8 text; save it as UTF-8")
            continue
        except TemplateSyntaxError as error:
            yield Fault(file or name, error.lineno, f"{error.message}")
            continue
        except OSError as error:
            yield Fault(file or name, None, f"this cannot be read ({error.strerror}); check its permissions")
            continue
        except RecursionError:
            yield Fault(file or name, None, "its expressions are nested too deeply; write them as several")
            continue
        waiting += [found for found in find_referenced_templates(tree) if found and _has(environment, found)]


def where_raised(error: BaseException, folder: Path, shown: str) -> str:
    """Place of an error: file and line if one of the course's templates raised it, otherwise the folder."""
    place, trace = shown, error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(folder):
            place = f"{shown}/{path.relative_to(folder).as_posix()}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _source(environment: Environment, name: str) -> tuple[str, str | None, Any]:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)


def _has(environment: Environment, name: str) -> bool:
    try:
        _source(environment, name)
    except TemplateNotFound:
        return False
    except (OSError, UnicodeDecodeError):
        pass  # it is there, and its own fault is named
    return True


def _loading(source: str, file: str) -> Iterator[Fault]:
    for pattern, sentence in REFUSED:
        for found in pattern.finditer(source):
            yield Fault(file, _line(source, found.start(1)), sentence.format(found=found[1]))


def _parents(environment: Environment, tree: nodes.Template, name: str, file: str) -> Iterator[Fault]:
    """Faults of named templates: one that does not exist, and one that extends itself."""
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        named: nodes.Expr = node.template  # type: ignore[attr-defined]  # each of these kinds has one
        if not isinstance(named, nodes.Const) or not isinstance(named.value, str):
            continue
        if isinstance(node, nodes.Extends) and named.value == name:
            yield Fault(file, node.lineno, f'it extends itself; write {{% extends "{PACKAGED}{name}" %}}')
        elif not _has(environment, named.value) and not getattr(node, "ignore_missing", False):
            assert environment.loader is not None
            near = difflib.get_close_matches(named.value, environment.loader.list_templates(), n=1)
            guess = f"; did you mean {near[0]}?" if near else ""
            yield Fault(file, node.lineno, f"there is no template {named.value}{guess}")


def _blocks(environment: Environment, tree: nodes.Template, file: str) -> Iterator[Fault]:
    """Faults of blocks that no parent has: Jinja2 would ignore them without an error."""
    known = _known_blocks(environment, tree, set())
    for node in tree.body if known is not None else ():
        if isinstance(node, nodes.Block) and known is not None and node.name not in known:
            near = difflib.get_close_matches(node.name, sorted(known), n=1)
            guess = f"did you mean `{near[0]}`?" if near else f"its blocks are {', '.join(sorted(known))}"
            yield Fault(file, node.lineno, f"the page has no block `{node.name}`; {guess}")


def _known_blocks(environment: Environment, tree: nodes.Template, seen: set[str]) -> set[str] | None:
    """Blocks of all parents; None if there is no parent, or if a parent cannot be read."""
    parent = next(tree.find_all(nodes.Extends), None)
    if parent is None or not isinstance(parent.template, nodes.Const):
        return None
    name = parent.template.value
    if not isinstance(name, str) or name in seen:
        return None
    try:
        above = environment.parse(_source(environment, name)[0], name)
    except (OSError, RecursionError, TemplateError, UnicodeDecodeError):
        return None
    own = {block.name for block in above.find_all(nodes.Block)}
    return own | (_known_blocks(environment, above, {*seen, name}) or set())


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
