"""The documentation as the source of a site: docs/, the pages at the repository's top, and the references."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from blindgrade.manual.commands import commands_page
from blindgrade.manual.formats import formats_page

TOP = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")  # they go to project/
# The navigation: a section, and its pages below docs/. Decisions are added by date.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("index.md",),
    "Students": ("students.md", "submitting.md", "notebooks.md", "files.md", "resident.md", "notation.md"),
    "Instructors": (
        "monday.md", "instructors.md", "collect.md", "cohorts.md", "feedback.md", "cohort-report.md", "pages.md",
        "nbgrader.md", "gradescope.md", "classroom50.md",
    ),
    "Authors": ("first-lesson.md", "authoring.md", "importing.md", "relations.md", "claims.md", "coverage.md"),
    "Operators": ("operators.md", "service.md", "sandbox.md", "scale.md", "releasing.md"),
    "Reference": ("reference/commands.md", "reference/formats.md", "readers.md"),
    "Project": (
        "project/ARCHITECTURE.md", "project/CONTRIBUTING.md", "project/CHANGELOG.md", "project/SECURITY.md",
        "project/LICENSE.md",
    ),
}  # fmt: skip
LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *#*$", re.MULTILINE)
FENCED = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]+`", re.DOTALL | re.MULTILINE)  # blocks and spans: no links


class SiteError(Exception):
    """The documentation is wrong. The message has a line for each fault."""


def write_site(root: Path, to: Path) -> None:
    """Write the site's source and its configuration. SiteError for a link to nothing, or a page that no section has."""
    shutil.rmtree(to, ignore_errors=True)
    pages = {path: _address(path.relative_to(root)) for path in _pages(root)}
    made = {"reference/commands.md": commands_page(), "reference/formats.md": formats_page()}
    faults: list[str] = []
    named = {page for section in SECTIONS.values() for page in section}
    known = {str(address) for address in pages.values()} | set(made)
    faults += [
        f"{page}: no section has it; add it to SECTIONS" for page in sorted(known - named) if not _is_decision(page)
    ]
    faults += [f"{page}: a section names it, but there is no such page" for page in sorted(named - known)]
    pictures: dict[Path, PurePosixPath] = {}
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    anchors = {str(pages[path]): anchors_of(text) for path, text in texts.items()}
    anchors |= {name: anchors_of(text) for name, text in made.items()}
    for path, address in pages.items():
        text = texts[path]
        if address.name != "LICENSE.md":
            text = _rewritten(root, path, address, text, pages, pictures, anchors, faults)
        _write(to / "docs" / address, text)
    if faults:
        raise SiteError("\n".join(faults))
    for name, text in made.items():
        _write(to / "docs" / name, text)
    for picture, address in pictures.items():
        target = to / "docs" / address
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)
    _write(to / "zensical.toml", configuration(sorted(page for page in known if _is_decision(page))))


def anchors_of(text: str) -> set[str]:
    """Names of a page's headings in an address, as the site makes them. Two equal headings get a number."""
    found: set[str] = set()
    counts: Counter[str] = Counter()
    for heading in HEADING.finditer(FENCED.sub("", text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"]).replace("`", "")
        plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
        name = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
        found.add(f"{name}_{counts[name]}" if counts[name] else name)
        counts[name] += 1
    return found


def configuration(decisions: Iterable[str]) -> str:
    """Text of zensical.toml. It loads no font and asks no server."""
    sections = {**SECTIONS, "Decisions": tuple(sorted(decisions, key=lambda page: ("README" not in page, page)))}
    nav = ",\n".join(f"  {{ {json.dumps(name)} = {json.dumps(list(pages))} }}" for name, pages in sections.items())
    return "\n".join([
        "[project]",
        'site_name = "blindgrade"',
        'site_description = "Auto-graded exercises for courses in PyTorch"',
        'docs_dir = "docs"',
        'site_dir = "site"',
        "use_directory_urls = false",  # the site works from a folder, without a server
        f"nav = [\n{nav}\n]",
        "",
        "[project.theme]",
        "font = false",  # no request to a server of fonts
        'features = ["navigation.indexes", "navigation.top", "content.code.copy", "toc.follow"]',
        "",
    ])  # fmt: skip


def _pages(root: Path) -> list[Path]:
    return [*sorted((root / "docs").rglob("*.md")), *(root / name for name in TOP)]


def _address(path: Path) -> PurePosixPath:
    """Where a page of the repository is in the site."""
    if path.parts[0] == "docs":
        return PurePosixPath(*path.parts[1:])
    return PurePosixPath("project", path.name if path.suffix == ".md" else f"{path.name}.md")


def _is_decision(page: str) -> bool:
    return page.startswith("decisions/")


def _rewritten(
    root: Path,
    path: Path,
    address: PurePosixPath,
    text: str,
    pages: dict[Path, PurePosixPath],
    pictures: dict[Path, PurePosixPath],
    anchors: Mapping[str, set[str]],
    faults: list[str],
) -> str:
    """The page with links of the site in place of links of the repository."""

    def link(match: re.Match[str]) -> str:
        target, _, anchor = match["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            return match[0]
        if not target:
            find(address, anchor, match["target"])
            return match[0]
        there = (path.parent / target).resolve()
        mark = f"#{anchor}" if anchor else ""
        if there in pages:
            find(pages[there], anchor, match["target"])
            return f"[{match['text']}]({_relative(address, pages[there])}{mark})"
        below = there.relative_to(root / "docs") if there.is_relative_to(root / "docs") else Path()
        if below.as_posix() in anchors:
            find(below, anchor, match["target"])
            return f"[{match['text']}]({_relative(address, PurePosixPath(below))}{mark})"
        if match["image"] and there.is_file():
            pictures[there] = PurePosixPath("pictures", there.name)
            return f"![{match['text']}]({_relative(address, pictures[there])})"
        if there.exists():
            return match["text"]  # the site has pages and pictures; other files are in the repository
        faults.append(f"{path.relative_to(root)}: {match['target']} is a link to nothing; correct it")
        return match[0]

    def find(page: PurePosixPath | Path, anchor: str, target: str) -> None:
        if anchor and anchor not in anchors[page.as_posix()]:
            faults.append(f"{path.relative_to(root)}: {target} is a link to no heading of {page}; correct it")

    parts, last = [], 0
    spans = [(code.start(), code.end()) for code in CODE.finditer(text)]
    for match in LINK.finditer(text):
        if not any(start <= match.start() < end for start, end in spans):
            parts += [text[last : match.start()], link(match)]
            last = match.end()
    return "".join([*parts, text[last:]])


def _relative(source: PurePosixPath, target: PurePosixPath) -> str:
    up = "../" * (len(source.parts) - 1)
    return f"{up}{target}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
