import pytest

from blindgrade.authoring.cells import Cell, CellError, heading, parse


def error_of(text: str) -> str:
    with pytest.raises(CellError) as caught:
        parse(text, "ddpm.py")
    return str(caught.value)


def test_cells_have_kind_tags_first_line_and_source() -> None:
    text = '# %% [markdown]\n# # Title\n#\n# Text\n\n\n# %% tags=["notebook-only"]\n\nx = 1\n'
    assert parse(text, "ddpm.py") == [
        Cell("markdown", (), 2, "# Title\n\nText"),
        Cell("code", ("notebook-only",), 9, "x = 1"),
    ]


def test_a_markdown_cell_may_have_tags() -> None:
    (cell,) = parse('# %% [markdown] tags=["notebook-only", "solution-only"]\n# Text\n', "ddpm.py")
    assert (cell.kind, cell.tags) == ("markdown", ("notebook-only", "solution-only"))


def test_markdown_keeps_its_own_indentation_and_headings() -> None:
    (cell,) = parse("# %% [markdown]\n# ## Head\n#     code\n", "ddpm.py")
    assert cell.source == "## Head\n    code"


def test_blank_lines_inside_a_code_cell_stay() -> None:
    (cell,) = parse("# %%\nx = 1\n\n\ny = 2\n\n", "ddpm.py")
    assert cell.source == "x = 1\n\n\ny = 2"


def test_an_empty_text_has_no_cells() -> None:
    assert parse("\n", "ddpm.py") == []


def test_text_before_the_first_cell_is_an_error() -> None:
    assert error_of("\nimport torch\n# %%\n").startswith("ddpm.py:2: text before the first cell; put")


def test_text_without_any_cell_is_an_error() -> None:
    assert error_of("import torch\n").startswith("ddpm.py:1: text before the first cell; put")


def test_an_unknown_tag_is_an_error_that_lists_the_known() -> None:
    assert error_of('# %% tags=["solution"]\n') == (
        "ddpm.py:1: unknown tag 'solution'; use one of notebook-only, solution-only"
    )


def test_tags_that_are_not_a_list_of_strings_are_an_error() -> None:
    assert error_of("# %% tags=[solution-only]\n").startswith(
        "ddpm.py:1: `tags=[solution-only]` is not a list of strings"
    )


@pytest.mark.parametrize("line", ["#%%", "# %%%", "# %% [md]", '# %% tag=["solution-only"]', "# %% Title"])
def test_a_mistyped_header_is_an_error(line: str) -> None:
    assert error_of(f"# %%\nx = 1\n{line}\n").startswith(f"ddpm.py:3: `{line}` does not begin a cell; write")


@pytest.mark.parametrize("line", ["text", "## Head", "#text", "", "  # text"])
def test_a_markdown_line_without_its_comment_mark_is_an_error(line: str) -> None:
    message = error_of(f"# %% [markdown]\n# One\n{line}\n# Two\n")
    assert message.startswith("ddpm.py:3: a line of a markdown cell does not start with `# `; put")


def test_heading_is_the_first_of_a_markdown_cell() -> None:
    assert heading(Cell("markdown", (), 1, "Text\n## One\n# Two")) == "One"


def test_a_code_cell_has_no_heading() -> None:
    assert heading(Cell("code", (), 1, "# comment")) is None
