"""The cohort report: a self-contained page, which runs no script and loads nothing, and a CSV file for every table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from blindgrade.cohort_report import acting, charts, sections
from blindgrade.cohort_report.alike import Alike
from blindgrade.cohort_report.cohort import Cohort
from blindgrade.cohort_report.groups import Grouped
from blindgrade.cohort_report.groups_section import groups_section
from blindgrade.cohort_report.items import LessonNumbers
from blindgrade.cohort_report.mastery import MASTERED
from blindgrade.cohort_report.people import who
from blindgrade.cohort_report.tables import Table
from blindgrade.cohort_report.work_links import NO_LINKS, WorkLinks
from blindgrade.render.html.look import PLAIN, Look
from blindgrade.render.html.pages import filled


@dataclass(frozen=True)
class _Part:
    numbers: LessonNumbers
    anchor: str
    histogram: Markup
    map: Markup
    items: Table
    odd: Table


def page(
    cohort: Cohort, found: Alike | None, heading: str, folder: str, graded_at: str, look: Look = PLAIN,
    links: WorkLinks = NO_LINKS, groups: Sequence[Grouped] = (),
) -> str:  # fmt: skip
    """HTML of the page. `folder` is the folder of its CSV files, relative to it. `found` None: nothing was compared."""
    section = groups_section(groups, cohort.roster)
    return filled(
        "cohort.html",
        stylesheet="cohort.css",
        package="blindgrade.cohort_report",
        look=look,
        cohort=cohort,
        heading=heading,
        folder=folder,
        graded_at=graded_at,
        level=_level,
        taken=sections.taken(cohort.course.policy),
        headlines=acting.headlines(cohort, found, len(section.cards)),
        people=acting.person_cards(cohort, links),
        needs=acting.needs_table(cohort, links),
        unread=acting.unread_table(cohort, links) if cohort.unread else None,
        missing=acting.missing_table(cohort) if cohort.roster.people else None,
        topics=acting.topic_cards(cohort),
        misconceptions=acting.misconceptions_table(cohort),
        look_at=acting.look_at_table(cohort),
        overview=sections.lessons_table(cohort),
        effort=sections.effort_table(cohort),
        lessons=[_part(numbers) for numbers in cohort.lessons],
        concepts=sections.concepts_table(cohort),
        matrix=sections.matrix_table(cohort),
        section=section,
        decisions=sections.decisions_table(cohort) if cohort.decisions else None,
        alike=sections.alike_table(found, cohort.roster) if found else None,
        alike_groups=[who(cohort.roster, group) for group in found.groups] if found else [],
    )


def write_report(
    path: Path, cohort: Cohort, found: Alike | None, heading: str, graded_at: str, look: Look = PLAIN,
    links: WorkLinks = NO_LINKS, groups: Sequence[Grouped] = (),
) -> list[Path]:  # fmt: skip
    """Write the page, and its CSV files into the folder with the page's name. Return all paths, the page first."""
    folder = path.with_suffix("")
    if folder == path:
        folder = path.with_name(f"{path.name}-tables")
    folder.mkdir(parents=True, exist_ok=True)
    written = [path]
    for table in [*sections.all_tables(cohort, found, links), groups_section(groups, cohort.roster).table]:
        file = folder / f"{table.name}.csv"
        file.write_text(table.csv(), encoding="utf-8", newline="")
        written.append(file)
    path.write_text(page(cohort, found, heading, folder.name, graded_at, look, links, groups), encoding="utf-8")
    return written


def _part(numbers: LessonNumbers) -> _Part:
    lesson = numbers.lesson
    return _Part(
        numbers,
        lesson.id.replace(".", "-"),
        charts.histogram(numbers.points, lesson.max_points, lesson.id),
        charts.item_map(numbers.items, lesson.id),
        sections.items_table(numbers),
        sections.odd_table(numbers),
    )


def _level(value: float | None) -> str:
    """Shade of a share. The cell shows the number, too, so no reader needs the shade."""
    return "" if value is None else "high" if value >= MASTERED else "mid" if value >= MASTERED / 2 else "low"
