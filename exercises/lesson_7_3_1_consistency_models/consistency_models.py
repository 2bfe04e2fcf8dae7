# Your file for the lesson Consistency Models. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # Consistency Models
#
# A sampler walks. It asks the network where to go, takes a step, asks again, and better solvers only make the
# steps longer. This lesson drops the walk. Every noisy point lies on one trajectory, and every trajectory
# ends at one clean point, so there *is* a function that maps the noisy point to that end. A consistency model
# is a network trained to be this function.
#
# You will write the function down for a law where it is known, see why one long solver step is not the same
# thing, build in the boundary condition, distil a teacher, find out what prevents a collapse, do without the
# teacher, and trade a few more evaluations for quality. At the end you train three consistency models: with a
# teacher, without one, and on handwritten digits with guidance.
#
# **Notation**, the same in all exercises (VE: noise is added, the data are not shrunk):
#
# | symbol | in code | meaning |
# |---|---|---|
# | $x_0$ | `x0` | clean data |
# | $\epsilon$ | `noise` | standard normal noise, shaped like the data |
# | $t$ | `t` | noise level, the standard deviation of the noise |
# | $x_t = x_0 + t\,\epsilon$ | `x` | noisy data |
# | $D(x, t) = E[x_0 \mid x_t = x]$ | `denoiser`, `teacher` | the denoiser: the average of the data that fit |
# | $\frac{dx}{dt} = \frac{x - D(x, t)}{t}$ | | the probability flow ODE (PF-ODE) |
# | $f(x, t)$ | `f`, `student`, `target` | where the trajectory through $(x, t)$ ends |
# | $t_{\min}$ | `t_min` | the level at which trajectories end, a little above 0 |
# | $\alpha$ | `guidance` | guidance scale: 1 is none (only in the last exercise, on digits) |
# | $c$ | `label` | the digit that is asked for (there, too) |
#
# Lesson 7.2.1 shrank the data while it added noise (VP); here nothing is shrunk (VE). It is the same noisy
# sample on another ruler: divided by $\sqrt{\bar\alpha}$ it has the noise level
# $t = \sqrt{(1-\bar\alpha)/\bar\alpha}$, which "DDIM was Euler's method" called $\sigma$. A noise prediction
# $\hat\epsilon$ and a denoiser say the same: $D = x - t\,\hat\epsilon$.
#
# Data have shape `[B, ...]` and a level has shape `[B]`: one level for each sample, lined up with the *first*
# axis. Callables such as `denoiser(x, t)` and `f(x, t)` are always called with `t` of shape `[B]` and x's
# dtype. All functions leave their arguments as they are and answer in the dtype of x, unless they say
# otherwise.


# %%
import copy
import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

# %% [markdown]
# ## Where does this trajectory end?
#
# Take data $\mathcal N(\mu, \sigma^2 I)$. At level $t$ they are $\mathcal N(\mu, (\sigma^2 + t^2) I)$, and
# everything on the PF-ODE's way down is known. With $u = x - \mu$ the denoiser is
# $D - \mu = \frac{\sigma^2}{\sigma^2 + t^2}\, u$, so the ODE reads
#
# $$ \frac{du}{dt} = \frac{t}{\sigma^2 + t^2}\; u . $$
#
# Separate and integrate: $u$ is proportional to $\sqrt{\sigma^2 + t^2}$. A trajectory keeps its place *in
# units of the current width*: who starts one standard deviation to the right arrives there. Down at $t = 0$,
#
# $$ f(x, t) = \mu + \frac{\sigma}{\sqrt{\sigma^2 + t^2}}\,(x - \mu). $$
#
# With $\mu = 1$, $\sigma = 0.5$, $t = 1.2$ the width is $1.3$. The point $x = 3.6$ is two widths from the
# mean, and ends two widths from the mean: at $2.0$. The denoiser answers $1.385$ for the same point. It is
# asked something else: the average of all clean data that could have been noised to $x$.


