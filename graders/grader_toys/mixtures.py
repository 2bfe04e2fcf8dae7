"""A Gaussian mixture whose noisy laws, scores, denoisers and velocities are known exactly."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Field = Callable[[Tensor, Tensor], Tensor]


class GaussianMixture:
    """Isotropic Gaussians: means [K, D], a standard deviation for each component [K], weights [K] that sum to 1.

    Everything about noisy data follows from the law of `alpha X + sigma N(0, I)`, which is such a mixture again:

        VP         alpha = sqrt(alpha_bar)   sigma = sqrt(1 - alpha_bar)     vp_score, vp_noise
        VE         alpha = 1                 sigma = t                       score, denoiser
        flow (FM)  alpha = 1 - t             sigma = t                       velocity, denoiser_fm

    x is [N, D]; t (or alpha_bar) is [N], 0-dim or a number, and each row of x is taken at its own t. Results are
    like x, and exact to rounding also at t = 0 and t = 1: no formula here divides by sigma or alpha.
    """

    def __init__(self, means: Tensor, stds: Tensor | float, weights: Tensor | None = None) -> None:
        count = means.shape[0]
        self.means = means
        self.stds = torch.as_tensor(stds, dtype=means.dtype).expand(count)
        self.weights = torch.full((count,), 1 / count, dtype=means.dtype) if weights is None else weights

    @classmethod
    def ring(
        cls, k: int = 6, radius: float = 2.0, std: float = 0.25, dtype: torch.dtype = torch.float64
    ) -> GaussianMixture:
        """k equal components on a circle in the plane, the first at angle 0."""
        angles = torch.arange(k, dtype=dtype) * (2 * math.pi / k)
        return cls(radius * torch.stack([angles.cos(), angles.sin()], dim=-1), std)

    def at(self, alpha: float, sigma: float) -> GaussianMixture:
        """The law of alpha X + sigma N(0, I)."""
        return GaussianMixture(alpha * self.means, (alpha**2 * self.stds**2 + sigma**2).sqrt(), self.weights)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n draws [n, D]."""
        component = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[-1], generator=generator, dtype=self.means.dtype)
        return self.means[component] + self.stds[component, None] * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) [N]."""
        joint, _, _ = self._components(x, 1.0, 0.0)
        return torch.logsumexp(joint, dim=1)

    def score(self, x: Tensor, t: Tensor | float = 0.0) -> Tensor:
        """The gradient of log p in x; with t, of X + t N(0, I)."""
        return self._score(x, 1.0, t)

    def denoiser(self, x: Tensor, t: Tensor | float) -> Tensor:
        """E[X | X + t noise = x]."""
        return self._posterior_mean(x, 1.0, t)

    def denoiser_fm(self, x: Tensor, t: Tensor | float) -> Tensor:
        """E[X | (1 - t) X + t noise = x]."""
        return self._posterior_mean(x, 1.0 - _column(t, x), t)

    def velocity(self, x: Tensor, t: Tensor | float) -> Tensor:
        """E[noise - X | (1 - t) X + t noise = x], the marginal velocity of flow matching."""
        return self._posterior_noise(x, 1.0 - _column(t, x), t) - self.denoiser_fm(x, t)

    def flow_velocity(self) -> Field:
        """`velocity` as a callable, beside `vp_score` and `vp_noise`."""
        return self.velocity

    def vp_score(self, beta_min: float = 0.1, beta_max: float = 20.0) -> Field:
        """(x, t) -> the score of the data after time t of the VP SDE."""

        def score(x: Tensor, t: Tensor) -> Tensor:
            t = _column(t, x)
            integral = beta_min * t + 0.5 * (beta_max - beta_min) * t**2  # alpha_bar = exp(-integral)
            return self._score(x, torch.exp(-0.5 * integral), (-torch.expm1(-integral)).sqrt())

        return score

    def vp_noise(self) -> Field:
        """(x, alpha_bar) -> E[noise | sqrt(alpha_bar) X + sqrt(1 - alpha_bar) noise = x]."""

        def noise(x: Tensor, alpha_bar: Tensor) -> Tensor:
            alpha_bar = _column(alpha_bar, x)
            return self._posterior_noise(x, alpha_bar.sqrt(), (1 - alpha_bar).sqrt())

        return noise

    def _score(self, x: Tensor, alpha: Tensor | float, sigma: Tensor | float) -> Tensor:
        share, offset, variance = self._posterior(x, alpha, sigma)
        return -(share * offset / variance).sum(dim=1)

    def _posterior_mean(self, x: Tensor, alpha: Tensor | float, sigma: Tensor | float) -> Tensor:
        share, offset, variance = self._posterior(x, alpha, sigma)
        # How far each component's E[X | x] moves as x moves, [N or 1, K, 1].
        gain = _column(alpha, x)[..., None] * self.stds.to(x)[:, None] ** 2 / variance
        return (share * (self.means.to(x) + gain * offset)).sum(dim=1)

    def _posterior_noise(self, x: Tensor, alpha: Tensor | float, sigma: Tensor | float) -> Tensor:
        return -_column(sigma, x) * self._score(x, alpha, sigma)

    def _posterior(
        self, x: Tensor, alpha: Tensor | float, sigma: Tensor | float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of alpha X + sigma noise at x, for each component: its share [N, K, 1], x - its mean, its variance."""
        joint, offset, variance = self._components(x, alpha, sigma)
        return torch.softmax(joint, dim=1)[..., None], offset, variance

    def _components(
        self, x: Tensor, alpha: Tensor | float, sigma: Tensor | float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of alpha X + sigma noise: log (weight density) [N, K], x - mean [N, K, D], variance [N or 1, K, 1]."""
        alpha, sigma = _column(alpha, x), _column(sigma, x)  # [N or 1, 1]
        variance = alpha**2 * self.stds.to(x) ** 2 + sigma**2  # [N or 1, K]
        offset = x[:, None, :] - alpha[..., None] * self.means.to(x)  # [N, K, D]
        log_density = -0.5 * (offset**2).sum(dim=-1) / variance
        log_density = log_density - 0.5 * x.shape[1] * torch.log(2 * math.pi * variance)  # [N, K]
        return self.weights.to(x).log() + log_density, offset, variance[..., None]


def _column(value: Tensor | float, x: Tensor) -> Tensor:
    """The value for each row of x: [N, 1], or [1, 1] where one value serves all rows."""
    return torch.as_tensor(value, dtype=x.dtype, device=x.device).reshape(-1, 1)
