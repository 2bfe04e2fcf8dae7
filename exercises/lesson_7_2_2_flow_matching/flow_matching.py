# Your file for the lesson Flow Matching. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # Flow Matching
#
# Diffusion first decides how to destroy data, then works out how the destruction runs backwards; the route
# that samples take is whatever falls out. Flow matching turns the order round. **First draw the road from
# noise to data, then read off what a network must learn to drive along it.** The simplest road is a
# straight line, and the thing to learn is the speed on it: the *velocity*.
#
# You will build the whole recipe (path, target, loss, sampler), see why straight lines between single
# points still give bent trajectories, translate between noise, score, velocity and data predictions, and
# train two networks: a flow, and a second flow that straightens the first.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $x_0$ | `x0` | a data point |
# | $\epsilon$ | `eps` | a draw of standard normal noise, shaped like $x_0$ |
# | $t \in [0, 1]$ | `t` | time: **0 is data, 1 is noise**; sampling runs from 1 down to 0 |
# | $x_t$ | `x_t`, `x` | the place on the road at time $t$; `x1` is the noise that a drive starts from |
# | $v = dx_t/dt$ | `velocity` | velocity; it points from data towards noise |
# | $\bar\alpha$ | `alpha_bar` | the squared signal weight of variance-preserving (VP) diffusion, lesson 7.2.1's |
#
# A time argument is a 0-dim tensor (one time for all samples) or has shape `[B]` (one time for each
# sample); in the second case it belongs to the *first* axis of `x`, whatever axes follow. Functions leave
# their arguments unchanged and return the dtype they were given. Other libraries let time run the other way
# (torchcfm has noise at 0), so check the direction before you copy a formula.


# %%
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from toys import mlp

# A velocity field: x [N, D] and t [N] to velocities [N, D].
VelocityField = Callable[[Tensor, Tensor], Tensor]
# A diffusion model's noise prediction: x [N, D] and alpha_bar [N] to noise [N, D].
NoiseField = Callable[[Tensor, Tensor], Tensor]


# %% [markdown]
# ## A straight road
#
# Join a data point and a noise draw by the straight line
#
# $$x_t = (1-t)\,x_0 + t\,\epsilon .$$
#
# At $t=0$ you stand on the data, at $t=1$ on the noise, and in between both weights change at a constant
# rate. There is no schedule to tune and no square root: the weights add to 1, and nothing keeps the
# variance fixed on the way.
#
# Worked numbers: $x_0 = 2$, $\epsilon = -1$, $t = 0.25$ give
# $x_t = 0.75 \cdot 2 + 0.25 \cdot (-1) = 1.25$.


# %%
def interpolate(
    x0: Float[Tensor, "batch ..."], eps: Float[Tensor, "batch ..."], t: Float[Tensor, "*batch"]
) -> Float[Tensor, "batch ..."]:
    """The place at time t on the straight line from data to noise.

    x0: data [B, ...]; eps: noise, like x0; t: times in [0, 1], 0-dim or [B].
    Returns a tensor like x0, which is x0 where t is 0 and eps where t is 1.
    Raises ValueError if any t is outside [0, 1].
    Source: Lipman et al. 2022 (arXiv 2210.02747); Liu et al. 2022 (arXiv 2209.03003).
    """
    raise NotImplementedError


# %% [markdown]
# ## The speed on it
#
# Differentiate the line with respect to $t$: the $t$ disappears,
#
# $$v = \frac{dx_t}{dt} = \epsilon - x_0 .$$
#
# The velocity of one pair is the same at every point of its road: the whole distance, covered in one unit
# of time. With the numbers from above, $v = -1 - 2 = -3$. From $x_{0.25} = 1.25$ the data lie $t$ behind
# you, $1.25 - 0.25 \cdot (-3) = 2$, and the noise $1-t$ ahead, $1.25 + 0.75 \cdot (-3) = -1$.


# %%
def velocity_target(
    x0: Float[Tensor, "batch ..."],
    eps: Float[Tensor, "batch ..."],
) -> Float[Tensor, "batch ..."]:
    """The velocity of the straight line from data to noise: what a flow matching network learns to predict.

    x0: data [B, ...]; eps: noise, like x0. Returns a tensor like x0.
    Raises ValueError if the two shapes differ, also where they would broadcast.
    Source: Lipman et al. 2022 (arXiv 2210.02747); Liu et al. 2022 (arXiv 2209.03003).
    """
    raise NotImplementedError


