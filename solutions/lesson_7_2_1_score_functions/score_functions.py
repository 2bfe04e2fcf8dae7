# %% [markdown]
# # Score Functions & SDEs
#
# A diffusion model predicts noise. This lesson shows what else that prediction is: an arrow that points, at
# every noisy image, towards more likely images. Once you see the arrow, three things that looked separate
# become one: the noise predictor, the random forward process, and the deterministic sampler DDIM.
#
# You will build the arrow by hand for laws simple enough to write down, let autograd find it for any other, walk
# along it, find it inside a noise prediction, let the number of noising steps go to infinity, and run time
# backwards in two ways. At the end you design a sampler that may ask the score eight times, and you train a noise
# predictor and read the score out of it.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $x_0$ | `x0` | clean data |
# | $\epsilon$ | `eps` | standard normal noise, shaped like the data |
# | $\bar\alpha$ | `alpha_bar` | share of the signal's variance that is left: 1 is clean, 0 is pure noise |
# | $x_t = \sqrt{\bar\alpha}\,x_0 + \sqrt{1-\bar\alpha}\,\epsilon$ | `x_t` | noisy data |
# | $s(x) = \nabla_x \log p(x)$ | `score` | the score: gradient with respect to the **data** |
# | $t \in [0, 1]$ | `t` | continuous time: 0 is data, 1 is noise |
# | $\beta(t) = \beta_{\min} + t\,(\beta_{\max} - \beta_{\min})$ | `beta_min`, `beta_max` | noise rate |
# | $z$ | `noise` | fresh standard normal noise of one step |
# | $\eta$ | `step_size` | length of a step along the compass |
#
# The examples use $\beta_{\min} = 0.1$ and $\beta_{\max} = 20$; your functions take any.
#
# A coefficient (`alpha_bar`, `t`) is one number for the whole batch (a 0-dim tensor) or one for each sample
# (shape `[B]`). It multiplies data of shape `[B, ...]`: the batch axis comes first, so `[B]` has to line up
# with the *first* axis, and PyTorch lines up the *last*. All functions leave their arguments as they are and
# answer in their dtype.

# %%
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toys import mlp


# %% tags=["solution-only"]
def _trailing(coefficient: Tensor, x: Tensor) -> Tensor:
    """[B] as [B, 1, ..., 1] and 0-dim as [1, ..., 1], to multiply x [B, ...] sample by sample."""
    return coefficient.reshape(coefficient.shape + (1,) * (x.ndim - coefficient.ndim))


def _beta(t: Tensor, beta_min: float, beta_max: float) -> Tensor:
    """The noise rate beta(t), shaped like t."""
    return beta_min + t * (beta_max - beta_min)


# %% [markdown]
# ## A compass towards likely data
#
# The score of a density $p$ is the gradient of its logarithm,
#
# $$ s(x) = \nabla_x \log p(x). $$
#
# Read it as a compass: stand anywhere in data space, and it points to where data become more likely.
# How long the needle is depends on the density: for a Gaussian it grows with the distance, for a Laplace density
# it is equally long everywhere, and for a Cauchy density it shrinks again far out. Two facts to hold on to:
#
# - The gradient is taken with respect to $x$, the place where you stand. In training you take gradients with
#   respect to parameters; this is another gradient of another thing.
# - The logarithm removes the normaliser: $\log p = \log \tilde p - \log Z$, and $Z$ does not depend on $x$.
#   That is why a network can learn a score without ever knowing how likely anything is.
#
# For a Gaussian, $\log p(x) = -\frac{(x-\mu)^2}{2\sigma^2} + \text{const}$, so the needle has the length
# $|x - \mu| / \sigma^2$ and points at $\mu$. With $\mu = 2$, $\sigma = 0.5$:
#
# | $x$ | 1.5 | 2 | 3 |
# |---|---|---|---|
# | $s(x)$ | +2 | 0 | -4 |
#
# Left of the mean it says "go right", at the mean it says nothing, and at 3 it says "go left", twice as loud
# as at 1.5.

# %%
def gaussian_score(x: Float[Tensor, "..."], mu: float, sigma: float) -> Float[Tensor, "..."]:
    """The score of N(mu, sigma^2) at each element of x.

    x: tensor of any shape; sigma: standard deviation, positive. Returns a tensor like x.
    Raises ValueError if sigma <= 0.
    Source: Hyvarinen 2005, "Estimation of non-normalized statistical models by score matching", section
    2.
    """
    ### BEGIN SOLUTION
    if sigma <= 0:
        raise ValueError(f"sigma must be positive, not {sigma}")
    return -(x - mu) / sigma**2
    ### END SOLUTION


# %% [markdown]
# ## Several hills
#
# Data have more than one hill. Take a mixture of $K$ isotropic Gaussians in $D$ dimensions,
# $p(x) = \sum_k w_k\, \mathcal N(x;\, m_k,\, \sigma_k^2 I)$, and differentiate the logarithm:
#
# $$ s(x) = \sum_k r_k(x)\; \frac{m_k - x}{\sigma_k^2}, \qquad
#    r_k(x) = \frac{w_k\, \mathcal N(x; m_k, \sigma_k^2 I)}{\sum_j w_j\, \mathcal N(x; m_j, \sigma_j^2 I)}. $$
#
# Each hill pulls with its own Gaussian score, weighed by $r_k(x)$: the probability that a point seen *here*
# came from hill $k$. So far from all but one hill the compass knows only that one, and between two hills both
# have a say.
#
# Two hills in one dimension, $m = (-2, 2)$, $\sigma = 1$, equal weights, seen from $x = 0.5$: the exponents
# are $-3.125$ and $-1.125$, so $r = (0.119, 0.881)$, and the needle reads
# $0.881 \cdot 1.5 + 0.119 \cdot (-2.5) = 1.023$. At $x = 0$ the pulls cancel: the floor of the valley. A
# score of zero does not make a place likely.
#
# Sixty units away, every density rounds to 0 in float32, and 0/0 is no direction. The ratio $r_k$ is a
# softmax of $\log w_k + \log \mathcal N_k$, and a softmax of logarithms never meets the tiny numbers. Keep
# the normaliser of each Gaussian in that logarithm: in $D$ dimensions it is $\sigma_k^{D}$ (the $2\pi$ is
# common to all and drops out).

