"""The cohort's page needs no network, is safe for any student's name, and has a CSV file for every table."""

import base64
import csv
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from blindgrade.cohort_report.acting import misconceptions_table
from blindgrade.cohort_report.alike import Alike, Pair
from blindgrade.cohort_report.cohort import analyse
from blindgrade.cohort_report.misunderstandings import Held
from blindgrade.cohort_report.page import page, write_report
from blindgrade.cohort_report.records import records_of
from blindgrade.cohort_report.sections import alike_table, taken
from blindgrade.models import Attempt, Late, Policy
from blindgrade.render.html.look import Look
from blindgrade.render.html.theme import theme_of
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.simulate.rehearsed import Rehearsals, attempts

from ..graded import handed_in

START = datetime(2026, 9, 1, tzinfo=UTC)
NASTY = '=<script>alert("x")</script>\u202e'


@pytest.fixture(scope="module")
def written(mini, pieces, cohort, tmp_path_factory):
    lesson = pieces[0].lesson
    by_student: dict[str, list[Attempt]] = {}
    for number, attempt in enumerate(attempts(Rehearsals(pieces[0], 0, assumed=True), cohort)):
        by_student.setdefault(attempt.student, []).append(attempt.model_copy(update={"key": str(number)}))
    first = next(iter(by_student))
    by_student[NASTY] = by_student[first]
    records = [
        records_of(s, {lesson.id: handed_in(*own)}, mini.course.policy)[lesson.id] for s, own in by_student.items()
    ]
    found = analyse(mini.course, {lesson.id: records}, [lesson])
    pair = Pair(NASTY, first, ["lesson-1.1.1/standardize"] * 3, 3, 30.0, 1e-4)
    paths = write_report(
        tmp_path_factory.mktemp("report") / "cohort.html",
        found,
        Alike([pair], [[NASTY, first]], 2),
        "all",
        "now",
    )
    return paths, paths[0].read_text(encoding="utf-8")


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.open, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "rect", "line", "circle", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_loads_and_runs_nothing(written):
    _, text = written
    tags = _Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {t for t, _ in tags.seen} & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not [a for _, attrs in tags.seen for a in attrs if a.startswith("on") or a in ("style", "src")]
    links = [attrs["href"] for t, attrs in tags.seen if t == "a"]
    assert all(link.startswith(("#", "cohort/")) for link in links)
    ids = [attrs["id"] for _, attrs in tags.seen if "id" in attrs]
    assert len(ids) == len(set(ids)) and {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_the_policy_admits_this_stylesheet_and_nothing_else(written):
    _, text = written
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    sources = f"style-src 'sha256-{digest}'; img-src data:"
    assert policy == f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def test_a_students_name_is_text(written):
    _, text = written
    assert "<script" not in text and "\u202e" not in text
    assert text.count("=&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;\\u202e") >= 2


def test_every_table_has_its_csv_with_as_many_rows(written):
    paths, text = written
    folder = paths[0].with_suffix("")
    linked = set(re.findall(r'href="cohort/([^"]+)"', text))
    assert linked == {p.name for p in paths[1:]} == {p.name for p in folder.iterdir()}
    assert len(linked) == len(re.findall(r"<section", text))
    with (folder / "mastery.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) - 1 == len(
        re.findall(r"<th scope=\"row\"><code>(?:s\d+|=&lt;)[^<]*</code></th>", text.split('id="concepts"')[1])
    )
    assert [row[0] for row in rows if "script" in row[0]] == ["'" + NASTY]


def test_every_shaded_cell_shows_its_value_as_a_number(written):
    _, text = written
    shaded = re.findall(r'<td class="number (?:low|mid|high)">([^<]*)</td>', text)
    assert shaded and all(re.fullmatch(r"\d+ %", cell.strip()) for cell in shaded)


def test_the_page_says_which_attempts_count_and_that_lateness_does_not(written):
    _, text = written
    assert "The last submission of each student counts. All points are without the deduction" in text
    assert "Students by points before lateness" in text


def test_every_policy_is_described():
    late = {"due": {"lesson-1": START}, "late": Late(penalty=0.1)}
    assert taken(Policy(attempts="best")).startswith("The best attempt of each student counts. All points")
    assert "most points after lateness" in taken(Policy(attempts="best", **late))
    assert "mean of each student's attempts; exercises, reliability and concepts use the last" in taken(
        Policy(attempts="mean", **late)
    )


def test_with_a_roster_the_tables_have_names_and_sections_and_who_handed_in_nothing(mini, pieces, cohort, tmp_path):
    lesson = pieces[0].lesson
    own = [a for a in attempts(Rehearsals(pieces[0], 0, assumed=True), cohort)]
    first = own[0].student
    mine = [a.model_copy(update={"key": str(n)}) for n, a in enumerate(own) if a.student == first]
    records = {lesson.id: [records_of(first, {lesson.id: handed_in(*mine)}, mini.course.policy)[lesson.id]]}
    details = (Identifier("name", NASTY), Identifier("section", "LEC 01"))
    roster = Roster.of([Person(first, details), Person("zoe", (Identifier("name", "Zoë Poe"),))])
    paths = write_report(tmp_path / "c.html", analyse(mini.course, records, [lesson], roster), None, "all", "now")
    text = paths[0].read_text(encoding="utf-8")
    assert "1 student of the roster handed in nothing at all<" in text and "Zoë Poe" in text
    assert "<script" not in text and "LEC 01" in text
    tables = {path.stem: list(csv.reader(path.read_text(encoding="utf-8").splitlines())) for path in paths[1:]}
    assert tables["missing"] == [
        ["student", "name", "section", "handed in nothing for"],
        ["zoe", "Zoë Poe", "", lesson.id],
    ]
    assert tables["mastery"][1][:3] == [first, "'" + NASTY, "LEC 01"]
    assert tables["help"][0][:3] == ["student", "name", "section"]


def test_lists_of_students_have_the_names_and_sections_of_the_roster(mini):
    roster = Roster.of([Person("ana", (Identifier("name", "Ana Doe"), Identifier("section", "LEC 01")))])
    cohort = analyse(mini.course, {}, [], roster)
    held = replace(cohort, misconceptions=[Held("lesson-1.1.1", "standardize", "x", "hint", ["ana", "bo"], [])])
    assert misconceptions_table(held).rows[0][6] == ["ana (Ana Doe, LEC 01)", "bo"]
    found = Alike([Pair("ana", "bo", ["x"], 2, 9.0, 0.01)], [["ana", "bo"]], 2)
    assert alike_table(found, roster).rows[0][0] == ["ana (Ana Doe, LEC 01)", "bo"]
    assert misconceptions_table(replace(held, roster=Roster())).rows[0][6] == ["ana", "bo"]
    assert "Groups: ana (Ana Doe, LEC 01), bo." in page(held, found, "all", "tables", "now")


def test_the_page_has_the_courses_theme_and_template_and_admits_that_style(mini, pieces, cohort, tmp_path):
    lesson = pieces[0].lesson
    (tmp_path / "cohort.html").write_text(
        '{% extends "blindgrade/cohort.html" %}{% block opening %}<p>{{ cohort.students | length }} of ours</p>'
        "{% endblock %}"
    )
    look = Look(theme_of(":root { --series-1: #123456; }"), tmp_path, warn=pytest.fail)
    first = next(iter(attempts(Rehearsals(pieces[0], 0, assumed=True), cohort)))
    record = records_of(
        first.student, {lesson.id: handed_in(first.model_copy(update={"key": "0"}))}, mini.course.policy
    )
    text = page(analyse(mini.course, {lesson.id: [record[lesson.id]]}, [lesson]), None, "all", "tables", "now", look)
    assert "<p>1 of ours</p>" in text and "--series-1: #123456;" in text
    test_the_policy_admits_this_stylesheet_and_nothing_else((None, text))
