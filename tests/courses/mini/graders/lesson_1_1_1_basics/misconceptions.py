"""Wrong answers that we expect in lesson 1.1.1."""

from blindgrade.known_answers import edit, misconception

edit(
    "standardize",
    "not_divided",
    "return centered / _spread(centered)",
    "return centered",
    hint="The spread is still what it was.",
)
edit("standardize", "not_centered", "return centered /", "return values /", hint="Where is the middle of each row now?")
edit("standardize", "accepts_one_value", "< 2", "< 1", hint="How many values does a spread need?")


@misconception("standardize", hint="Divide by the population's spread: n, not n - 1.")
def sample_spread(values):
    if values.shape[-1] < 2:
        raise ValueError
    return (values - values.mean(dim=-1, keepdim=True)) / values.std(dim=-1, keepdim=True)


edit("correlation", "summed", ").mean(dim=-1)", ").sum(dim=-1)", hint="A correlation is a mean: it stays within 1.")
edit("correlation", "one_number", ".mean(dim=-1)", ".mean()", hint="Each pair of rows has its own correlation.")
edit("correlation", "unsigned", "(standardize(first)", "(standardize(first).abs()", hint="Opposites correlate by -1.")


@misconception("correlation", hint="The covariance depends on the units: bring both rows to one scale first.")
def covariance(first, second):
    first = first - first.mean(dim=-1, keepdim=True)
    second = second - second.mean(dim=-1, keepdim=True)
    return (first * second).mean(dim=-1)


edit("fit_line", "slope_forgotten", "slope = slope - (miss * x).mean()", "pass", hint="The slope moves, too.")
edit("fit_line", "offset_forgotten", "offset = offset - miss.mean()", "pass", hint="The offset moves, too.")
edit(
    "fit_line", "uphill", "slope = slope - (miss * x)", "slope = slope + (miss * x)", hint="Walk against the gradient."
)
edit("fit_line", "stops_early", "range(100)", "range(2)", hint="Is it down yet?")
