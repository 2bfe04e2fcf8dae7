import pytest

from blindgrade.authoring.regions import RegionError, cut

B, E = "### BEGIN SOLUTION", "### END SOLUTION"


def lines(*text: str) -> str:
    return "\n".join(text)


def error_of(*text: str) -> str:
    with pytest.raises(RegionError) as caught:
        cut(lines(*text), "ddpm.py", 10)
    return str(caught.value)


def test_a_region_becomes_not_implemented_and_the_rest_stays() -> None:
    source = lines(
        "def f(x):",
        '    """Doc."""',
        "    y = x",
        f"    {B}",
        "    z = y",
        "    return z",
        f"    {E}",
        "",
        "A = 1",
    )
    assert cut(source, "ddpm.py", 1) == lines(
        "def f(x):", '    """Doc."""', "    y = x", "    raise NotImplementedError", "", "A = 1"
    )


def test_text_without_regions_is_unchanged() -> None:
    source = "import torch\n\n\ndef f():\n    return 1"
    assert cut(source, "ddpm.py", 1) == source


def test_each_method_has_its_own_region() -> None:
    method = [f"        {B}", "        return 1", f"        {E}"]
    source = lines("class A:", "    def f(self):", *method, "", "    async def g(self):", *method)
    stub = ["        raise NotImplementedError"]
    assert cut(source, "ddpm.py", 1) == lines(
        "class A:", "    def f(self):", *stub, "", "    async def g(self):", *stub
    )


def test_a_region_may_be_a_block_inside_a_statement() -> None:
    source = lines(
        "def f(x):",
        "    if x:",
        f"        {B}",
        "        x = 1",
        f"        {E}",
        "    else:",
        "        x = 2",
    )
    assert cut(source, "ddpm.py", 1) == lines(
        "def f(x):", "    if x:", "        raise NotImplementedError", "    else:", "        x = 2"
    )


def test_a_region_may_hold_whole_compound_statements() -> None:
    inner = [
        "    @d",
        "    def g():",
        "        return 1",
        "    if x:",
        "        y = 1",
        "    else:",
        "        y = 2",
    ]
    assert cut(lines("def f(x):", f"    {B}", *inner, f"    {E}"), "ddpm.py", 1) == lines(
        "def f(x):", "    raise NotImplementedError"
    )


def test_a_marker_in_a_string_is_text() -> None:
    source = lines("def f():", '    """', f"    {B}", '    """')
    assert cut(source, "ddpm.py", 1) == source


def test_end_without_begin_is_an_error() -> None:
    assert error_of("def f():", "    x = 1", f"    {E}") == (
        f"ddpm.py:12: `{E}` without `{B}`; put `{B}` above the answer, or delete it"
    )


def test_a_nested_begin_is_an_error() -> None:
    message = error_of("def f():", f"    {B}", f"    {B}", "    x = 1", f"    {E}")
    assert message == f"ddpm.py:12: `{B}` in the region that line 11 begins; end that one first with `{E}`"


def test_a_region_that_is_never_closed_is_an_error() -> None:
    assert error_of("def f():", f"    {B}", "    x = 1").startswith(f"ddpm.py:11: `{B}` is never closed; put")


@pytest.mark.parametrize("owner", [[], ["class A:"], ["if True:"]])
def test_a_region_outside_a_function_is_an_error(owner: list[str]) -> None:
    indent = "    " if owner else ""
    message = error_of(*owner, f"{indent}{B}", f"{indent}x = 1", f"{indent}{E}")
    assert message.startswith(f"ddpm.py:{10 + len(owner)}: the region is outside a function; put")


@pytest.mark.parametrize("inner", [[], ["    # comment"], [""]])
def test_an_empty_region_is_an_error(inner: list[str]) -> None:
    message = error_of("def f():", "    x = 1", f"    {B}", *inner, f"    {E}")
    assert message == "ddpm.py:12: the region is empty; write the answer in it, or delete its markers"


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ([f"  {B}", "    x = 1", f"  {E}"], 11, "is not indented like the statements in it"),
        ([f"    {B}", "    x = 1", f"  {E}"], 13, f"`{E}` is not indented like its `{B}`"),
        ([f"    {B}", "    if x:", f"    {E}", "        x = 1"], 13, "ends inside a statement"),
        (
            ["    def g(", f"        {B}", "    a):", "        x = 1", f"        {E}"],
            12,
            "begins inside a statement",
        ),
        (["    x = [", f"    {B}", "    1,", f"    {E}", "    ]"], 12, "begins inside a statement"),
        (["    x = [", f"    {B}", "    ]", "    y = 1", f"    {E}"], 12, "begins inside a statement"),
        (
            ["    @d", f"        {B}", "    def g():", "        x = 1", f"        {E}"],
            12,
            "begins inside a statement",
        ),
        (
            ["    if x:", f"        {B}", "        x = 1", "    else:", f"        {E}", "        x = 2"],
            12,
            "two blocks",
        ),
        (
            ["    if x:", f"        {B}", "        x = 1", "    else:", "        x = 2", f"        {E}"],
            12,
            "two blocks",
        ),
    ],
)
def test_a_region_that_does_not_fit_is_an_error(body: list[str], line: int, what: str) -> None:
    message = error_of("def f(x):", *body)
    assert message.startswith(f"ddpm.py:{line}: ")
    assert what in message
    assert message.endswith("; put both markers around whole statements of one block, indented like them")


@pytest.mark.parametrize(
    "marker", ["# BEGIN SOLUTION", "### begin solution", "###BEGIN SOLUTION", f"{B}:", "#### BEGIN SOLUTION"]
)
def test_a_mistyped_marker_is_an_error(marker: str) -> None:
    message = error_of("def f():", f"    {marker}", "    x = 1", f"    {E}")
    assert message == f"ddpm.py:11: `{marker}` is not a marker; write `{B}` or `{E}` alone on its line"


def test_a_marker_after_code_is_an_error() -> None:
    assert error_of("def f():", f"    x = 1  {B}", f"    {E}").startswith(f"ddpm.py:11: `{B}` is not a marker")


def test_a_cell_that_is_not_python_is_an_error() -> None:
    assert error_of("x = 1", "def f(:").startswith("ddpm.py:11: the cell is not valid Python (")