# %% [markdown]
# ## Design the path, then derive the target
#
# Nothing forces the line on us. Choose any two weights with $a(0)=1$, $b(0)=0$ and $a(1)=0$, $b(1)=1$; the
# road is $x_t = a(t)\,x_0 + b(t)\,\epsilon$ and the target follows by differentiation,
# $v = a'(t)\,x_0 + b'(t)\,\epsilon$.
#
# | path | $a(t)$ | $b(t)$ | what it is |
# |---|---|---|---|
# | `linear` | $1-t$ | $t$ | the straight line, driven at constant speed |
# | `cosine` | $\cos\frac{\pi t}{2}$ | $\sin\frac{\pi t}{2}$ | diffusion's arc: $a^2+b^2=1$ |
# | `quadratic` | $1-t^2$ | $t^2$ | the same straight line, but slow at the data and fast at the noise |
#
# Mind the third row: the first weight is one minus the square of $t$, not the square of $1-t$.
#
# With $x_0=2$, $\epsilon=-1$ at $t=0.25$: linear $x_t=1.25$, $v=-3$; cosine $x_t=1.4651$, $v=-2.6535$;
# quadratic $x_t=1.8125$, $v=-1.5$, because this road's speed is $2t$ times the whole distance. Only for the
# first row is the target $\epsilon - x_0$ at every $t$.


# %%
def path_velocity(
    path: str, x0: Float[Tensor, "batch ..."], eps: Float[Tensor, "batch ..."], t: Float[Tensor, "*batch"]
) -> dict[str, Tensor]:
    """Place and velocity at time t on one of three roads from data to noise.

    path: "linear", "cosine" or "quadratic"; x0: data [B, ...]; eps: noise, like x0; t: times in [0, 1],
    0-dim or [B]. Returns {"x_t", "velocity"}, both like x0; the velocity is the exact derivative of x_t in t.
    Raises ValueError for another path.
    Source: Albergo & Vanden-Eijnden 2022 (arXiv 2209.15571), interpolants of this form.
    """
    raise NotImplementedError


# %% [markdown]
# ## The training loss
#
# Put a network on the road: show it the place $x_t$ and the time $t$, ask for the velocity, and punish the
# squared error,
#
# $$L = \operatorname{mean}\,\big(f_\theta(x_t, t) - (\epsilon - x_0)\big)^2 ,$$
#
# the mean taken over all $B \cdot D$ numbers. This is **conditional flow matching**: the target belongs to
# one known pair $(x_0, \epsilon)$. Compared with the DDPM loss only two lines changed, the mixing
# weights and the target.
#
# Worked numbers: one pair in one dimension, $x_0=2$, $\epsilon=-1$, $t=0.25$. A network that answers
# $-2.5$ for $x_t=1.25$ pays $(-2.5+3)^2 = 0.25$.