# %%
def gmm_score(
    x: Float[Tensor, "points dim"],
    means: Float[Tensor, "components dim"],
    stds: Float[Tensor, "components"],
    weights: Float[Tensor, "components"],
) -> Float[Tensor, "points dim"]:
    """The score of a mixture of isotropic Gaussians at each point.

    x [N, D]; means [K, D]; stds [K], positive; weights [K], positive, their sum is 1. Returns [N, D],
    which is finite also where every density is too small for the dtype.
    Source: Song & Ermon 2019 (arXiv 1907.05600), section 3.2, works with such mixtures.
    """
    ### BEGIN SOLUTION
    offset = x[:, None, :] - means  # [N, K, D]
    variance = stds**2  # [K]
    log_density = -0.5 * (offset**2).sum(dim=-1) / variance - x.shape[1] * stds.log()  # [N, K]
    share = torch.softmax(weights.log() + log_density, dim=1)  # [N, K], r_k(x)
    pull = -offset / variance[:, None]  # [N, K, D]
    return (share[..., None] * pull).sum(dim=1)  # [N, D]
    ### END SOLUTION


# %% tags=["notebook-only"]
import matplotlib.pyplot as plt

hills = {
    "means": torch.tensor([[-2.0, -1.0], [2.0, -1.0], [0.0, 2.0]]),
    "stds": torch.tensor([0.6, 0.9, 0.7]),
    "weights": torch.tensor([0.3, 0.5, 0.2]),
}
axis = torch.linspace(-4, 4, 25)
grid = torch.cartesian_prod(axis, axis)
try:
    arrows = gmm_score(grid, **hills)
except NotImplementedError:
    print("Write gmm_score, then run this cell again: it draws the compass at 625 places.")
else:
    length = arrows.norm(dim=1, keepdim=True)
    arrows = arrows / (1 + length)  # long needles far away would hide the rest
    plt.figure(figsize=(5, 5))
    plt.quiver(*grid.T, *arrows.T, length[:, 0], cmap="viridis", angles="xy")
    plt.scatter(*hills["means"].T, marker="x", color="crimson", label="means")
    plt.title("Every needle points uphill; colour: its length")
    plt.legend()
    plt.show()

# %% [markdown]
# ## Any density, by autograd
#
# A mixture can be differentiated by hand. For a law that only a program knows, autograd does it: mark the *place*
# as the thing to differentiate by, call the program, and ask for the gradient. Three differences to training are
# worth a second look.
#
# - In training the loss is differentiated by the parameters. Here the parameters are constants. A network that
#   computes $\log p$ must be the same afterwards, and nothing may be left in the `.grad` of its parameters: the
#   next optimiser step would add it to a gradient of something else.
# - Each point has a score of its own. What the other points of the batch are must not matter.
# - A sampler asks for the score inside `torch.no_grad()`, where nothing is recorded. The score is wanted there, too.
#
# Because $Z$ drops out, the program may return $\log p$ up to a constant. With $\log \tilde p(x) = -x^4/4$ in one
# dimension the score is $-x^3$: $-8$ at $x = 2$.

# %%
def score_by_autograd(
    log_density: Callable[[Tensor], Tensor], x: Float[Tensor, "points dim"]
) -> Float[Tensor, "points dim"]:
    """The score at each point of a law that is known only as a program.

    log_density: x [N, D] -> log p [N] up to a constant, row by row; it may be an nn.Module. x [N, D] may require
    gradients itself. Returns [N, D], which has no graph. Works as well where gradients are switched off.
    x stays as it is, with its `.grad`, and so do the module's parameters, with theirs.
    Source: Hyvarinen 2005, "Estimation of non-normalized statistical models by score matching", section 2.
    """
    ### BEGIN SOLUTION
    with torch.enable_grad():
        at = x.detach().requires_grad_(True)  # the place, a leaf of its own
        total = log_density(at).sum()  # each row enters one term only, so each row gets its own gradient
        return torch.autograd.grad(total, at)[0]
    ### END SOLUTION


# %% [markdown]
# ## Follow the compass
#
# A compass is for walking. With step size $\eta$,
#
# $$ x_{k+1} = x_k + \eta\, s(x_k) $$
#
# climbs $\log p$ and stops on a hilltop: all walkers of one hill end at the same point, however wide the hill is.
# To draw samples instead, shake at each step (Langevin dynamics):
#
# $$ x_{k+1} = x_k + \eta\, s(x_k) + \sqrt{2\eta}\; z_k, \qquad z_k \sim \mathcal N(0, I). $$
#
# The root is there because variances add, not standard deviations; the 2 is what balances the pull. Check it
# on $\mathcal N(0, 1)$, where $s(x) = -x$: one step turns variance $v$ into $(1-\eta)^2 v + 2\eta$, which
# stands still at $v = 1/(1 - \eta/2)$. For $\eta = 0.1$ that is 1.053, nearly right. With $\sqrt{\eta}$ it
# would be 0.526.

# %%
def follow_compass(
    score_fn: Callable[[Tensor], Tensor],
    x: Float[Tensor, "points dim"],
    step_size: float,
    n_steps: int,
    noise: Float[Tensor, "steps points dim"] | None = None,
) -> Float[Tensor, "steps+1 points dim"]:
    """Walk along a score, with a random shake at each step if noise is given.

    score_fn: x [N, D] -> score [N, D]; step_size: eta > 0; noise: standard normal draws, noise[k] is for
    step k. Each step reads the score where the walker stands, before it is shaken. Returns the whole walk
    [n_steps + 1, N, D]: row 0 is x, row k the place after k steps.
    Source: Song & Ermon 2019 (arXiv 1907.05600), equation (4), with epsilon = 2 eta.
    """
    ### BEGIN SOLUTION
    walk = [x]
    for k in range(n_steps):
        x = x + step_size * score_fn(x)
        if noise is not None:
            x = x + math.sqrt(2 * step_size) * noise[k]
        walk.append(x)
    return torch.stack(walk)  # [n_steps + 1, N, D]
    ### END SOLUTION


# %% [markdown]
# ## The score was hiding
#
# Now to diffusion. Given $x_0$, the noisy $x_t$ is Gaussian with mean $\sqrt{\bar\alpha}\, x_0$ and standard
# deviation $\sqrt{1 - \bar\alpha}$. Its score is the Gaussian's: minus the distance to the mean over the
# variance. But the distance to the mean *is* the noise,
# $x_t - \sqrt{\bar\alpha}\,x_0 = \sqrt{1-\bar\alpha}\;\epsilon$. So
#
# $$ s = -\frac{\sqrt{1-\bar\alpha}\;\epsilon}{1-\bar\alpha} = -\frac{\epsilon}{\sqrt{1 - \bar\alpha}}. $$
#
# That holds for one $x_0$. Averaged over all $x_0$ that could have led to $x_t$ it still holds, with the
# expected noise on the right and the score of the noisy data on the left; you will do this average yourself two
# sections further. And the expected noise is what a network comes to predict that is trained with the mean squared
# error. The score was hiding inside DDPM all along: the noise predictor is a score model.
#
# The minus: noise points away from the data, the score points back. The root: at $\bar\alpha = 0.75$ the
# noise's standard deviation is $0.5$, so $\epsilon = 1$ means a score of $-2$; at $\bar\alpha = 0.99$ it is
# $0.1$, and the same $\epsilon$ means $-10$: little noise, steep hills. At $\bar\alpha = 1$ there is no
# noise, and the question has no answer.

