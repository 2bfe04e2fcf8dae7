"""Other right answers to lesson 1.1.1."""

from blindgrade.known_answers import alternative


@alternative("standardize")
def by_library(values):
    if values.shape[-1] < 2:
        raise ValueError
    return (values - values.mean(dim=-1, keepdim=True)) / values.std(dim=-1, keepdim=True, correction=0)


@alternative("standardize")
def by_moments(values):
    if values.shape[-1] < 2:
        raise ValueError
    mean = values.mean(dim=-1, keepdim=True)
    variance = ((values - mean) ** 2).mean(dim=-1, keepdim=True)
    return (values - mean) * variance.rsqrt()


@alternative("correlation")
def by_einsum(first, second):
    return torch.einsum("...n,...n->...", standardize(first), standardize(second)) / first.shape[-1]


@alternative("correlation")
def by_cosine(first, second):
    return torch.nn.functional.cosine_similarity(standardize(first), standardize(second), dim=-1)


@alternative("fit_line")
def by_normal_equations(x, y):
    columns = torch.stack([x, torch.ones_like(x)], dim=-1)
    slope, offset = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
    return lambda at: slope * at + offset
