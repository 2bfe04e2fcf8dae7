"""Scores and velocities in closed form, to drive samplers with."""

from __future__ import annotations

import torch
from torch import Tensor

from grader_toys.broadcast import trailing


class LinearScore:
    """score(x) = -(x - mu) / var: a Gaussian, the same at every t."""

    def __init__(self, mu: Tensor | float, var: float) -> None:
        self.mu = torch.as_tensor(mu)
        self.var = float(var)

    def __call__(self, x: Tensor, t: Tensor | None = None) -> Tensor:
        return -(x - self.mu.to(x)) / self.var


class PointVelocity:
    """v(x, t) = (x - a) / t: the exact flow velocity when all data are the point `a`; its paths are straight."""

    def __init__(self, a: Tensor) -> None:
        self.a = torch.as_tensor(a)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        return (x - self.a.to(x)) / trailing(t, x)


class AffineVelocity:
    """v(x, t) = A x + c t with A [D, D], c [D]: smooth; `calls` lists the t of the first sample at each call."""

    def __init__(self, A: Tensor, c: Tensor) -> None:
        self.A = torch.as_tensor(A)
        self.c = torch.as_tensor(c)
        self.calls: list[float] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        self.calls.append(float(torch.as_tensor(t, dtype=torch.float64).reshape(-1)[0]))
        return x @ self.A.to(x).T + self.c.to(x) * trailing(t, x)


class RotationVelocity:
    """v(x, t) = omega (-y, x): circles, so the exact flow is a rotation by omega times the elapsed t."""

    def __init__(self, omega: float) -> None:
        self.omega = float(omega)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        return self.omega * torch.stack([-x[:, 1], x[:, 0]], dim=-1)