# %%
def score_from_noise(
    eps: Float[Tensor, "batch ..."], alpha_bar: Float[Tensor, "*batch"]
) -> Float[Tensor, "batch ..."]:
    """The score that a noise prediction stands for.

    eps: predicted noise [B, ...]; alpha_bar: signal share in [0, 1), 0-dim or [B]. Returns a tensor like
    eps.
    Raises ValueError if any alpha_bar is negative, or 1 or more.
    Source: Song et al. 2021 (arXiv 2011.13456), section 3 and appendix B.
    """
    ### BEGIN SOLUTION
    if ((alpha_bar < 0) | (alpha_bar >= 1)).any():
        raise ValueError("alpha_bar must lie in [0, 1)")
    return -eps / _trailing((1 - alpha_bar).sqrt(), eps)
    ### END SOLUTION


# %% [markdown]
# ## And back
#
# Solve the same line for the noise. Nothing is divided now, so $\bar\alpha = 1$ is allowed: without noise
# there is no noise to predict, whatever the score. With the score $-2$ and $\bar\alpha = 0.75$ you are back
# at $\epsilon = 1$.

# %%
def noise_from_score(
    score: Float[Tensor, "batch ..."], alpha_bar: Float[Tensor, "*batch"]
) -> Float[Tensor, "batch ..."]:
    """The noise prediction that a score stands for.

    score [B, ...]; alpha_bar: signal share in [0, 1], 0-dim or [B]. Returns a tensor like score.
    Raises ValueError if any alpha_bar is negative or above 1.
    Source: Song et al. 2021 (arXiv 2011.13456), section 3 and appendix B.
    """
    ### BEGIN SOLUTION
    if ((alpha_bar < 0) | (alpha_bar > 1)).any():
        raise ValueError("alpha_bar must lie in [0, 1]")
    return -score * _trailing((1 - alpha_bar).sqrt(), score)
    ### END SOLUTION


# %% [markdown]
# ## The average, on data that can be counted
#
# "Averaged over all $x_0$ that could have led here" is the step on which everything rests, so do it. Let the data be
# $K$ points $y_1 \dots y_K$, equally likely. From a noisy $x_t$, each of them could be the origin, and Bayes says how
# probably: in proportion to the density of the noise that it would have taken,
#
# $$ w_k \;\propto\; \exp\!\Big(-\frac{\lVert x_t - \sqrt{\bar\alpha}\; y_k \rVert^2}{2\,(1 - \bar\alpha)}\Big),
#    \qquad \sum_k w_k = 1. $$
#
# The squared error is least for the mean. So the best denoiser of a finite set answers with the mean of its
# points under these weights, $\hat x_0 = \sum_k w_k\, y_k$, and the best noise predictor with the noise that
# leads from there to $x_t$. The answer is a blend of data points, and as a rule no data point itself.
#
# Two points, $-1$ and $+1$, at $\bar\alpha = 0.5$, seen from $x_t = 0.5$: the origins would sit at $\pm 0.707$, the
# weights are $0.196$ and $0.804$, and $\hat x_0 = 0.609$. The noise is $(0.5 - 0.707 \cdot 0.609)/0.707 = 0.098$, and
# the score of the noisy data is $-0.139$. At little noise the weights choose one point, at much noise the answer
# is the mean of all data: from far away, every digit looks like the average digit.

# %%
def finite_data_denoiser(
    x_t: Float[Tensor, "batch ..."], data: Float[Tensor, "points ..."], alpha_bar: Float[Tensor, "*batch"]
) -> dict[str, Tensor]:
    """The answers with the least expected squared error, for data that are K equally likely points.

    x_t [B, ...]: noisy samples; data [K, ...]: the clean points, each shaped like one sample; alpha_bar: signal share
    in [0, 1), 0-dim or [B]. Returns a dict of three tensors: "weights" [B, K], how probably each point is the origin;
    "x0" and "eps", like x_t, the best prediction of the clean sample and of the noise. All are finite also where every
    likelihood is too small for the dtype.
    Raises ValueError if any alpha_bar is negative, or 1 or more.
    Source: Karras et al. 2022 (EDM, arXiv 2206.00364), appendix B.3; Vincent 2011.
    """
    ### BEGIN SOLUTION
    if ((alpha_bar < 0) | (alpha_bar >= 1)).any():
        raise ValueError("alpha_bar must lie in [0, 1)")
    signal = _trailing(alpha_bar.sqrt(), x_t)  # [B or 1, 1, ..., 1]
    variance = _trailing(1 - alpha_bar, x_t)
    offset = x_t[:, None] - signal[:, None] * data  # [B, K, ...]
    distance = (offset**2).flatten(start_dim=2).sum(dim=2)  # [B, K], squared
    weights = torch.softmax(-0.5 * distance / variance.reshape(-1, 1), dim=1)  # [B, K]
    x0 = (weights @ data.flatten(start_dim=1)).reshape(x_t.shape)  # [B, ...]
    return {"weights": weights, "x0": x0, "eps": (x_t - signal * x0) / variance.sqrt()}
    ### END SOLUTION


# %% tags=["notebook-only"]
# The best denoiser of 1,297 handwritten digits: the same five digits under more and more noise, and its answers.
from digits import load_digits

pictures, _ = load_digits("train")
levels = torch.tensor([0.9, 0.5, 0.2, 0.05, 0.005])
signal, spread = levels.sqrt()[:, None, None], (1 - levels).sqrt()[:, None, None]
noisy = signal * pictures[:5] + spread * torch.randn(5, 5, 8, 8)  # [digit, level, 8, 8]
try:
    best = finite_data_denoiser(noisy.reshape(25, 1, 8, 8), pictures, levels.repeat(5))["x0"]
except NotImplementedError:
    print("Write finite_data_denoiser, then run this cell again: it denoises digits.")
