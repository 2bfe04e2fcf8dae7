"""A grading as a card in a notebook: HTML where the notebook shows it, the same as plain text elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Outcome
from blindgrade.render.safe import shown

if TYPE_CHECKING:
    from jinja2 import Template

# Each outcome has its sign and its word; the colour, which must serve on light and dark pages, only repeats them.
SIGNS = {
    Outcome.PASSED: ("✓", "passed", "#2f9e44"),
    Outcome.FAILED: ("✗", "failed", "#e03131"),
    Outcome.BLOCKED: ("↳", "blocked", "#d9730d"),
    Outcome.NOT_ATTEMPTED: ("·", "not attempted", "#868e96"),
    Outcome.ERROR: ("!", "grader error", "#ae3ec9"),
}
TO_FIX = (Outcome.FAILED, Outcome.BLOCKED, Outcome.ERROR)

# Text colours are inherited, so that the card is as legible as the notebook's own theme.
PAGE = """\
<style>
.blindgrade { max-width: 48rem; margin: .3em 0; font-size: 90%; line-height: 1.45; text-align: left; color: inherit }
.blindgrade > div, .blindgrade > details { border-left: 4px solid var(--c); padding: .15em .8em; margin: .3em 0 }
.blindgrade summary { cursor: pointer }
.blindgrade .bg-sign { color: var(--c); font-weight: bold; display: inline-block; width: 1.1em; text-indent: 0 }
.blindgrade .bg-points { float: right; margin-left: 1em }
.blindgrade ul { list-style: none; margin: .2em 0; padding: 0 }
.blindgrade li { margin: .15em 0; padding-left: 1.1em; text-indent: -1.1em }
.blindgrade li > div { text-indent: 0 }
.blindgrade code, .blindgrade pre { font-size: 95%; background: transparent; color: inherit }
.blindgrade .bg-message { white-space: pre-wrap; overflow-wrap: anywhere }
.blindgrade .bg-foot { opacity: .8; border-left-color: transparent }
</style>
<div class="blindgrade" role="status">
{% for result, sign, word, colour, open, lines in exercises %}
<details style="--c: {{ colour }}"{% if open %} open{% endif %}>
<summary><span class="bg-sign">{{ sign }}</span><b>{{ result.name }}</b> {{ result.title }}: {{ word }}
<span class="bg-points">{{ points(result.points) }} / {{ points(result.max_points) }}</span></summary>
<ul>
{% for check, sign, word, colour, hint in lines %}
<li style="--c: {{ colour }}"><span class="bg-sign" title="{{ word }}">{{ sign }}</span>{{ check.claim }}
{% if check.message %}<div class="bg-message">{{ shown(check.message) }}\
{% if place(check) %} ({{ place(check) }}){% endif %}</div>{% endif %}
{% if hint %}<div>→ {{ hint }}</div>{% endif %}
</li>
{% endfor %}
</ul>
{% if result.output %}
<details><summary>your code printed</summary><pre>{{ shown(result.output) }}</pre></details>
{% endif %}
</details>
{% endfor %}
<div class="bg-foot">{% if attempt.exercises | length > 1 %}<b>{{ points(attempt.points) }} of \
{{ points(attempt.max_points) }} points</b> by {% else %}By {% endif %}\
{{ foot[0] }} <code>{{ foot[1] }}</code> {{ foot[2] }}</div>
</div>
"""


def html_card(attempt: Attempt) -> str:
    """The card as HTML; what the student's code said is text in it and nothing else."""
    first = _first_to_fix(attempt)
    alone = len(attempt.exercises) == 1
    exercises = [
        (r, *SIGNS[r.outcome], alone or r is first, [(c, *SIGNS[c.outcome], hint) for c, hint in _hints(r)])
        for r in attempt.exercises
    ]
    return _template().render(
        attempt=attempt, exercises=exercises, foot=_foot(attempt), points=_points, shown=shown, place=_place
    )


def text_card(attempt: Attempt) -> str:
    """The same as plain text."""
    lines = []
    for result in attempt.exercises:
        sign, word, _ = SIGNS[result.outcome]
        score = f"{_points(result.points)} / {_points(result.max_points)}"
        lines.append(f"{sign} {result.name}  {result.title}: {word}, {score}")
        if result.outcome is Outcome.PASSED and len(attempt.exercises) > 1:
            continue
        for check, hint in _hints(result):
            lines.append(f"    {SIGNS[check.outcome][0]} {check.claim}")
            if check.message:
                place = f" ({_place(check)})" if _place(check) else ""
                lines.append("      " + shown(check.message).replace("\n", "\n      ") + place)
            if hint:
                lines.append(f"      → {hint}")
        if result.output.strip():
            lines.append("    your code printed:\n      " + shown(result.output.strip()).replace("\n", "\n      "))
    by = f"{_points(attempt.points)} of {_points(attempt.max_points)} points by" if len(attempt.exercises) > 1 else "By"
    run, command, end = _foot(attempt)
    return "\n".join([*lines, f"{by} {run} `{command}` {end}"])


@cache
def _template() -> Template:
    from jinja2 import Environment

    # Said outright: what the default would escape depends on a file's name, and here is none.
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(PAGE)


def _first_to_fix(attempt: Attempt) -> ExerciseResult | None:
    return next((r for r in attempt.exercises if r.outcome in TO_FIX), None)


def _hints(result: ExerciseResult) -> list[tuple[CheckResult, str]]:
    """The checks, each hint once; a misconception that the data show is named."""
    told: set[str] = set()
    rows = []
    for check in result.checks:
        name = f" ({check.misconception.replace('_', ' ')})" if check.misconception else ""
        rows.append((check, f"{check.hint}{name}" if check.hint and check.hint not in told else ""))
        told.add(check.hint)
    return rows


def _place(check: CheckResult) -> str:
    """Where to look, unless the message says it."""
    return shown(check.where) if check.where and check.where not in check.message else ""


def _foot(attempt: Attempt) -> tuple[str, str, str]:
    """What was run and what was not, the command that runs the rest, and the end of the sentence."""
    ids = [f"{attempt.lesson}/{r.name}" for r in attempt.exercises]
    command = f"grade {ids[0] if len(ids) == 1 else attempt.lesson}"
    return (
        f"the public checks, run in this kernel on the code as it stands ({attempt.seconds:.1f} s)."
        " Hidden checks are not run here: save the notebook, then",
        command,
        "grades it as it will be handed in.",
    )


def _points(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")
