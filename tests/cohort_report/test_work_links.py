"""The page links each student's attempt and code, and says that a file never loaded."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from blindgrade.cohort_report.report import report
from blindgrade.marks.marks import Marks

from ..marks.cohort import LESSON, Cohort

NAMES = ("ana", "bo b", "javascript:x#?")


@pytest.fixture
def cohort(tmp_path):
    cohort = Cohort(tmp_path / "term")
    for student in NAMES:
        cohort.hand_in(student, "a")  # 0 points, so each needs help
    cohort.grade()
    return cohort


def _page(cohort, **options):
    to = cohort.root / "reports" / "page.html"
    report(Marks(cohort.catalog, cohort.store.root), [cohort.target], None, to, LESSON, **options)
    return to, to.read_text(encoding="utf-8")


def _linked(page, text, word):
    links = re.findall(rf'<a href="([^"]*)">{word}<span class="hidden"> of ([^<]*) in', text)
    return {student: (page.parent / unquote(link)).resolve() for link, student in links}


def test_each_student_who_needs_help_has_links_to_attempt_and_code(cohort):
    page, text = _page(cohort)
    code, attempts = _linked(page, text, "code"), _linked(page, text, "attempt")
    assert set(code) == set(attempts) == set(NAMES)
    for student in NAMES:
        assert code[student] == cohort.submitted / student / "basics.py" and code[student].is_file()
        assert attempts[student].parent == cohort.store.root / LESSON / student and attempts[student].is_file()
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', text))


def test_links_are_relative_so_a_term_can_be_moved(cohort, tmp_path):
    page, text = _page(cohort)
    moved = Path(shutil.move(cohort.root, tmp_path / "elsewhere"))
    found = _linked(moved / page.relative_to(cohort.root), text, "code")
    assert all(path.is_file() for path in found.values())


def test_there_is_no_link_to_a_file_that_is_gone(cohort):
    shutil.rmtree(cohort.submitted)
    page, text = _page(cohort)
    assert _linked(page, text, "code") == {} and set(_linked(page, text, "attempt")) == set(NAMES)


def test_a_file_that_could_not_be_graded_is_named_and_is_not_nothing(cohort):
    (cohort.submitted / "ana" / "basics.py").write_bytes(b"\xff\xfe\x00")
    cohort.grade()
    page, text = _page(cohort)
    part = text.split('id="help"')[1].split("</section>")[0]
    assert "<code>ana</code>" in part and "basics.py" in part
    assert (page.with_suffix("") / "never-loaded.csv").read_text().splitlines()[1].startswith(f"ana,{LESSON},")
