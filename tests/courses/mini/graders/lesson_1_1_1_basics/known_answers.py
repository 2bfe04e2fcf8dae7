"""Known right and wrong answers to lesson 1.1.1."""

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("standardize")
wrong("not_divided", "return centered / _spread(centered)", "return centered", hint="The spread is still what it was.")
wrong("not_centered", "return centered /", "return values /", hint="Where is the middle of each row now?")
wrong("accepts_one_value", "< 2", "< 1", hint="How many values does a spread need?")


@wrong(hint="Divide by the population's spread: n, not n - 1.")
def sample_spread(values):
    if values.shape[-1] < 2:
        raise ValueError
    return (values - values.mean(dim=-1, keepdim=True)) / values.std(dim=-1, keepdim=True)


@right
def by_library(values):
    if values.shape[-1] < 2:
        raise ValueError
    return (values - values.mean(dim=-1, keepdim=True)) / values.std(dim=-1, keepdim=True, correction=0)


@right
def by_moments(values):
    if values.shape[-1] < 2:
        raise ValueError
    mean = values.mean(dim=-1, keepdim=True)
    variance = ((values - mean) ** 2).mean(dim=-1, keepdim=True)
    return (values - mean) * variance.rsqrt()


exercise("correlation")
wrong("summed", ").mean(dim=-1)", ").sum(dim=-1)", hint="A correlation is a mean: it stays within 1.")
wrong("one_number", ".mean(dim=-1)", ".mean()", hint="Each pair of rows has its own correlation.")
wrong("unsigned", "(standardize(first)", "(standardize(first).abs()", hint="Opposites correlate by -1.")


@wrong(hint="The covariance depends on the units: bring both rows to one scale first.")
def covariance(first, second):
    first = first - first.mean(dim=-1, keepdim=True)
    second = second - second.mean(dim=-1, keepdim=True)
    return (first * second).mean(dim=-1)


@right
def by_einsum(first, second):
    return torch.einsum("...n,...n->...", standardize(first), standardize(second)) / first.shape[-1]


@right
def by_cosine(first, second):
    return torch.nn.functional.cosine_similarity(standardize(first), standardize(second), dim=-1)


exercise("fit_line")
wrong("slope_forgotten", "slope = slope - (miss * x).mean()", "pass", hint="The slope moves, too.")
wrong("offset_forgotten", "offset = offset - miss.mean()", "pass", hint="The offset moves, too.")
wrong("uphill", "slope = slope - (miss * x)", "slope = slope + (miss * x)", hint="Walk against the gradient.")
wrong("stops_early", "range(100)", "range(2)", hint="Is it down yet?")
fails("no_training", "range(100)", "range(0)")
fails(
    "small_rate",
    "- (miss * x).mean()\n        offset = offset - miss.mean()",
    "- 1e-3 * (miss * x).mean()\n        offset = offset - 1e-3 * miss.mean()",
)
fails("twice_the_target", "offset - y", "offset - 2 * y")


@right
def by_normal_equations(x, y):
    columns = torch.stack([x, torch.ones_like(x)], dim=-1)
    slope, offset = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
    return lambda at: slope * at + offset