# %%
def gaussian_consistency_function(
    x: Float[Tensor, "batch dim"], t: Float[Tensor, "batch"], mean: Float[Tensor, "dim"], std: float
) -> Float[Tensor, "batch dim"]:
    """The end, at t = 0, of the PF-ODE trajectory through x at level t, for data N(mean, std^2 I).

    x [B, D]; t [B], 0 or more; mean [D]; std > 0. Returns [B, D].
    Source: Song et al. 2023 (arXiv 2303.01469), section 3; Karras et al. 2022 (arXiv 2206.00364).
    """
    raise NotImplementedError


# %% [markdown]
# ## Not fewer steps: no steps
#
# The classical way to the end is a solver. Euler's method divides $[0, t]$ into $n$ equal steps and takes the
# slope where each step begins:
#
# $$ x_{i+1} = x_i + (t_{i+1} - t_i)\; \frac{x_i - D(x_i, t_i)}{t_i}, \qquad t_i = t\,(1 - i/n). $$
#
# Put $n = 1$: $x - t\,\frac{x - D}{t} = D(x, t)$. One Euler step *is* the denoiser, the blurry average. The
# Gaussian of the last section, from $x = 3.6$ at $t = 1.2$:
#
# | $n$ | 1 | 2 | 4 | 16 | exact |
# |---|---|---|---|---|---|
# | end | 1.385 | 1.612 | 1.790 | 1.944 | 2.000 |
#
# So "one step" can mean two things. A solver's single step is an extrapolation; here it misses the end by
# 0.615, where the whole way is 1.6 long. A consistency function does not step at all: it knows the end. DDIM predicts
# the clean point, leaps to a lower level and predicts again. This is predict-and-leap, perfected: predict, and stop.


# %%
def euler_pf_ode(
    denoiser: Callable[[Tensor, Tensor], Tensor], x: Float[Tensor, "batch dim"], t_start: float, n_steps: int
) -> Float[Tensor, "batch dim"]:
    """Euler's method for the PF-ODE from t_start to 0 on a uniform grid.

    denoiser: (x [B, D], t [B]) -> [B, D], called exactly n_steps times, with t in x's dtype; x [B, D] at level
    t_start > 0.
    Returns [B, D], the place at t = 0.
    Raises ValueError if n_steps is less than 1.
    Source: Karras et al. 2022 (arXiv 2206.00364), algorithm 1 without its second-order correction.
    """
    raise NotImplementedError


# %% [markdown]
# ## One trajectory, one answer
#
# Choose any two points of one trajectory (the notebook draws fourteen) and ask $f$ about both. The answer has to
# be the same:
#
# $$ f(x_t, t) = f(x_s, s) \quad \text{for all } (x_t, t), (x_s, s) \text{ on one trajectory.} $$
#
# Nothing new about ODEs: whoever follows the curve to its end gets there from anywhere on it. New is what it
# is used for. *Self-consistency* can be checked without knowing the end, so it can be trained without knowing
# it.
#
# How well does a given $f$ do? Apply it to every point of a trajectory and report the largest distance
# between two answers. In two dimensions, let $f$ answer $(0, 0)$, $(0.3, 0)$, $(0.3, 0.4)$ at three points of
# one trajectory. The distances of neighbours are $0.3$ and $0.4$, but from the first to the last it is $0.5$:
# small disagreements between neighbours add up, so look at every pair.


# %%
def self_consistency_gap(
    f: Callable[[Tensor, Tensor], Tensor],
    trajectory: Float[Tensor, "times batch dim"],
    times: Float[Tensor, "times"],
) -> Float[Tensor, "batch"]:
    """The largest distance between two answers of f along each trajectory.

    f: (x [B, D], t [B]) -> [B, D]; trajectory [N, B, D]: row n holds B points at level times[n]; times [N].
    Returns [B]: for each trajectory the maximum over all pairs of times of the Euclidean distance.
    Source: Song et al. 2023 (arXiv 2303.01469), section 3, the definition of self-consistency.
    """
    raise NotImplementedError