else:
    panels = plt.subplots(5, 10, figsize=(11, 5.6))[1]
    for digit in range(5):
        for level in range(5):
            panels[digit, 2 * level].imshow(noisy[digit, level], cmap="gray_r", vmin=-1, vmax=1)
            panels[digit, 2 * level + 1].imshow(best[5 * digit + level, 0], cmap="gray_r", vmin=-1, vmax=1)
    for level in range(5):
        panels[0, 2 * level].set_title(f"alpha_bar {levels[level]:.3f}", fontsize=8)
        panels[0, 2 * level + 1].set_title("best answer", fontsize=8)
    for panel in panels.flat:
        panel.axis("off")
    plt.show()

# %% [markdown]
# ## The same in three steps
#
# Follow one sample through the whole argument:
#
# 1. **Add noise**: $x_t = \sqrt{\bar\alpha}\,x_0 + \sqrt{1-\bar\alpha}\,\epsilon$.
# 2. **Take the score** of the Gaussian that $x_t$ was drawn from, $q(x_t \mid x_0)$, at the place $x_t$:
#    $-(x_t - \sqrt{\bar\alpha}\,x_0)\,/\,(1 - \bar\alpha)$.
# 3. **Turn it into noise**. You get the $\epsilon$ that went in.
#
# With $x_0 = 2$, $\epsilon = -1$, $\bar\alpha = 0.64$: $x_t = 0.8 \cdot 2 + 0.6 \cdot (-1) = 1$; the score is
# $-(1 - 1.6)/0.36 = 1.667$; and $-0.6 \cdot 1.667 = -1$.

