"""A course's theme: it reaches every stylesheet, loads nothing and changes no element but ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.render.html import pages
from blindgrade.render.html.theme import Theme, ThemeError, properties, read_theme, theme_of

ROOT = Path(__file__).parents[3]
GOOD = """
/* ours */
:root { --link: #0a58a6; --font: "A; B", serif;
  --logo: url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"); }
@media (prefers-color-scheme: dark) { :root { --link: #86bdf8; } }
.blindgrade h1, .blindgrade h2 { letter-spacing: .02em; }
"""


def test_light_dark_and_rules_are_read_separately() -> None:
    theme = theme_of(GOOD)
    assert theme.light.splitlines()[:2] == ["--link: #0a58a6;", '--font: "A; B", serif;']
    assert theme.dark == "--link: #86bdf8;"
    assert theme.rules == ".blindgrade h1, .blindgrade h2 { letter-spacing: .02em; }"


@pytest.mark.parametrize("name", ["student.css", "cohort.css", "notebook.css"])
def test_every_stylesheet_has_the_themes_values_after_its_own(name: str) -> None:
    theme = theme_of(":root { --passed: #010203; --sign-passed: #040506; } .blindgrade b { color: #070809; }")
    text = pages._environment("blindgrade.cohort_report").get_template(name).render(theme=theme)
    own = "--sign-passed: #2f9e44" if name == "notebook.css" else "--passed: #17652f"
    assert text.index(own) < text.index("--passed: #010203")
    assert ".blindgrade b { color: #070809; }" in text


def test_paper_stays_white_with_every_theme() -> None:
    text = pages._environment(pages.HERE).get_template("student.css").render(theme=theme_of(":root{--paper:#123456}"))
    assert text.rindex("--paper: #ffffff") > text.rindex("--paper: #123456")


def test_the_theme_of_this_course_can_be_used() -> None:
    theme = read_theme(ROOT / "reports" / "theme.css", "reports/theme.css")
    assert "--accent" in theme.light and "--accent" in theme.dark


def test_a_course_without_a_theme_has_none(tmp_path: Path) -> None:
    assert read_theme(tmp_path / "theme.css", "theme.css") == Theme()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('@import "x.css";', "loads a file"),
        ('\n@IMPORT "x.css";', "theme.css:2:"),
        ('@\\69mport "x.css";', "loads a file"),
        (":root { --logo: url(https://example.org/x.png); }", "loads a file"),
        (":root { --logo: u\\72l(//example.org/x.png); }", "loads a file"),
        (":root { --logo: ur/**/l(x); --link: URL( 'x.png' ); }", "loads a file"),
        (":root { --logo: image-set('https://example.org/x.png' 1x); }", "loads a file"),
        (":root { --logo: url(data:text/html,x); }", "loads a file"),
        # What a browser reads as a string or as its end, and a careless reader does not.
        (""".blindgrade p { content: "url('data:image/"; color: url(x.png); quotes: "')"; }""", "loads a file"),
        (""":root { --logo: "url('data:image/"; --link: url(x.png); --font: "')"; }""", "loads a file"),
        ('.blindgrade p { color: url("data:image/x\r); background: url(x.png); quotes: ") }', "loads a file"),
        ('.blindgrade p { color: url("data:image/x\f); background: url(x.png); quotes: ") }', "loads a file"),
        (r""".blindgrade p { color: url("data:image/\") "; background: url(x.png); quotes: " "; }""", "loads a file"),
        (
            '.blindgrade p { background: url("data:image/png,x" url(http://x)); }',
            "outside of a rule|loads a file|no end",
        ),
        (":root { --link: red; }\n</STYLE ><script>", "theme.css:2: `</style` would end"),
        ("@font-face { font-family: X; }", "does not help here"),
        ("body { background: red; }", "begin each selector with .blindgrade"),
        (".blindgrade h1, a { color: red; }", "`a` could change"),
        (".blindgradeish { color: red; }", "begin each selector"),
        ("@media print { p { color: red; } }", "begin each selector"),
        (":root { color: red; }", "takes only custom properties"),
        ("\n:root {\n --pased: red;\n}", "theme.css:3: no page uses --pased; did you mean --passed"),
        (":root { --link: ; }", "--link has no value"),
        (":root { --link: red;", "no end"),
        (":root { --link: red; } }", "outside of a rule"),
        ("@charset 'x';", "does not help here"),
    ],
    ids=ascii,
)
def test_a_dangerous_or_useless_line_is_refused_with_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "theme.css").write_bytes(text.encode())
    with pytest.raises(ThemeError, match=said):
        read_theme(tmp_path / "theme.css", "theme.css")


def test_bytes_that_are_no_text_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "theme.css"
    for content, said in ((b"\xff\xfe", "UTF-8"), (b"/*" + b"x" * 70_000, "KiB")):
        path.write_bytes(content)
        with pytest.raises(ThemeError, match=said):
            read_theme(path, "theme.css")


def test_a_theme_that_cannot_be_read_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "theme.css").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ThemeError, match=r"^theme.css: this cannot be read \(Permission denied\)"):
        read_theme(tmp_path / "theme.css", "theme.css")


def test_a_string_may_hold_any_text() -> None:
    theme = theme_of(""".blindgrade p::before { content: "url(x) @import"; quotes: '\\'' "}"; }""")
    assert theme.rules.startswith(".blindgrade p::before")


def test_a_property_of_the_themes_own_may_be_used_in_its_rules() -> None:
    assert theme_of(":root { --ours: 3px; } .blindgrade p { margin: var(--ours); }").light == "--ours: 3px;"


def test_a_theme_may_set_the_properties_of_the_palette() -> None:
    assert {"--paper", "--accent", "--font", "--logo", "--sign-failed"} <= set(properties())