# %% [markdown]
# ## The boundary condition
#
# Self-consistency alone has a lazy solution: answer the same point for everything. What rules it out is the
# start of the curve. At $t_{\min}$ the point *is* the end, so $f(x, t_{\min}) = x$. This must not be left to
# training; build it into the function with two coefficients,
#
# $$ f(x, t) = c_{\text{skip}}(t)\, x + c_{\text{out}}(t)\, F(x, t), $$
#
# $$ c_{\text{skip}}(t) = \frac{\sigma_d^2}{(t - t_{\min})^2 + \sigma_d^2}, \qquad
#    c_{\text{out}}(t) = \frac{\sigma_d\,(t - t_{\min})}{\sqrt{t^2 + \sigma_d^2}}, $$
#
# where $F$ is the free network and $\sigma_d$ the standard deviation of the data. At $t_{\min}$ they are 1
# and 0, whatever the network says; far out they tend to 0 and $\sigma_d$, and the network has the word. In
# between, with $\sigma_d = 0.5$, $t_{\min} = 0.002$ and $t = 0.502$: $c_{\text{skip}} = 0.5$ and
# $c_{\text{out}} = 0.353$. Note where $t_{\min}$ is subtracted and where it is not.


# %%
def consistency_function(
    net: Callable[[Tensor, Tensor], Tensor],
    x: Float[Tensor, "batch ..."],
    t: Float[Tensor, "batch"],
    sigma_data: float = 0.5,
    t_min: float = 0.002,
) -> Float[Tensor, "batch ..."]:
    """A consistency function made of a free network; the identity at t_min.

    net: (x [B, ...], t [B]) -> like x; x [B, ...]; t [B], t_min or more; sigma_data: standard deviation of
    the data. Returns a tensor like x.
    Source: Song et al. 2023 (arXiv 2303.01469), section 3 and appendix, parameterization.
    """
    raise NotImplementedError


# %% [markdown]
# ## Distillation: let a teacher show the neighbour
#
# Who says which two points lie on one trajectory? A trained denoiser, the teacher. Four steps:
#
# ```
#   x0 ----- + t_hi * noise -----> x_hi ------ one Heun step of the teacher ------> x_lo
#                                   |                                                |
#                             student(x_hi, t_hi)       <- squared distance ->   target(x_lo, t_lo)
#                             learns                                             held still
# ```
#
# 1. Noise a clean sample to the higher level: $x_{hi} = x_0 + t_{hi}\, \epsilon$.
# 2. Let the teacher walk one step of the PF-ODE to $t_{lo}$. Heun's step averages the slopes of both ends:
#    with $h = t_{lo} - t_{hi}$, $d_{hi} = \frac{x_{hi} - D(x_{hi}, t_{hi})}{t_{hi}}$,
#    $\tilde x = x_{hi} + h\, d_{hi}$ and $d_{lo} = \frac{\tilde x - D(\tilde x, t_{lo})}{t_{lo}}$,
#    $$ x_{lo} = x_{hi} + \tfrac{h}{2}\,(d_{hi} + d_{lo}). $$
# 3. Ask the student about the noisier point and the target about the cleaner one.
# 4. Take the mean squared difference, and let the gradient flow into the **student only**. The target stands
#    one step nearer to the data, so it knows slightly better and has to lead. Song et al. found training much
#    steadier and its result better with it held still. Why, and what really rules out a constant, is the section
#    after the next.
#
# In one dimension with $D(x, t) = x/2$, $x_0 = 0$, $\epsilon = 1$, $t_{hi} = 2$, $t_{lo} = 1$: $x_{hi} = 2$,
# $d_{hi} = 0.5$, $\tilde x = 1.5$, $d_{lo} = 0.75$ and $x_{lo} = 1.375$. If student and target both answer
# half of what they see, the loss is $(1 - 0.6875)^2 = 0.0977$.
#
# How the end's information travels: at $t_{\min}$ the boundary condition makes the target exact, then the
# neighbour learns it, then the neighbour's neighbour.


