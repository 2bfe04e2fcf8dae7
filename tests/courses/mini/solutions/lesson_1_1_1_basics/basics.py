# %% [markdown]
# # Basics
#
# Three small exercises: bring values to one scale, compare two rows, fit a line.

# %%
from collections.abc import Callable

import torch
from torch import Tensor

# %% tags=["notebook-only"]
print(torch.linspace(0, 1, 3))


# %% tags=["solution-only"]
def _spread(centered):
    """Root mean square along the last axis, which is kept."""
    return (centered**2).mean(dim=-1, keepdim=True).sqrt()


# %% [markdown]
# ## Standardize
# Values on one scale have mean 0 and spread 1.


# %%
def standardize(values: Tensor) -> Tensor:
    """The values of each row, moved and scaled to mean 0 and standard deviation 1 (of the population).

    values: [..., n]. Returns a new tensor like values. Raises ValueError if n is less than 2.
    """
    ### BEGIN SOLUTION
    if values.shape[-1] < 2:
        raise ValueError("one value has no spread")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / _spread(centered)
    ### END SOLUTION


# %% [markdown]
# ## Correlation
# Two rows on one scale can be compared value by value.


# %%
def correlation(first: Tensor, second: Tensor) -> Tensor:
    """The correlation of the two rows, between -1 and 1.

    first, second: [..., n]. Returns a tensor [...].
    """
    ### BEGIN SOLUTION
    return (standardize(first) * standardize(second)).mean(dim=-1)
    ### END SOLUTION


# %% [markdown]
# ## Fit a line
# Gradient descent walks downhill on the squared error.


# %%
def fit_line(x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
    """A line fitted to the points by gradient descent on the mean squared error.

    x, y: [n], x within [-1, 1]. Returns the fitted line as a function of x.
    """
    slope = torch.zeros(1, dtype=x.dtype)
    offset = torch.zeros(1, dtype=x.dtype)
    ### BEGIN SOLUTION
    for _ in range(100):
        miss = slope * x + offset - y
        slope = slope - (miss * x).mean()
        offset = offset - miss.mean()
    return lambda at: slope * at + offset
    ### END SOLUTION