# %%
def cfm_loss(
    model: VelocityField,
    x0: Float[Tensor, "batch dim"],
    eps: Float[Tensor, "batch dim"],
    t: Float[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """The conditional flow matching loss of a batch on the straight path.

    model: called once as model(x_t [B, D], t [B]), returns velocities [B, D]; x0: data [B, D]; eps: noise,
    like x0; t: times in [0, 1], [B].
    Returns a 0-dim tensor, the mean squared error over all elements, with a graph to the model's parameters.
    Source: Lipman et al. 2022 (arXiv 2210.02747).
    """
    raise NotImplementedError


# %% [markdown]
# ## Drive home with Euler
#
# A velocity field is an ordinary differential equation, $dx/dt = v(x, t)$. Sampling starts at noise, $t=1$,
# and drives *against* the velocity until $t=0$. Euler's method cuts the time into $n$ equal steps and
# trusts the velocity that it reads at the beginning of each:
#
# $$x \leftarrow x - \tfrac1n\,v(x, t_k), \qquad t_k = 1 - \tfrac kn, \quad k = 0, \dots, n-1 .$$
#
# The velocity is read at $1$ and never at $0$.
#
# Worked numbers: if all data are the single point $2$, the field is $v(x,t) = (x-2)/t$. From $x=-1$ one
# step gives $-1 - (-3) = 2$: exact. Two steps go $-1 \to 0.5 \to 2$ and end at the same place, because on a
# **straight road the speed that you read at the start stays true**. On a bend it does not: the field
# $(-y, x)$ turns $(1, 0)$ in a circle of radius 1, and one Euler step from there lands on $(1, -1)$, at
# radius 1.41.


# %%
def euler_sample(
    velocity_fn: VelocityField, x1: Float[Tensor, "n dim"], n_steps: int
) -> Float[Tensor, "n_steps+1 n dim"]:
    """Follow a velocity field from noise at t = 1 to data at t = 0 with Euler's method.

    velocity_fn: called n_steps times as velocity_fn(x [N, D], t [N]) with t in x1's dtype; x1: noise [N, D].
    Returns [n_steps + 1, N, D]: row 0 is x1, the last row the sample.
    Raises ValueError if n_steps < 1.
    Source: Lipman et al. 2022 (arXiv 2210.02747); FlowMatchEulerDiscreteScheduler of diffusers.
    """
    raise NotImplementedError


# %% [markdown]
# ## One family: noise, score, velocity, data
#
# On the straight path, $x_t = (1-t)x_0 + t\epsilon$ and $v = \epsilon - x_0$ are two equations. Give
# me $x_t$, $t$ and any one of the quantities, and I can solve for the others:
#
# $$\epsilon = x_t + (1-t)\,v, \qquad x_0 = x_t - t\,v, \qquad \text{score} = -\frac{\epsilon}{t} .$$
#
# The score formula is the one you know, noise over minus its standard deviation; here that deviation is
# $t$. So a network trained for one target can be read as a network for any other, with the same
# architecture.
#
# Worked numbers: at $t=0.25$, $x_t=1.25$ a velocity of $-3$ says noise $-1$, data $2$, score $4$.
#
# A trap in the name: *v-prediction* of Salimans & Ho (2022) is the velocity along the variance-preserving
# arc, $\sqrt{\bar\alpha}\,\epsilon - \sqrt{1-\bar\alpha}\,x_0$. On the straight road
# $v = \epsilon - x_0$.


# %%
def convert_prediction(
    value: Float[Tensor, "batch ..."],
    x_t: Float[Tensor, "batch ..."],
    t: Float[Tensor, "*batch"],
    source: str,
    target: str,
) -> Float[Tensor, "batch ..."]:
    """Say a prediction at x_t in another parameterization of the straight path.

    value: the prediction [B, ...]; x_t: the place, like value; t: times in (0, 1), 0-dim or [B];
    source, target: what value is and what is wanted, each "noise", "score", "velocity" or "x0".
    Returns a tensor like value, differentiable in it; value itself if source and target are the same.
    Raises ValueError if any t is not strictly between 0 and 1, or for an unknown source or target.
    Source: Lipman et al. 2022 (arXiv 2210.02747); Song et al. 2021 (arXiv 2011.13456) for the score.
    """
    raise NotImplementedError


# %% [markdown]
# ## How straight is a trajectory?
#
# Compare the direct way with the way that was driven:
#
# $$\text{straightness} = \frac{\text{chord}}{\text{arc}}
# = \frac{|x_\text{last} - x_\text{first}|}{\sum_k |x_{k+1} - x_k|} .$$
#
# It is 1 on a straight line at any speed, and less on every detour. A quarter of a circle has
# $2\sqrt2/\pi = 0.9003$, half a circle $2/\pi = 0.6366$, a closed loop 0. A point that never moves took no
# detour, so it counts as straight.


# %%
def straightness(traj: Float[Tensor, "times n dim"]) -> Float[Tensor, "n"]:
    """Chord over arc of each sample's trajectory: 1 is straight, 0 comes back to where it began.

    traj: positions [T, N, D], T >= 2, as `euler_sample` returns them.
    Returns [N]; 1 for a sample that does not move.
    Source: Liu et al. 2022 (arXiv 2209.03003) also measure straightness, by the velocity's deviation.
    """
    raise NotImplementedError


# %% [markdown]
# ## Where the bend comes from
#
# Each training pair has its own straight line, and the lines cross. At a crossing the network sees one
# $x_t$ and many targets; squared error makes it answer their **mean**,
# $v(x,t) = E[\epsilon - x_0 \mid x_t = x]$. That *marginal* velocity depends on where you are, so its
# trajectories bend although every single line is straight.
#
# For a finite data set $y_1, \dots, y_M$ the mean can be computed. On the way the data point $y_j$ has
# moved to $(1-t)y_j$ with noise of standard deviation $t$ around it, so at $x$ its share is
#
# $$w_j = \operatorname{softmax}_j\!\left(-\frac{|x-(1-t)y_j|^2}{2t^2}\right), \qquad
# v(x,t) = \frac{x - \sum_j w_j y_j}{t} ,$$
#
# where the second formula is $\epsilon - x_0$ with $\epsilon$ solved from $x_t$.
#
# Worked numbers: data $-1$ and $+1$, $t=0.5$, $x=0.3$. The two centres are $\mp 0.5$, the squared distances
# $0.64$ and $0.04$, the weights $0.231$ and $0.769$; the mean of the data is $0.537$ and
# $v = (0.3 - 0.537)/0.5 = -0.474$.
#
# At $t=1$ all weights are equal: one single Euler step from noise lands on the *mean of the data set*,
# whatever the noise. That is why one step of a freshly trained flow looks so poor, and what rectified flow
# will repair.


# %%
def marginal_velocity(
    x: Float[Tensor, "n dim"],
    t: float,
    data: Float[Tensor, "m dim"],
) -> Float[Tensor, "n dim"]:
    """The exact velocity field of flow matching on a finite data set: the mean velocity, given x_t = x.

    x: places [N, D]; t: time in (0, 1]; data: the data set [M, D]. Returns [N, D], finite also for small t.
    Raises ValueError if t <= 0 or t > 1.
    Source: Lipman et al. 2022 (arXiv 2210.02747), the marginal field as a mean of conditional fields.
    """
    raise NotImplementedError


# %% [markdown]
# ## The same landscape through another lens
#
# Is flow matching a new kind of model? Divide a straight-path sample by $c = \sqrt{(1-t)^2 + t^2}$:
#
# $$\frac{x_t}{c} = \frac{1-t}{c}\,x_0 + \frac tc\,\epsilon ,$$
#
# and the squared weights add to 1. That is a variance-preserving diffusion sample with
# $\bar\alpha = (1-t)^2/c^2$: the two have the same ratio of signal to noise. So a diffusion model's noise
# prediction, asked at the rescaled place, gives the flow's velocity, without any training: with
# $\hat\epsilon$ in hand, $x_0 = (x - t\hat\epsilon)/(1-t)$ and therefore
#
# $$v = \hat\epsilon - x_0 = \frac{\hat\epsilon - x}{1-t} .$$
#
# Worked numbers: $t=0.25$ gives $c^2 = 0.5625 + 0.0625 = 0.625$, $c = 0.7906$ and $\bar\alpha = 0.9$.


# %%
def flow_velocity_from_vp(
    noise_fn: NoiseField,
    x: Float[Tensor, "n dim"],
    t: float,
) -> Float[Tensor, "n dim"]:
    """The straight-path velocity that a variance-preserving diffusion model already knows.

    noise_fn: the model, called as noise_fn(x [N, D], alpha_bar [N]) on variance-preserving places, with
    alpha_bar in x's dtype, returns the predicted noise [N, D]; x: places on the straight path [N, D]; t: time
    in [0, 1).
    Returns [N, D].
    Raises ValueError if t < 0 or t >= 1.
    Source: both are Gaussian paths of one family, see Lipman et al. 2022 (arXiv 2210.02747).
    """
    raise NotImplementedError


# %% [markdown]
# ## Four lenses
#
# Someone hands you recorded trajectories and does not say which sampler made them. Four signs tell:
#
# 1. a record of only two places, start and end: the sampler jumped, as a **consistency** model does;
# 2. runs from one start that part: noise was added on the way, as in the **SDE**;
# 3. every trajectory straight: a **flow** along straight roads;
# 4. what is left is deterministic and bent: the **probability flow ODE**.
#
# The order matters: a jump is also straight, and a bend is not randomness.


# %%
def which_lens(traj: Float[Tensor, "runs times n dim"]) -> str:
    """Tell the sampler from its trajectories: "consistency", "sde", "flow" or "pf_ode".

    traj: [R, T, N, D], R >= 1 runs of N samples from the same starts, T >= 2 recorded times.
    Returns the first that holds: "consistency" if T is 2; "sde" if any run is anywhere more than 1e-4 (in
    absolute value, in any coordinate) from the first run; "flow" if every sample of the first run has a
    straightness above 0.999; else "pf_ode".
    """
    raise NotImplementedError


# %% [markdown]
# ## How many steps does a road need?
#
# A driver on a straight highway can put the map away; on a winding road the route has to be looked up again
# and again. So count: which number of Euler steps in $1, 2, 4, \dots, 256$ first ends within `tol` of a
# very fine solution with 512 steps, *for every sample*?
#
# Worked numbers: a field that runs straight to one point needs 1 step. The rotation $(-y, x)$ from radius 2
# is off by 0.26 with 4 steps, 0.13 with 8 and 0.06 with 16, so for a tolerance of 0.1 it needs 16. Euler's
# error halves with every doubling: it is a first-order method.


# %%
def steps_needed(velocity_fn: VelocityField, x1: Float[Tensor, "n dim"], tol: float) -> int:
    """The smallest number of Euler steps that ends near enough to the finest solution.

    velocity_fn: called as velocity_fn(x [N, D], t [N]) with t in x1's dtype; x1: noise [N, D]; tol: the largest
    allowed Euclidean distance between a sample's end point and its end point with 512 steps; every sample must
    keep it.
    Returns the first of 1, 2, 4, ..., 256 that is good enough (a distance equal to tol is).
    Raises ValueError if none is.
    """
    raise NotImplementedError


# %% [markdown]
# ## Rectified flow: retrace the line with a ruler
#
# Lines cross because noise and data were paired by chance. Let the trained flow choose the pairs instead:
# start at $\epsilon$, follow the bent road to its end $x_0$, and keep the two together. Trajectories of
# an ODE never cross. The straight lines between their ends still can, but Liu et al. prove that the new partners
# are on average no further apart than the old ones (for every convex cost), and that the roads become straight
# when the rounds are repeated. So a second round of flow matching learns straighter roads. Like a wobbly hand-drawn line that is drawn again with
# a ruler between its two ends. In practice one or two rounds are used; you will measure one.


# %%
def reflow_pairs(velocity_fn: VelocityField, eps: Float[Tensor, "n dim"], n_steps: int) -> dict[str, Tensor]:
    """Noise and the data that a trained flow makes of it, as training pairs for the next flow.

    velocity_fn: the trained field, called as velocity_fn(x [N, D], t [N]) with t in eps's dtype; eps: noise
    [N, D]; n_steps: number of Euler steps.
    Returns {"x0", "eps"}, both [N, D], row for row the two ends of one trajectory, without a graph.
    Source: Liu et al. 2022 (arXiv 2209.03003).
    """
    raise NotImplementedError


# %% [markdown]
# ## Train a flow
#
# Everything is in place. Draw a batch of data, fresh noise and uniform times, take a step down the loss,
# repeat.
#
# What works well here: a small network such as `toys.mlp` on $x$ and $t$ side by side, Adam with learning
# rate 3e-3, batches of 512, a cosine decay of the learning rate over the run. `steps` is the number of
# optimiser updates. 1000 of them take a few seconds on one thread (15 seconds is the limit).
#
# The public checks train on one round cloud for 500 updates and ask for the velocity at both ends of the road.
# The hidden ones train on the two moons for 1000 updates. They judge the samples that 50 Euler steps make of
# fresh noise (energy distance below 0.04), and the squared error on pairs that the field has not seen (below
# 0.8 of the error of a field of zeros).


# %%
def train_flow(data: Float[Tensor, "n 2"], steps: int, seed: int) -> VelocityField:
    """Train a velocity field on the straight path from `data` to standard normal noise.

    data: samples [N, 2], float32; steps: optimiser updates; seed: makes the run repeatable.
    Returns a callable velocity(x [M, 2], t [M]) -> [M, 2] in float32, t from 0 (data) to 1 (noise).
    Advice: Adam with lr 3e-3, batches of 512, cosine decay, t uniform in [0, 1].
    Source: Lipman et al. 2022 (arXiv 2210.02747).
    """
    raise NotImplementedError


# %% [markdown]
# ## Straighten it
#
# Take a trained field, let it pair noise with data once, and run the same training on those partners. After
# it, **one** Euler step should do what the first flow needed many for. Two things can go wrong quietly. If
# the pairs lose their alignment, you only repeat the first round. And a network that has learnt nothing is
# straight too: it stands still. So three things are judged: the samples after one step, the straightness of
# the new trajectories, and whether each noise still arrives where the first flow took it.
#
# What works well: 4096 pairs made with 50 Euler steps, then training as before.


# %%
def train_reflow(velocity_fn: VelocityField, dim: int, steps: int, seed: int) -> VelocityField:
    """Train a second flow on the pairs of a first one, so that its trajectories become straight.

    velocity_fn: the first flow, called as velocity_fn(x [N, dim], t [N]); dim: number of coordinates;
    steps: optimiser updates; seed: makes the run repeatable. Draw the noise from N(0, I) in float32 yourself.
    Returns a callable velocity(x [M, dim], t [M]) -> [M, dim] in float32, t from 0 (data) to 1 (noise).
    Advice: 4096 pairs with 50 Euler steps, then Adam with lr 3e-3, batches of 512, cosine decay.
    Source: Liu et al. 2022 (arXiv 2209.03003).
    """
    raise NotImplementedError
