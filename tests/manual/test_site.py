"""The documentation as the source of a site."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from blindgrade.cli.blindgrade import main
from blindgrade.manual.commands import commands_page, leaves
from blindgrade.manual.formats import formats_page
from blindgrade.manual.site import SiteError, anchors_of, write_site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site") / "made"
    write_site(ROOT, to)
    return to


def test_every_page_is_in_the_navigation_and_every_entry_is_a_page(site: Path) -> None:
    project = tomllib.loads((site / "zensical.toml").read_text())["project"]
    named = [page for section in project["nav"] for pages in section.values() for page in pages]
    there = {path.relative_to(site / "docs").as_posix() for path in (site / "docs").rglob("*.md")}
    assert set(named) == there and len(named) == len(there)
    sections = {name: pages for section in project["nav"] for name, pages in section.items()}
    assert sections["Decisions"][0] == "decisions/README.md" and "project/LICENSE.md" in sections["Project"]
    assert all(page.startswith("decisions/") for page in sections["Decisions"])
    assert project["theme"]["font"] is False, "a site without a network asks no server for a font"


def test_the_start_page_has_its_pictures(site: Path) -> None:
    text = (site / "docs" / "index.md").read_text()
    pictures = {path.name for path in (site / "docs" / "pictures").iterdir()}
    assert pictures == {"terminal.png", "student.png", "notebook.png", "cohort.png"}
    assert all(f"(pictures/{name})" in text for name in pictures)


def test_links_to_pages_are_links_of_the_site_and_others_are_text(site: Path) -> None:
    assert "[Architecture](project/ARCHITECTURE.md)" in (site / "docs" / "index.md").read_text()
    assert "[reference of formats](reference/formats.md)" in (site / "docs" / "operators.md").read_text()
    assert (
        "[2026-11-30: A course may override"
        in (site / "docs" / "decisions" / "2026-11-24-templates-in-the-package.md").read_text()
    )


def test_a_link_to_nothing_and_a_page_of_no_section_are_faults(tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ROOT / "docs", root / "docs")
    shutil.copytree(ROOT / "reports" / "samples", root / "reports" / "samples")
    for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"):
        shutil.copyfile(ROOT / name, root / name)
    (root / "docs" / "students.md").write_text(
        "[a](nothing.md) and `[b](none.md)`\n\n```\n[c](never.md)\n# Never\n```\n# Here, `we` are\n"
        "[d](#here-we-are) [e](#never) [f](cohorts.md#attempts) [g](cohorts.md#no-such-heading)\n"
    )
    (root / "docs" / "lost.md").write_text("# Lost\n")
    with pytest.raises(SiteError) as error:
        write_site(root, tmp_path / "to")
    said = str(error.value)
    assert "docs/students.md: nothing.md is a link to nothing; correct it" in said and "never.md" not in said
    assert "lost.md: no section has it; add it to SECTIONS" in said
    of_students = [line for line in said.splitlines() if line.startswith("docs/students.md")]
    assert [line.split(" is ")[0] for line in of_students] == [
        "docs/students.md: nothing.md", "docs/students.md: #never", "docs/students.md: cohorts.md#no-such-heading",
    ]  # fmt: skip


@pytest.mark.skipif(find_spec("zensical") is None, reason="zensical is not installed; `make docs` installs it")
def test_the_sites_generator_finds_nothing_to_warn_of(site: Path) -> None:
    """What `make docs` does."""
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=site, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (site / "site" / "index.html").is_file()


def test_two_equal_headings_have_two_names() -> None:
    assert anchors_of("# One\n## `a` [two](b.md)!\n## One\n") == {"one", "a-two", "one_1"}


def test_the_reference_has_the_help_of_every_command() -> None:
    page = commands_page()
    every = [" ".join(words) for words, _ in leaves(main)]
    assert len(every) > 20 and "course new-exercise" in every
    assert all(f"\n## {name}\n" in page and f"Usage: {name}" in page for name in every)


def test_the_formats_have_every_key_of_the_files_that_people_write() -> None:
    page = formats_page()
    for key in ("due", "grace_minutes", "packages", "hints", "mental_models", "student", "seed"):
        assert f"| `{key}` |" in page
    assert "| `points` | number (above 0) | required |" in page
