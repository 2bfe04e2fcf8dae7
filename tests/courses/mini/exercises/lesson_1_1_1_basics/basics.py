# Your file for the lesson Basics. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # Basics
#
# Three small exercises: bring values to one scale, compare two rows, fit a line.


# %%
from collections.abc import Callable

import torch
from torch import Tensor

# %% [markdown]
# ## Standardize
# Values on one scale have mean 0 and spread 1.


# %%
def standardize(values: Tensor) -> Tensor:
    """The values of each row, moved and scaled to mean 0 and standard deviation 1 (of the population).

    values: [..., n]. Returns a new tensor like values. Raises ValueError if n is less than 2.
    """
    raise NotImplementedError


# %% [markdown]
# ## Correlation
# Two rows on one scale can be compared value by value.


# %%
def correlation(first: Tensor, second: Tensor) -> Tensor:
    """The correlation of the two rows, between -1 and 1.

    first, second: [..., n]. Returns a tensor [...].
    """
    raise NotImplementedError


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
    raise NotImplementedError