# %%
def three_step_walkthrough(
    x0: Float[Tensor, "batch ..."], eps: Float[Tensor, "batch ..."], alpha_bar: Float[Tensor, "*batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    """Noise a sample, take the conditional score where it landed, and recover the noise from that score.

    x0, eps [B, ...]; alpha_bar: signal share in [0, 1), 0-dim or [B]. Returns a dict of three tensors
    like x0: "x_t" the noisy sample, "score" the score of q(x_t | x_0) at x_t, "eps_back" the noise that
    this score stands for.
    Source: Song et al. 2021 (arXiv 2011.13456), section 3.3; Vincent 2011 (denoising score matching).
    """
    ### BEGIN SOLUTION
    mean = _trailing(alpha_bar.sqrt(), x0) * x0  # [B, ...], of q(x_t | x_0)
    variance = _trailing(1 - alpha_bar, x0)
    x_t = mean + variance.sqrt() * eps
    score = -(x_t - mean) / variance
    return {"x_t": x_t, "score": score, "eps_back": noise_from_score(score, alpha_bar)}
    ### END SOLUTION


# %% [markdown]
# ## From stairs to a ramp
#
# DDPM adds noise in a thousand small steps, $x_{i} = \sqrt{1-\beta_i}\; x_{i-1} + \sqrt{\beta_i}\; z_i$. Let
# the steps become more and smaller: $\beta_i = \beta(t)\,dt$. Then
# $\sqrt{1 - \beta\,dt} \approx 1 - \tfrac12 \beta\,dt$, and the rule for one step becomes a stochastic
# differential equation, the VP SDE (variance preserving):
#
# $$ dx = \underbrace{-\tfrac12 \beta(t)\, x}_{\text{drift } f}\, dt
#    \;+\; \underbrace{\sqrt{\beta(t)}}_{\text{diffusion } g}\, dw. $$
#
# The drift shrinks the signal, the diffusion says how strongly noise is stirred in: in a short time $dt$ it
# adds noise of standard deviation $g \sqrt{dt}$, so of variance $g^2\,dt = \beta\,dt$. You need no more
# stochastic calculus than that for this lesson. With $\beta$ from 0.1 to 20, at $t = 0.5$: $\beta = 10.05$,
# so $x = 2$ drifts with $-10.05$, and $g = 3.170$.

# %%
def vp_sde(
    x: Float[Tensor, "batch ..."], t: Float[Tensor, "*batch"], beta_min: float, beta_max: float
) -> dict[str, Tensor]:
    """Drift and diffusion of the VP SDE.

    x [B, ...]; t: time in [0, 1], 0-dim or [B]; beta(t) grows linearly from beta_min to beta_max. Returns
    a dict: "drift" f(x, t), shaped like x, and "diffusion" g(t) (not its square), shaped like t.
    Source: Song et al. 2021 (arXiv 2011.13456), equation (11).
    """
    ### BEGIN SOLUTION
    beta = _beta(t, beta_min, beta_max)  # like t
    return {"drift": -0.5 * _trailing(beta, x) * x, "diffusion": beta.sqrt()}
    ### END SOLUTION


# %% [markdown]
# ## Where the ramp leads
#
# An SDE describes each instant. What is the law of $x_t$ after all of them? Gaussian again, around a shrunken
# $x_0$:
#
# $$ \bar\alpha(t) = \exp\Big(-\int_0^t \beta(u)\,du\Big), \qquad
#    x_t = \sqrt{\bar\alpha(t)}\; x_0 + \sqrt{1 - \bar\alpha(t)}\;\epsilon. $$
#
# The drift shrinks the signal at the rate $\tfrac12\beta$, so the *signal* keeps $\exp(-\tfrac12\int\beta)$,
# and its square, the signal's share of the variance, keeps $\exp(-\int\beta)$. What the signal loses in
# variance, noise fills up.
#
# $\beta$ grows along the way, so the integral is not $\beta(t)\, t$: it is the area of a trapezoid. For
# $\beta$ from 0.1 to 20:
#
# | $t$ | $\int_0^t \beta$ | $\bar\alpha$ | signal $\sqrt{\bar\alpha}$ | noise $\sqrt{1-\bar\alpha}$ |
# |---|---|---|---|---|
# | 0 | 0 | 1 | 1 | 0 |
# | 0.1 | 0.1095 | 0.8963 | 0.9467 | 0.3221 |
# | 0.5 | 2.5375 | 0.0791 | 0.2812 | 0.9597 |
# | 1 | 10.05 | 0.00004 | 0.0066 | 1.0000 |

# %%
def vp_marginal(t: Float[Tensor, "..."], beta_min: float, beta_max: float) -> dict[str, Float[Tensor, "..."]]:
    """How much signal and noise are in x_t under the VP SDE.

    t: times in [0, 1], any shape; beta(t) grows linearly from beta_min to beta_max. Returns a dict of two
    tensors like t: x_t is Gaussian with mean "mean_coef" times x_0 and standard deviation "std".
    Source: Song et al. 2021 (arXiv 2011.13456), equation (33).
    """
    ### BEGIN SOLUTION
    integral = beta_min * t + 0.5 * (beta_max - beta_min) * t**2  # alpha_bar = exp(-integral)
    # expm1 keeps the digits of 1 - alpha_bar that are lost near t = 0 when alpha_bar is rounded first.
    return {"mean_coef": torch.exp(-0.5 * integral), "std": (-torch.expm1(-integral)).sqrt()}
    ### END SOLUTION


# %% [markdown]
# ## How close is the staircase?
#
# Put both descriptions side by side. Climb the ramp in $n$ steps, at the times $t_i = i/n$, and give each
# step its share of noise $\beta_i = \beta(t_i)/n$. Each step keeps the part $1 - \beta_i$ of the signal's
# variance, so after $i$ steps the staircase holds $\prod_{j \le i} (1 - \beta_j)$, where the ramp holds
# $\bar\alpha(t_i)$.
#
# With $n = 1000$ and $\beta$ from 0.1 to 20 the $\beta_i$ run from 0.00012 to 0.02. DDPM's go in equal steps from
# 0.0001 to 0.02: this ramp, cut into a thousand steps. The largest gap between the two is 0.0391 for
# $n = 50$, 0.0194 for 100, 0.0097 for 200 and 0.0019 for 1000: it falls like $1/n$. Same process, smoother
# description. A step with $\beta_i \ge 1$ would leave no signal at all: too few steps for this ramp.

# %%
def staircase(n_steps: int, beta_min: float, beta_max: float) -> dict[str, Float[Tensor, "steps"] | float]:
    """alpha_bar along DDPM's steps and along the VP SDE, at the times i/n for i = 1 ... n.

    Step i has beta_i = beta(i/n)/n. Returns a dict: "staircase" [n], the product of the steps so far;
    "ramp" [n], alpha_bar(t_i) of the SDE, both float64; "gap", a Python float: their largest absolute
    difference.
    Raises ValueError if any beta_i is 1 or more.
    Source: Song et al. 2021 (arXiv 2011.13456), appendix B; Ho et al. 2020 (DDPM, arXiv 2006.11239),
    equation (4).
    """
    ### BEGIN SOLUTION
    t = torch.arange(1, n_steps + 1, dtype=torch.float64) / n_steps  # [n]
    betas = _beta(t, beta_min, beta_max) / n_steps  # [n]
    if (betas >= 1).any():
        raise ValueError(f"{n_steps} steps are too few: a step would have beta_i >= 1")
    stairs = torch.cumprod(1 - betas, dim=0)
    ramp = vp_marginal(t, beta_min, beta_max)["mean_coef"] ** 2
    return {"staircase": stairs, "ramp": ramp, "gap": float((stairs - ramp).abs().max())}
    ### END SOLUTION


# %% tags=["notebook-only"]
try:
    fine = staircase(1000, 0.1, 20.0)["ramp"]
    flights = {n: staircase(n, 0.1, 20.0)["staircase"] for n in (25, 50, 200)}
except NotImplementedError:
    print("Write vp_marginal and staircase, then run this cell again: it draws stairs on their ramp.")
else:
    plt.figure(figsize=(6, 3.5))
    plt.plot(torch.arange(1, 1001) / 1000, fine, color="black", label="ramp")
    for n, heights in flights.items():
        plt.step(torch.arange(1, n + 1) / n, heights, where="post", alpha=0.7, label=f"{n} steps")
    plt.xlabel("t")
    plt.ylabel("signal share")
    plt.legend()
    plt.show()

# %% [markdown]
# ## Time backwards
#
# An SDE with drift $f(x, t)$ and diffusion $g(t)$ can be run backwards in time, if one knows the score of the noisy
# data at each moment. There are two ways back. Same landscape, different lens: one path shakes, the other
# does not, and at every $t$ both carry the same crowd of points.
#
# | | equation | drift |
# |---|---|---|
# | reverse SDE, shakes on | $dx = [f - g^2 s]\,dt + g\,d\bar w$ | $f - g^2 s$ |
# | probability flow ODE, stands firm | $dx = [f - \tfrac12 g^2 s]\,dt$ | $f - \tfrac12 g^2 s$ |
#
# The SDE shakes as it goes, so it has to pull twice as hard to end in the same place. Both are written in
# forward time: going back means $dt < 0$, and that is what turns $-g^2 s$ into a push *up* the hill.
#
# A test to keep in mind: if the data are $\mathcal N(0, I)$, then so are all noisy data, and $s = -x$. With
# $x = 2$, $t = 0.5$ we have $f = -10.05$ and $g^2 = 10.05$. The ODE's drift is
# $-10.05 + \tfrac12 \cdot 10.05 \cdot 2 = 0$: nothing has to move, so nothing moves. The SDE's is
# $-10.05 + 20.1 = +10.05$: backwards a pull to the middle, against its own shaking.

# %%
def reverse_drift(
    x: Float[Tensor, "batch ..."],
    score: Float[Tensor, "batch ..."],
    t: Float[Tensor, "*batch"],
    beta_min: float,
    beta_max: float,
    deterministic: bool,
) -> Float[Tensor, "batch ..."]:
    """The drift that carries noise back to data, as the factor of dt in forward time.

    x, score [B, ...]: a place and the score there; t: time in [0, 1], 0-dim or [B]; deterministic: True
    for the probability flow ODE, False for the reverse SDE. Returns a tensor like x.
    Source: Song et al. 2021 (arXiv 2011.13456), equations (6) and (13).
    """
    ### BEGIN SOLUTION
    sde = vp_sde(x, t, beta_min, beta_max)
    variance_rate = _trailing(sde["diffusion"] ** 2, x)  # g^2
    share = 0.5 if deterministic else 1.0
    return sde["drift"] - share * variance_rate * score
    ### END SOLUTION


# %% [markdown]
# ## Sample with the probability flow ODE
#
# Start with noise at $t = 1$ and follow the ODE down to $t_{\text{end}}$, close to 0 (at 0 itself the score
# of real data may be without bounds). Euler's method on a uniform grid $t_k = 1 - k\,(1 - t_{\text{end}})/n$:
#
# $$ x_{k+1} = x_k + (t_{k+1} - t_k)\,\big[f - \tfrac12 g^2 s\big](x_k, t_k). $$
#
# The step $t_{k+1} - t_k$ is negative, and everything in the bracket is taken where the step begins. No noise
# is drawn: the same start always ends at the same sample. Randomness is spent once, on the starting point.
#
# By hand: for data $\mathcal N(0, 4)$ the noisy law is $\mathcal N(0, 1 + 3\bar\alpha)$, so
# $s = -x/(1 + 3\bar\alpha)$. At $t = 1$, with $\bar\alpha = 0.00004$, the bracket is $-0.0013\,x$: next to
# nothing happens. At $t = 0.1$, with $\bar\alpha = 0.896$ and $\beta = 2.09$, it is $-0.762\,x$, and a step
# of $-0.01$ stretches $x$ by 0.76 %. All steps together stretch it to twice its length, and most of that
# happens late, where the signal is.

# %%
def pf_ode_sample(
    score_fn: Callable[[Tensor, Tensor], Tensor],
    x_T: Float[Tensor, "points dim"],
    n_steps: int,
    beta_min: float,
    beta_max: float,
    t_end: float,
) -> Float[Tensor, "steps+1 points dim"]:
    """Carry noise to data along the probability flow ODE, by Euler's method from t = 1 to t_end.

    score_fn: (x [N, D], t [N]) -> score [N, D], with t in x's dtype; x_T: the noise at t = 1; n_steps >=
    1 equal steps. Returns the whole path [n_steps + 1, N, D]: row 0 is x_T, the last row the samples.
    Source: Song et al. 2021 (arXiv 2011.13456), equation (13) and section 4.3.
    """
    ### BEGIN SOLUTION
    dt = (t_end - 1.0) / n_steps  # negative: from noise to data
    x, path = x_T, [x_T]
    for k in range(n_steps):
        t = x.new_full((len(x),), 1.0 + k * dt)  # [N], where the step begins
        x = x + dt * reverse_drift(x, score_fn(x, t), t, beta_min, beta_max, deterministic=True)
        path.append(x)
    return torch.stack(path)  # [n_steps + 1, N, D]
    ### END SOLUTION


# %% tags=["notebook-only"]
def two_hills(x, t):
    """The score of noisy data at time t; the data are two narrow hills at -1.5 and 1.5."""
    law = vp_marginal(t[:1], 0.1, 20.0)
    means = law["mean_coef"] * torch.tensor([[-1.5], [1.5]])
    stds = (law["mean_coef"] ** 2 * 0.2**2 + law["std"] ** 2).sqrt().expand(2)
    return gmm_score(x, means, stds, torch.tensor([0.4, 0.6]))


try:
    path = pf_ode_sample(two_hills, torch.linspace(-2.5, 2.5, 41)[:, None], 200, 0.1, 20.0, 1e-3)
except NotImplementedError:
    print("Write gmm_score, vp_marginal, vp_sde, reverse_drift and pf_ode_sample, then run this cell again.")
else:
    plt.figure(figsize=(7, 3.5))
    plt.plot(torch.linspace(1.0, 1e-3, 201), path[:, :, 0], color="tab:blue", linewidth=0.7)
    plt.gca().invert_xaxis()
    plt.xlabel("t: noise on the left, data on the right")
    plt.ylabel("x")
    plt.title("Paths of the ODE never cross: each start has one end")
    plt.show()

# %% [markdown]
# ## The same crowd, by other paths
#
# Now the other way back. The reverse SDE has twice the pull and shakes at each step (this is the Euler-Maruyama
# method):
#
# $$ x_{k+1} = x_k + (t_{k+1} - t_k)\,\big[f - g^2 s\big](x_k, t_k) + g(t_k)\,\sqrt{t_k - t_{k+1}}\;\, z_k . $$
#
# The bracket and $g$ are taken where the step begins. Variances add, so the shake of a step grows with the root
# of its length. The grid is that of the probability flow ODE: $n$ equal steps, and as many draws $z_k$.
#
# What is the same, and what is not? Take two hills of width 0.2 in one dimension, 40 % of the data at $-1.5$ and 60 %
# at $+1.5$. Let 20,000 points of noise walk down both ways in 500 steps, each point from the same start:
#
# | $t$ | 1 | 0.5 | 0.2 | 0.001 |
# |---|---|---|---|---|
# | mean of the noisy data | 0.00 | 0.08 | 0.24 | 0.30 |
# | of the ODE's points | -0.02 | 0.06 | 0.22 | 0.27 |
# | of the SDE's points | -0.02 | 0.10 | 0.25 | 0.30 |
# | standard deviation of the noisy data | 1.00 | 1.05 | 1.34 | 1.48 |
# | of the ODE's points | 1.01 | 1.06 | 1.35 | 1.49 |
# | of the SDE's points | 1.01 | 1.05 | 1.33 | 1.48 |
#
# At every time both crowds are the crowd of the noisy data, up to chance and the error of the steps. The single
# paths differ: who starts on the right ends on the right under the ODE (the correlation of start and end is
# 0.86), and anywhere under the SDE (0.01). The ODE also keeps the accident that these starts are 0.02 too far to
# the left; the SDE forgets it. Same landscape, different lens.

# %%
def reverse_sde_sample(
    score_fn: Callable[[Tensor, Tensor], Tensor],
    x_T: Float[Tensor, "points dim"],
    noise: Float[Tensor, "steps points dim"],
    beta_min: float,
    beta_max: float,
    t_end: float,
) -> Float[Tensor, "steps+1 points dim"]:
    """Carry noise to data along the reverse SDE, from t = 1 to t_end in as many equal steps as there are draws.

    score_fn: (x [N, D], t [N]) -> score [N, D], with t in x's dtype; x_T: the noise at t = 1; noise: standard normal
    draws, noise[k] is the shake of step k and enters with a plus. All steps shake, the last one included. Returns the
    whole path [n + 1, N, D]: row 0 is x_T.
    Source: Song et al. 2021 (arXiv 2011.13456), equation (6) and section 4.1.
    """
    ### BEGIN SOLUTION
    n_steps = len(noise)
    dt = (t_end - 1.0) / n_steps  # negative: from noise to data
    x, path = x_T, [x_T]
    for k in range(n_steps):
        t = x.new_full((len(x),), 1.0 + k * dt)  # [N], where the step begins
        pull = reverse_drift(x, score_fn(x, t), t, beta_min, beta_max, deterministic=False)
        shake = vp_sde(x, t, beta_min, beta_max)["diffusion"] * math.sqrt(-dt)  # [N], a standard deviation
        x = x + dt * pull + _trailing(shake, x) * noise[k]
        path.append(x)
    return torch.stack(path)  # [n + 1, N, D]
    ### END SOLUTION


# %% tags=["notebook-only"]
starts = torch.linspace(-1.2, 1.2, 4).repeat(6)[:, None]  # six walkers from each of four starts
try:
    ways = {
        "probability flow ODE": pf_ode_sample(two_hills, starts, 300, 0.1, 20.0, 1e-3),
        "reverse SDE": reverse_sde_sample(two_hills, starts, torch.randn(300, 24, 1), 0.1, 20.0, 1e-3),
    }
except NotImplementedError:
    print("Write pf_ode_sample and reverse_sde_sample, then run this cell again: it draws both ways back.")
else:
    panels = plt.subplots(1, 2, figsize=(11, 3.5), sharey=True)[1]
    for panel, (title, way) in zip(panels, ways.items()):
        for walker in range(24):
            panel.plot(torch.linspace(1.0, 1e-3, 301), way[:, walker, 0], color=f"C{walker % 4}", linewidth=0.7)
        panel.invert_xaxis()
        panel.set_title(title)
        panel.set_xlabel("t")
    plt.show()

# %% tags=["notebook-only"]
# Both ways back on digits, with the exact score of the 1,297 training digits: eight starts, two ways, and the
# nearest training digit of each sample. The exact score of a finite set brings back its own data. A network that
# is trained on the same data learns a smoother score, and draws digits that nobody wrote.
digits_as_rows = load_digits("train")[0].flatten(1)  # [1297, 64]


def score_of_digits(x, t):
    """The exact score of the training digits after time t of the VP SDE."""
    share = vp_marginal(t, 0.1, 20.0)["mean_coef"] ** 2
    return score_from_noise(finite_data_denoiser(x, digits_as_rows, share)["eps"], share)


try:
    first = torch.randn(8, 64)
    by_flow = pf_ode_sample(score_of_digits, first, 120, 0.1, 20.0, 0.005)[-1]
    by_shakes = reverse_sde_sample(score_of_digits, first, torch.randn(120, 8, 64), 0.1, 20.0, 0.005)[-1]
except NotImplementedError:
    print("Write finite_data_denoiser, pf_ode_sample and reverse_sde_sample, then run this cell again: digits, twice.")
else:
    rows = {"ODE": by_flow, "nearest": None, "SDE": by_shakes, "nearest ": None}
    rows["nearest"] = digits_as_rows[torch.cdist(by_flow, digits_as_rows).argmin(dim=1)]
    rows["nearest "] = digits_as_rows[torch.cdist(by_shakes, digits_as_rows).argmin(dim=1)]
    panels = plt.subplots(4, 8, figsize=(8, 4.2))[1]
    for row, (title, samples) in zip(panels, rows.items()):
        for panel, sample in zip(row, samples):
            panel.imshow(sample.reshape(8, 8), cmap="gray_r", vmin=-1, vmax=1)
            panel.set_xticks([])
            panel.set_yticks([])
        row[0].set_ylabel(title)
    plt.show()

# %% [markdown]
# ## DDIM was Euler's method
#
# DDIM was found another way: predict the clean image, then leap to the next noise level with the same noise,
#
# $$ \hat x_0 = \frac{x_t - \sqrt{1-\bar\alpha_t}\;\epsilon}{\sqrt{\bar\alpha_t}}, \qquad
#    x_{\text{prev}} = \sqrt{\bar\alpha_{\text{prev}}}\;\hat x_0
#    + \sqrt{1-\bar\alpha_{\text{prev}}}\;\epsilon. $$
#
# Now measure the noisy image against its signal: $y = x/\sqrt{\bar\alpha}$, which has noise level $\sigma =
# \sqrt{(1-\bar\alpha)/\bar\alpha}$. In these coordinates the probability flow ODE is as simple as an ODE can be,
# $dy = \epsilon\, d\sigma$. One Euler step, $y_{\text{prev}} = y + \epsilon\,(\sigma_{\text{prev}} - \sigma)$,
# scaled back by $\sqrt{\bar\alpha_{\text{prev}}}$, *is* DDIM: the same formula, so the two differ by rounding
# alone. In the coordinates of the last exercise, one step is $x + \tfrac12 \beta\,(x + s)$ with $\beta = 1 -
# \bar\alpha_t/\bar\alpha_{\text{prev}}$ and $s = -\epsilon/\sqrt{1-\bar\alpha_t}$: the same ODE, another ruler
# for time, and a result that differs by an amount of order $\beta^2$.
#
# With $x_0 = 2$, $\epsilon = 1$, $\bar\alpha_t = 0.25$, $\bar\alpha_{\text{prev}} = 0.64$: $x_t = 1.866$, and
# DDIM gives $0.8 \cdot 2 + 0.6 = 2.2$. In $\sigma$: $y = 3.732$, $\sigma$ falls from 1.732 to 0.75, so
# $y_{\text{prev}} = 2.75$, and $0.8 \cdot 2.75 = 2.2$. In $t$: $\beta = 0.609$, a large step, and
# $1.866 + 0.305 \cdot (1.866 - 1.155) = 2.083$.

# %%
def ddim_vs_euler(
    x_t: Float[Tensor, "batch ..."],
    eps: Float[Tensor, "batch ..."],
    ab_t: Float[Tensor, "*batch"],
    ab_prev: Float[Tensor, "*batch"],
) -> dict[str, Float[Tensor, "batch ..."]]:
    """One deterministic step from the noise level ab_t to the lower one ab_prev, seen in three ways.

    x_t, eps [B, ...]: a noisy sample and the noise predicted for it; ab_t < ab_prev: signal shares in (0,
    1), both 0-dim or both [B]. Returns a dict of four tensors like x_t: "x0" the clean sample that eps
    implies; "ddim" DDIM's step without fresh noise; "euler_sigma" an Euler step in the rescaled
    coordinates, scaled back to x; "euler_t" an Euler step of the probability flow ODE in t.
    Source: Song et al. 2020 (DDIM, arXiv 2010.02502), equations (12) and (14).
    """
    ### BEGIN SOLUTION
    ab_t, ab_prev = _trailing(ab_t, x_t), _trailing(ab_prev, x_t)
    noise_std = (1 - ab_t).sqrt()
    x0 = (x_t - noise_std * eps) / ab_t.sqrt()
    ddim = ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps

    sigma, sigma_prev = (((1 - ab) / ab).sqrt() for ab in (ab_t, ab_prev))
    rescaled = x_t / ab_t.sqrt() + eps * (sigma_prev - sigma)  # x / sqrt(ab) at the new level
    beta = 1 - ab_t / ab_prev
    euler_t = x_t + 0.5 * beta * (x_t - eps / noise_std)
    return {"x0": x0, "ddim": ddim, "euler_sigma": ab_prev.sqrt() * rescaled, "euler_t": euler_t}
    ### END SOLUTION


# %% tags=["notebook-only"]
# The same step in diffusers, with the noise that a small network with random weights predicts.
try:
    from diffusers import DDIMScheduler, UNet2DModel
except ImportError:
    print("Install diffusers to see that its DDIM agrees with yours.")
else:
    torch.manual_seed(0)
    sizes = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    network = UNet2DModel(sample_size=8, in_channels=1, out_channels=1, **sizes, **blocks)
    scheduler = DDIMScheduler(num_train_timesteps=1000, clip_sample=False)
    scheduler.set_timesteps(20)
    noisy = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        predicted = network(noisy, 500).sample
    theirs = scheduler.step(predicted, 500, noisy, eta=0.0).prev_sample
    shares = scheduler.alphas_cumprod
    try:
        ours = ddim_vs_euler(noisy, predicted, shares[500], shares[450])["ddim"]
    except NotImplementedError:
        print("Write ddim_vs_euler, then run this cell again: it compares your step with that of diffusers.")
    else:
        print(f"largest difference to diffusers: {float((ours - theirs).abs().max()):.1e}")

# %% [markdown]
# ## Eight questions
#
# An open task. You get a score of noisy data and noise at $t = 1$, and you may ask for the score of each point
# **at most eight times**. What you do with the answers is yours: which times you ask about, which way back you walk,
# in which coordinates, whether you shake, what you remember of earlier answers.
#
# The data are a few narrow hills in the plane, which you do not know: each has the standard deviation 0.05, they
# are at least 1 apart, and they are not equally likely. Three things are measured, with $\beta$ from 0.1 to 20:
#
# - **sharp**: at least 94 % of the samples are within 0.3 of a hill's middle;
# - **as wide as the hills**: the samples that are there spread around the middles between 0.5 and 1.7 times as
#   wide as the hills do;
# - **the right crowd**: the samples are shared out among the hills as the data are; at most 15 % of the samples would
#   have to move to another hill.
#
# Eight equal steps in $t$ do not get there: of the probability flow ODE's samples some 20 % end between the
# hills, of the reverse SDE's some 90 %. Where is the time well spent? Look once more at the picture of
# `pf_ode_sample`.
#
# **Predict first.** Return with the samples the share of them, from 0 to 1, that you expect to be sharp. It is not
# graded. The report shows it beside what was measured.

# %%
def sample_in_eight(
    score_fn: Callable[[Tensor, Tensor], Tensor],
    x_T: Float[Tensor, "points 2"],
    beta_min: float,
    beta_max: float,
) -> dict[str, Tensor | float]:
    """Samples of unknown narrow hills, for which the score of each point was asked at most eight times.

    score_fn: (x [M, 2], t [M]) -> score [M, 2] of the noisy data under the VP schedule, t in (0, 1], in x's dtype;
    x_T [N, 2]: standard normal noise at t = 1. Altogether at most 8 N rows may be asked about. Returns a dict:
    "samples" [N, 2]; "predicted", a Python float, the share of the samples that you expect to be sharp.
    The criterion is in the text above.
    """
    ### BEGIN SOLUTION
    times = torch.linspace(1.0, 0.03, 9, dtype=x_T.dtype) ** 2  # dense where the data are decided, near t = 0
    x = x_T
    for now, later in zip(times[:-1], times[1:], strict=True):
        ab_now, ab_later = (vp_marginal(t, beta_min, beta_max)["mean_coef"] ** 2 for t in (now, later))
        eps = noise_from_score(score_fn(x, now.expand(len(x))), ab_now)
        x = ddim_vs_euler(x, eps, ab_now, ab_later)["ddim"]
    return {"samples": x, "predicted": 0.97}
    ### END SOLUTION


# %% [markdown]
# ## Train noise, get the score
#
# The claim of this lesson, tested: train a network to predict *noise*, never mention a score, and take the
# score out of it.
#
# The network sees $(x_t, t)$, with times from the whole of $[0, 1]$ and the VP schedule $\beta$ from 0.1 to 20, and
# learns nothing but noise. What you return answers with a score.
#
# What works: `mlp(3, 2)` from the toys with $x_t$ and the raw $t$ side by side as its input (or the noise's
# standard deviation, or its logarithm, in place of $t$), Adam with learning rate 3e-3, batches of 512 points.
# A thousand updates take a few seconds. The score is compared with the exact one of data that you have not
# seen, at $t = 0.1$, $0.2$ and $0.4$. Close to $t = 0$ it is hard, and you know why: the noise's error is
# divided by a small standard deviation.

# %%
def train_hidden_score(
    data: Float[Tensor, "points 2"], steps: int, seed: int
) -> Callable[[Float[Tensor, "batch 2"], Float[Tensor, "batch"]], Float[Tensor, "batch 2"]]:
    """Train a noise predictor on the data and return the score that is hiding in it.

    data [N, 2] float32; steps: number of optimiser updates; seed: for weights and batches. VP schedule
    with beta from 0.1 to 20. Returns a function (x [M, 2], t [M]) -> score [M, 2] of the noisy data, each
    row at its own t in (0, 1].
    Source: Ho et al. 2020 (DDPM, arXiv 2006.11239), algorithm 1; Song et al. 2021 (arXiv 2011.13456),
    section 3.3.
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    betas = (0.1, 20.0)
    net = mlp(3, 2)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)

    def predict_noise(x: Tensor, t: Tensor) -> Tensor:
        return net(torch.cat([x, t[:, None]], dim=1))  # [B, 2]

    for _ in range(steps):
        x0 = data[torch.randint(len(data), (512,))]  # [B, 2]
        t = torch.rand(512)
        eps = torch.randn_like(x0)
        law = vp_marginal(t, *betas)
        x_t = law["mean_coef"][:, None] * x0 + law["std"][:, None] * eps
        loss = F.mse_loss(predict_noise(x_t, t), eps)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    @torch.no_grad()
    def score(x: Tensor, t: Tensor) -> Tensor:
        alpha_bar = vp_marginal(t, *betas)["mean_coef"] ** 2
        return score_from_noise(predict_noise(x, t), alpha_bar)

    return score
    ### END SOLUTION


# %% tags=["notebook-only"]
angles = torch.randint(0, 4, (4000,)) * (math.pi / 2)
cloud = 2 * torch.stack([angles.cos(), angles.sin()], dim=1) + 0.5 * torch.randn(4000, 2)
try:
    learned = train_hidden_score(cloud, 1000, 0)
except NotImplementedError:
    print("Write train_hidden_score, then run this cell again: it draws the score that your network learned.")
else:
    axis = torch.linspace(-3.5, 3.5, 21)
    grid = torch.cartesian_prod(axis, axis)
    panels = plt.subplots(1, 3, figsize=(12, 4))[1]
    for panel, level in zip(panels, (0.1, 0.2, 0.4), strict=True):
        arrows = learned(grid, torch.full((len(grid),), level))
        panel.scatter(*cloud[:800].T, s=2, color="lightgrey")
        panel.quiver(*grid.T, *(arrows / (1 + arrows.norm(dim=1, keepdim=True))).T, angles="xy")
        panel.set_title(f"t = {level}")
    plt.show()