# %%
def consistency_distillation_loss(
    student: Callable[[Tensor, Tensor], Tensor],
    target: Callable[[Tensor, Tensor], Tensor],
    teacher: Callable[[Tensor, Tensor], Tensor],
    x0: Float[Tensor, "batch ..."],
    noise: Float[Tensor, "batch ..."],
    t_hi: Float[Tensor, "batch"],
    t_lo: Float[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """The squared disagreement between two neighbours on the teacher's trajectory.

    student, target: consistency functions (x [B, ...], t [B]) -> like x; teacher: a denoiser of the same
    form; x0, noise [B, ...]; t_hi > t_lo > 0, both [B]. Returns the 0-dim mean over all elements, whose
    gradient reaches the student's answer only.
    Source: Song et al. 2023 (arXiv 2303.01469), section 4, algorithm 2 with Heun's solver.
    """
    raise NotImplementedError


# %% [markdown]
# ## A target that follows slowly
#
# The target is a copy of the student that follows with a delay, an exponential moving average of its weights:
#
# $$ \theta^- \leftarrow \lambda\, \theta^- + (1 - \lambda)\, \theta. $$
#
# $\lambda$ (`decay`) is the share of the *old target* that is kept. With $\lambda = 0.9$, a target weight at
# 1 and a student's weight at 2 the update gives $1.1$; after ten updates with the student standing still
# $1.651$. So the answers that the student is compared with do not jump with every step of the optimiser.
# Buffers, such as the running statistics of a norm layer, are state but not weights: copy them. The update
# happens in place, and afterwards the two modules must share no memory, or the next optimiser step would move
# both.


# %%
def ema_update(target: nn.Module, online: nn.Module, decay: float) -> None:
    """Move the target's parameters towards the online module's, in place; copy the buffers.

    target, online: modules of the same class; decay in [0, 1]: the share of the target that is kept. Returns
    None; online is not changed, and the target's parameters remain trainable leaves with memory of their own.
    Source: Song et al. 2023 (arXiv 2303.01469), section 4, the target network's update.
    """
    raise NotImplementedError


# %% [markdown]
# ## What prevents a collapse
#
# A constant $f$ never disagrees with itself. Three parts of the recipe stand against it: the boundary condition, the
# stop-gradient, and the slow target. Which one does what? Watch the smallest case in which the question makes sense.
#
# The data are a Gaussian in one dimension, and the levels are $t_0 = t_{\min} < t_1 < \dots < t_{K-1}$. Let $f$
# scale what it sees at each level by a number of that level's own. Then all that matters is how widely its
# answers are spread, one number for each level: $b_k$ is the standard deviation of the answers at $t_k$. Two
# neighbours of one trajectory disagree by $b_{k+1} - b_k$ standard deviations, so the loss of distillation is
#
# $$ L = \sum_{k=0}^{K-2} (b_{k+1} - b^-_k)^2 , $$
#
# where $b^-$ are the target's numbers. The true answer is the same at each level: the width of the data,
# $b_k = w$. One training step moves all $b_k$ at once by minus `rate` times the gradient, and then the target follows:
# $b^-_k \leftarrow \lambda\, b^-_k + (1 - \lambda)\, b_k$, with $b^- = b$ at the beginning.
#
# - **Boundary condition** on: $b_0$ and $b^-_0$ are $w$, at the beginning and ever after. Off: $b_0$ is as free
#   as all others.
# - **Stop-gradient** on: $b^-$ counts as a constant when $L$ is differentiated. Off: the target *is* the student,
#   $b^- = b$ at every moment, and the gradient goes into both sides.
#
# By hand, with $b = (1, 0)$, rate 0.25, decay 0 and no boundary condition: with the stop-gradient only $b_1$
# moves, by $0.25 \cdot 2 \cdot 1$ to $0.5$, then to $0.75$: it runs to the 1 that $b_0$ happens to have. Without
# it both move, to $(0.5, 0.5)$ in one step. The disagreement is 0 each time, and $w$ was never asked for. That is
# a collapse: agreement on an answer that has nothing to do with the data.
#
# A network that is trained on four hills, as you will train one below, says the same. After 700 updates (with one
# seed), one jump misses the end of the trajectory by these shares of the Euler step's miss, and its answers have
# these spreads (the data: 2.02):
#
# | boundary | stop-gradient | decay | share | spread |
# |---|---|---|---|---|
# | yes | yes | 0.95 | 0.24 | 2.01 |
# | yes | yes | 0 | 0.31 | 1.93 |
# | yes | no | | 0.26 | 1.83 |
# | no | yes | 0.95 | 1.31 | 0.18 |
# | no | no | | 1.31 | 0.02 |
#
# So the boundary condition alone decides between a consistency model and a constant. The stop-gradient gives the
# news a direction: it travels from $t_{\min}$ outwards, and no level that knows less pulls at one that knows
# more. The slow target takes the jitter of single updates out of what is learned, and delays the news for it.


# %%
def answers_over_training(
    start: Float[Tensor, "levels"],
    width: float,
    rate: float,
    decay: float,
    n_steps: int,
    boundary: bool,
    stop_gradient: bool,
) -> Float[Tensor, "steps+1 levels"]:
    """How widely a student's answers are spread at each level, while it is trained for self-consistency.

    start [K]: the spreads b before training, level t_min first; width: the true spread; rate: step size of the gradient
    descent; decay in [0, 1]: share of the target that is kept after each step. `boundary` and `stop_gradient` switch on
    these two parts of the recipe; without `stop_gradient` there is no separate target, and decay has no effect. Returns
    [n_steps + 1, K]: row i holds the spreads after i steps, and row 0 is already subject to the boundary condition.
    Source: the training of Song et al. 2023 (arXiv 2303.01469), section 4, for f(x, t) linear in x and Gaussian data.
    """
    raise NotImplementedError


# %% [markdown]
# ## Training without a teacher
#
# The teacher had one task: the slope at $x_{hi}$. Without a teacher there is a guess that costs nothing. The
# very pair $(x_0, \epsilon)$ that made $x_{hi}$ defines a straight line, whose slope is $\epsilon$; follow that line:
#
# $$ x_{hi} = x_0 + t_{hi}\, \epsilon, \qquad x_{lo} = x_0 + t_{lo}\, \epsilon
#    \qquad\text{with the same } x_0 \text{ and } \epsilon. $$
#
# All else stays: the student sees the noisier point, the target the cleaner one, the gradient flows into the
# student only. A teacher who answered $D = x_0$ would give exactly this pair. With $x_0 = 0$, $\epsilon = 1$, levels
# 2 and 1, and half of what they see as answers: $(1 - 0.5)^2 = 0.25$.


# %%
def consistency_training_loss(
    student: Callable[[Tensor, Tensor], Tensor],
    target: Callable[[Tensor, Tensor], Tensor],
    x0: Float[Tensor, "batch ..."],
    noise: Float[Tensor, "batch ..."],
    t_hi: Float[Tensor, "batch"],
    t_lo: Float[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """The squared disagreement between two points on the straight line of one (x0, noise) pair.

    student, target: consistency functions (x [B, ...], t [B]) -> like x; x0, noise [B, ...]; t_hi > t_lo > 0,
    both [B]. Returns the 0-dim mean over all elements, whose gradient reaches the student's answer only.
    Source: Song et al. 2023 (arXiv 2303.01469), section 5, algorithm 3.
    """
    raise NotImplementedError


# %% [markdown]
# ## What the free guess costs
#
# The line's slope is right on average only. Let the data be $K$ points $y_k$, equally likely. Seen from $x$
# at level $t$, each could be the origin, with the weight
#
# $$ w_k = \operatorname{softmax}_k\!\left(-\frac{\lVert x - y_k \rVert^2}{2 t^2}\right), \qquad
#    D = \sum_k w_k\, y_k . $$
#
# The teacher's direction is $\frac{x - D}{t}$. Training without it draws one $y_k$ with probability $w_k$ and
# follows $\frac{x - y_k}{t}$: the mean of that is the teacher's direction, and its variance, summed over the
# dimensions, is
#
# $$ \frac{1}{t^2} \sum_k w_k\, \lVert y_k - D \rVert^2 . $$
#
# Two points at $-1$ and $+1$, seen from $x = 0$ at $t = 1$: the teacher says 0, the guesses are $+1$ and
# $-1$, the variance is 1. From $x = 0.5$ at $t = 0.5$ the weights are $0.018$ and $0.982$, and the variance
# is $0.283$. Distillation *learns* a direction that somebody knows; training alone has to *discover* it from
# noisy guesses. The two side by side:
#
# | | distillation (CD) | training alone (CT) |
# |---|---|---|
# | needs | data and a trained denoiser | data |
# | the lower neighbour comes from | one solver step of the teacher | the line of the same $x_0$ and $\epsilon$ |
# | variance of that direction | none | the formula above |
# | is limited by | the teacher, and its solver's step | the noise of the guesses, and the grid's step |
# | FID on CIFAR-10, one evaluation | 3.55 (Song et al. 2023) | 8.70 (Song et al. 2023), 2.51 (iCT-deep, 2023) |
#
# In 2023's first recipe training alone was clearly worse. The improved recipe of Song & Dhariwal (iCT, arXiv
# 2310.14189) turned this around: among other things it drops the slow target for training alone (decay 0; they show that
# a slow target there came from a flaw in the first analysis), measures the disagreement with a pseudo-Huber loss, which a few
# wild guesses disturb less, and doubles the number of levels as training goes on.


# %%
def ct_direction_noise(
    data: Float[Tensor, "points dim"], x: Float[Tensor, "batch dim"], t: Float[Tensor, "batch"]
) -> dict[str, Tensor]:
    """The teacher's direction and the variance of the one-sample direction that replaces it.

    data [K, D]: equally likely clean points; x [B, D] at the levels t [B] > 0. Returns a dict:
    "teacher_direction" [B, D], the slope dx/dt of the PF-ODE; "ct_variance" [B], the variance of the slope of
    the line from x to a random clean point (drawn as likely as it is, given x), summed over dimensions.
    Source: Song et al. 2023 (arXiv 2303.01469), section 5, lemma 1.
    """
    raise NotImplementedError


# %% [markdown]
# ## A few teleports more
#
# One evaluation gives a sample. If you can afford more, do not walk: noise the sample again to some level
# $\tau$, and teleport again. Errors of the first jump are drowned in the new noise and corrected from nearer
# by.
#
# How much noise? $f$ ends at $t_{\min}$, so its answer already carries noise of variance $t_{\min}^2$.
# Variances add, so to reach level $\tau$ add
#
# $$ \hat x = x + \sqrt{\tau^2 - t_{\min}^2}\; \epsilon, \qquad x \leftarrow f(\hat x, \tau). $$
#
# With $\tau = 0.5$ and $t_{\min} = 0.3$ the root is $0.4$, not $0.5$. DDIM too predicts the clean image and
# then returns to a noisier point, but it must, at every one of its steps. Here the first answer is a sample
# already; going on is a choice.


# %%
def multistep_consistency_sample(
    f: Callable[[Tensor, Tensor], Tensor],
    x_init: Float[Tensor, "batch dim"],
    t_max: float,
    taus: list[float],
    noises: list[Tensor],
    t_min: float = 0.002,
) -> Float[Tensor, "batch dim"]:
    """Teleport from t_max, then for each tau re-noise to that level and teleport again.

    f: consistency function (x [B, D], t [B]) -> [B, D], called with t in x_init's dtype; x_init [B, D] at level
    t_max; taus: levels in descending order; noises: for each tau a standard normal tensor like x_init. Returns
    [B, D]; with no tau, the answer of the first jump.
    Raises ValueError if any tau is less than t_min, or t_max or more.
    Source: Song et al. 2023 (arXiv 2303.01469), algorithm 1.
    """
    raise NotImplementedError


# %% [markdown]
# ## Train one
#
# Everything together, in two dimensions, where training takes seconds: a network with the boundary condition, its
# slow copy, a grid of levels from $t_{\min}$ to $t_{\max}$, the distillation loss between neighbours. The recipe
# is the same when the kitchen is bigger; the lesson ends with it on digits.
#
# All of these are yours to choose: the grid (18 levels, each a fixed factor above the one before, are a good
# start), the batch size, the optimiser, $\sigma_d$, the decay, and which of the two networks you return. What
# is judged is the result, for data on four small hills around the middle, with $t_{\min} = 0.02$,
# $t_{\max} = 5$ and 700 steps:
#
# - `f(x, t_max)` for $x = 5\,\epsilon$ must lie closer to the true end of the trajectory than one Euler step does.
#   The root mean square distance must be less than 0.6 of the Euler step's.
# - `f(x, t_min)` must be `x` within $10^{-4}$.
# - `f` stands alone: the teacher is asked while you train, and not once afterwards. No steps means no walk
#   hidden inside `f` either.
#
# The news of the end travels one neighbour at a time, and only as fast as the target lets it. With that grid,
# batches of 256 and Adam at 2e-3, one jump misses the true end by these shares of the Euler step's miss:
#
# | `decay` | 0 | 0.9 | 0.95 | 0.99 | 0.995 | 0.999 |
# |---|---|---|---|---|---|---|
# | share | 0.29 | 0.19 | 0.23 | 0.46 | 0.63 | 1.04 |
#
# A target that follows slowly is a steady one; one that follows too slowly has heard nothing from the end
# when the 700 steps are over.


# %%
def train_consistency_model(
    net: nn.Module,
    teacher: Callable[[Tensor, Tensor], Tensor],
    data: Float[Tensor, "samples 2"],
    t_min: float,
    t_max: float,
    steps: int,
    seed: int,
) -> Callable[[Tensor, Tensor], Tensor]:
    """Distil the teacher into a consistency function with the given number of optimiser steps.

    net: a small network (x [B, 2], t [B]) -> [B, 2], may be trained in place; teacher: the data's denoiser
    (x [B, 2], t [B]) -> [B, 2]; data [M, 2] float32; seed: for all random draws. Returns a callable
    f(x [B, 2], t [B]) -> [B, 2], which is called without gradients and does not ask the teacher;
    f(x, t_min) is x.
    Source: Song et al. 2023 (arXiv 2303.01469), algorithm 2.
    """
    raise NotImplementedError


# %% [markdown]
# ## No teacher, and your own design
#
# An open task. The same four hills, the same network, the same 700 updates, but nobody knows the denoiser: you
# have 4,096 data points and nothing else. One jump must come to **less than 0.37** of the Euler step's miss,
# measured as in the last exercise, and `f(x, t_min)` must be `x` within $10^{-4}$.
#
# With `consistency_training_loss` in the place of the distillation loss, and all else as it was, one jump misses
# by 0.43 to 0.50: you know from "What the free guess costs" why. How you get further is yours to decide. That
# section names three things that helped others, and there are other ways: a batch may have any
# size, the data themselves know a direction, and an update need not train what you return. The network that you
# are given has to be what answers in the end: `f` is a single call of it, without a look at the data.
#
# **Predict first.** Return with `f` the share that you expect. It is not graded, and the report shows it beside the
# measured one.


# %%
def train_without_teacher(
    net: nn.Module, data: Float[Tensor, "samples 2"], t_min: float, t_max: float, steps: int, seed: int
) -> dict[str, Callable[[Tensor, Tensor], Tensor] | float]:
    """Train a consistency function on data alone, with the given number of optimiser updates.

    net: a small network (x [B, 2], t [B]) -> [B, 2], may be trained in place; data [M, 2] float32; steps: number
    of updates, those of other networks included; seed: for all random draws. Returns a dict: "f", a callable
    f(x [B, 2], t [B]) -> [B, 2] that is called without gradients, with f(x, t_min) = x; "predicted", a Python
    float, the share of the Euler step's miss that you expect. At most 20 seconds of processor time for each
    training; the criterion is in the text above.
    Source: Song & Dhariwal 2023 (iCT, arXiv 2310.14189), section 3.
    """
    raise NotImplementedError


# %% [markdown]
# ## The same recipe, a bigger kitchen: digits with guidance
#
# Now pictures. `digits.teacher()` is a trained flow for handwritten digits of 8 × 8 pixels: a velocity
# $v(x, t, c)$ of the straight path of lesson 7.2.2, $x_t = (1 - t)\,x_0 + t\,\epsilon$ with $t$ from 0 (data) to 1
# (noise), for each class $c$, and without any class for $c = 10$. Two things differ from the last exercises.
#
# **The path.** Its flow ODE is $dx/dt = v$, and its trajectories end at $t = 0$, so the boundary condition is
# $f(x, 0, c) = x$. There is a parameterization that has it built in and says the same as the teacher to begin
# with: $f(x, t, c) = x - t\,F(x, t, c)$. With the teacher's own weights in $F$ it is the denoiser, one single
# Euler step. So start from a copy of the teacher, as Song et al. do. (Divided by $1 - t$, the path is that of
# this lesson's notation with the noise level $t/(1-t)$: nothing new but the ruler.)
#
# **Guidance.** Pictures are usually sampled with more weight on the class than the conditional velocity gives it.
# With the guidance scale $\alpha$,
#
# $$ v_\alpha(x, t, c) = v(x, t, 10) + \alpha\,\big[v(x, t, c) - v(x, t, 10)\big], $$
#
# so $\alpha = 1$ is the class without guidance. It costs two evaluations for each step. Let the *teacher's step*
# of the distillation follow $v_\alpha$. Then guidance is inside the student, and a jump costs one evaluation.
#
# What is judged, with 120 updates, for 200 starts $\epsilon$ at $t = 1$ and all ten digits:
#
# - `f(x, 0, label)` is `x` within $10^{-4}$, and the teacher is not asked any more;
# - one jump misses the end of the *guided* trajectory by less than 0.6 of what one guided Euler step misses;
# - the judge's distance to real digits is below 0.09 for one jump, and below 0.07 for four, which re-noise to
#   $t = 0.75, 0.5, 0.25$ in between;
# - diversity within the digits is above 0.4 for one jump.
#
# The teacher itself, with $\alpha = 2$ and 300 starts:
#
# | | evaluations | distance | diversity within the digits |
# |---|---|---|---|
# | one Euler step | 2 | 0.40 | 0.26 |
# | two | 4 | 0.065 | 0.48 |
# | four | 8 | 0.049 | 0.57 |
# | 32 | 64 | 0.032 | 0.75 |
#
# Legibility says nothing here: it is 1.00 in all four rows, because the mean picture of a digit can be read, too.


# %%
def distil_digits(
    teacher: nn.Module,
    images: Float[Tensor, "samples 1 8 8"],
    labels: Int64[Tensor, "samples"],
    guidance: float,
    steps: int,
    seed: int,
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Distil the teacher's guided flow into a consistency function for each digit.

    teacher: a frozen DigitUNet, (x [B, 1, 8, 8], t [B], label [B]) -> velocity like x, with label 10 for no class;
    it stays as it is. images, labels: training digits; guidance: the scale alpha; steps: number of optimiser
    updates; seed: for all random draws. Returns a callable f(x [B, 1, 8, 8], t [B], label [B]) -> like x, which is
    called without gradients; it does not ask the teacher, and f(x, 0, label) is x. At most 20 seconds of processor
    time on one thread.
    Source: Song et al. 2023 (arXiv 2303.01469), algorithm 2; Luo et al. 2023 (LCM, arXiv 2310.04378), section 4.2.
    """
    raise NotImplementedError
