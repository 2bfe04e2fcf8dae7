# %% [markdown]
# # LCM & SDXL Turbo
#
# A consistency model jumps from noise to data in one call. In the last lesson it did so for points in the plane.
# Here the same recipe moves into a bigger kitchen: the latent space of Stable Diffusion, with a thousand
# discrete noise levels, a text prompt and a guidance scale. The result is called a **latent consistency model**
# (LCM). Then you meet the other road to few steps: a student that is told "close to the teacher" *and*
# "not distinguishable from real", as in SDXL Turbo. At the end you train speed itself: a small file that makes a model
# of digits jump, and a relative of it that your training has never seen.
#
# **Notation**, the same in all exercises. This lesson is variance preserving (VP); the last one was variance
# exploding.
#
# | symbol | in code | meaning |
# |---|---|---|
# | $z_0$ | `z0` | clean latent, `[B, C, H, W]` |
# | $\epsilon$ | `noise`, `eps` | standard normal noise, or a prediction of it |
# | $t$ | `t_start`, `t_end` | discrete noise level, an integer from 0 (nearly clean) to 999 (noise) |
# | $\bar\alpha_t$ | `alphas_cumprod`, `ab_t` | share of the signal's variance that is left at level $t$ |
# | $z_t = \sqrt{\bar\alpha_t}\,z_0 + \sqrt{1-\bar\alpha_t}\,\epsilon$ | `z_t` | noisy latent |
# | $c$, $\varnothing$ | `cond`, `uncond` | the prompt, and the empty prompt |
# | $w$ | `w` | guidance strength, **LCM's way**: 0 is plain conditional, the usual CFG scale is $1 + w$ |
# | $f(z_t, t)$ | `student`, `target` | the consistency function: from anywhere on a trajectory to its clean end |
#
# A coefficient of shape `[B]` belongs to the batch axis, the *first* one of the data; PyTorch aligns the *last*.
# All functions leave their arguments as they are.

# %%
import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int, Int64
from torch import Tensor, nn
from torch.func import functional_call


# %% tags=["solution-only"]
def _trailing(coefficient: Tensor, x: Tensor) -> Tensor:
    """[B] as [B, 1, ..., 1], to multiply x [B, ...] sample by sample."""
    return coefficient.reshape(coefficient.shape + (1,) * (x.ndim - coefficient.ndim))


# %% [markdown]
# ## The same recipe, with integers
#
# A consistency function must leave clean data alone: $f(z, 0) = z$. As before, a skip path and a switch in
# front of the network guarantee that,
#
# $$ f(z, t) = c_{\text{skip}}(t)\, z + c_{\text{out}}(t)\, \hat z_0(z, t), \qquad
#    c_{\text{skip}} = \frac{\sigma_d^2}{s^2 + \sigma_d^2}, \quad
#    c_{\text{out}} = \frac{s}{\sqrt{s^2 + \sigma_d^2}}, \quad s = \text{scaling} \cdot t. $$
#
# Two things changed. The network's answer is turned into an estimate $\hat z_0$ of the clean latent first,
# so at high noise $c_{\text{out}}$ must become 1: that estimate *is* the answer. And $t$ counts levels, so it is
# stretched (by 10) before it meets $\sigma_d = 0.5$. How steep is the switch?
#
# | $t$ | 0 | 1 | 19 |
# |---|---|---|---|
# | $c_{\text{skip}}$ | 1 | 0.00249 | 0.0000069 |
# | $c_{\text{out}}$ | 0 | 0.99875 | 0.999997 |
#
# Off at $t = 0$, on everywhere else. The boundary condition is met, and hardly anything else is touched.
# (The two are not the cosine and sine of one angle: only $c_{\text{skip}}$ is squared.)


# %%
def lcm_boundary_scalings(
    timesteps: Int[Tensor, "batch"], sigma_data: float = 0.5, timestep_scaling: float = 10.0
) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch"]]:
    """The two coefficients of a latent consistency function, (c_skip, c_out).

    timesteps: integer levels [B], 0 is clean; sigma_data: spread of the data, positive; timestep_scaling:
    stretches the levels. Returns two float32 tensors [B].
    Source: Luo et al. 2023 (arXiv 2310.04378), section 4.1; LCMScheduler of diffusers.
    """
    ### BEGIN SOLUTION
    s = timesteps.to(torch.float64) * timestep_scaling  # [B]
    c_skip = sigma_data**2 / (s**2 + sigma_data**2)
    c_out = s / torch.sqrt(s**2 + sigma_data**2)
    return c_skip.float(), c_out.float()
    ### END SOLUTION


# %% tags=["notebook-only"]
import matplotlib.pyplot as plt

levels = torch.arange(0, 6)
try:
    skip, out = lcm_boundary_scalings(levels, timestep_scaling=1.0)
    skip_10, out_10 = lcm_boundary_scalings(levels)
except NotImplementedError:
    print("Write lcm_boundary_scalings, then run this cell again: it draws the switch.")
else:
    plt.figure(figsize=(6, 3))
    plt.plot(levels, skip, "o--", color="grey", label="c_skip, not stretched")
    plt.plot(levels, out, "s--", color="silver", label="c_out, not stretched")
    plt.plot(levels, skip_10, "o-", label="c_skip, stretched by 10")
    plt.plot(levels, out_10, "s-", label="c_out, stretched by 10")
    plt.xlabel("timestep")
    plt.title("Off at 0, on everywhere else")
    plt.legend()
    plt.show()

# %% [markdown]
# ## Neighbours that differ
#
# Consistency distillation compares two neighbouring points of one trajectory. Out of 1000 levels, direct
# neighbours are nearly the same point, and a comparison of nearly equal things teaches little. LCM *skips*: it
# keeps $n_{\text{ddim}} = 50$ of the levels, so that neighbours are $k = \lfloor 1000 / 50 \rfloor = 20$ apart:
#
# $$ t_{\text{start}} = (\text{index} + 1)\, k - 1, \qquad t_{\text{end}} = \max(t_{\text{start}} - k,\; 0). $$
#
# | index | 0 | 24 | 49 |
# |---|---|---|---|
# | start → end | 19 → 0 | 499 → 479 | 999 → 979 |
#
# The last index reaches the noisiest level, and the first pair ends at the clean edge instead of at -1.


# %%
def lcm_training_pair(
    index: Int[Tensor, "batch"], n_train: int = 1000, n_ddim: int = 50
) -> tuple[Int[Tensor, "batch"], Int[Tensor, "batch"]]:
    """The two timesteps that are compared in training, (start, end).

    index: int64 [B] in [0, n_ddim); n_train: number of levels; n_ddim: how many of them are kept. Returns two
    int64 tensors [B], the start noisier than the end.
    Source: Luo et al. 2023 (arXiv 2310.04378), section 4.3 (skipping-step).
    """
    ### BEGIN SOLUTION
    k = n_train // n_ddim
    t_start = (index + 1) * k - 1  # [B]
    t_end = torch.clamp(t_start - k, min=0)  # [B]
    return t_start, t_end
    ### END SOLUTION


# %% [markdown]
# ## Where to jump from
#
# DDIM predicts the clean end and leaps a part of the way; a consistency model predicts the end and is there:
# **predict-and-leap, perfected**. It has only ever seen those 50 levels, so a sampler with 1 to 50 steps must pick its levels among
# them. Write them down from noisy to clean, $o = (999, 979, \dots, 19)$, and take for $n$ steps
#
# $$ \tau_i = o_{\lfloor i \cdot 50 / n \rfloor}, \qquad i = 0, \dots, n - 1. $$
#
# With $n = 4$ the places are 0, 12, 25, 37, so the sampler stops at 999, 759, 499 and 259. With $n = 1$
# it is 999 alone. The cleanest level is not in the list: each jump already lands at clean data, and the
# following step only adds noise back and jumps again, from lower.


# %%
def lcm_inference_timesteps(num_steps: int, n_train: int = 1000, original_steps: int = 50) -> list[int]:
    """The timesteps that an LCM sampler visits, from noisy to clean.

    num_steps: how many, from 1 to original_steps; n_train: number of levels; original_steps: how many of them
    training kept. Returns a list of num_steps Python ints.
    Raises ValueError if num_steps is not in [1, original_steps].
    Source: LCMScheduler.set_timesteps of diffusers.
    """
    ### BEGIN SOLUTION
    if not 1 <= num_steps <= original_steps:
        raise ValueError(f"num_steps must lie in [1, {original_steps}], not {num_steps}")
    k = n_train // original_steps
    origin = [j * k - 1 for j in range(original_steps, 0, -1)]  # noisy to clean
    return [origin[(i * original_steps) // num_steps] for i in range(num_steps)]
    ### END SOLUTION


# %% [markdown]
# ## Guidance baked into the path
#
# A text-to-image model needs classifier-free guidance, and guidance costs a second network call at every step.
# LCM asks a different question: which *trajectory* does a guided sampler follow? Distil that one, and the
# student is guided for free. The guided noise, in LCM's convention, is
#
# $$ \tilde\epsilon = (1 + w)\,\epsilon_c - w\,\epsilon_\varnothing = \epsilon_c + w\,(\epsilon_c - \epsilon_\varnothing), $$
#
# and one DDIM step (without fresh noise) from level $t$ to the cleaner level $s$ uses it **twice**:
#
# $$ \hat z_0 = \frac{z - \sqrt{1 - \bar\alpha_t}\;\tilde\epsilon}{\sqrt{\bar\alpha_t}}, \qquad
#    z_s = \sqrt{\bar\alpha_s}\;\hat z_0 + \sqrt{1 - \bar\alpha_s}\;\tilde\epsilon. $$
#
# The paper calls the path of these steps the *augmented* probability flow ODE. Numbers: $\epsilon_c = 1$,
# $\epsilon_\varnothing = 0.5$, $w = 7$ give $\tilde\epsilon = 4.5$. With $z = 2$, $\bar\alpha_t = 0.25$ and
# $\bar\alpha_s = 0.64$ the estimate is $\hat z_0 = -3.794$ and $z_s = 0.8 \cdot (-3.794) + 0.6 \cdot 4.5 = -0.335$.
# At $w = 0$ the empty prompt has no say.


# %%
def augmented_pf_ode_step(
    z: Float[Tensor, "batch ..."],
    eps_cond: Float[Tensor, "batch ..."],
    eps_uncond: Float[Tensor, "batch ..."],
    w: Float[Tensor, "batch"],
    ab_t: Float[Tensor, "batch"],
    ab_s: Float[Tensor, "batch"],
) -> Float[Tensor, "batch ..."]:
    """One guided DDIM step (eta = 0) from the level with ab_t to the level with ab_s.

    z, eps_cond, eps_uncond: noisy latents and the two noise predictions there, [B, ...]; w: guidance strength
    [B], 0 is plain conditional; ab_t, ab_s: alphas_cumprod now and after the step, [B], in (0, 1].
    Returns a tensor like z.
    Source: Luo et al. 2023 (arXiv 2310.04378), section 4.2 (augmented PF-ODE).
    """
    ### BEGIN SOLUTION
    w, ab_t, ab_s = _trailing(w, z), _trailing(ab_t, z), _trailing(ab_s, z)  # [B, 1, ..., 1]
    eps = eps_cond + w * (eps_cond - eps_uncond)  # [B, ...]
    z0 = (z - torch.sqrt(1 - ab_t) * eps) / torch.sqrt(ab_t)
    return torch.sqrt(ab_s) * z0 + torch.sqrt(1 - ab_s) * eps
    ### END SOLUTION


# %% [markdown]
# ## Tell the student which guidance
#
# In training $w$ is drawn anew for each sample, and the student imitates *that* guided path. It can do so only
# if it knows $w$. So $w$ enters the network as timesteps do, through sines and cosines of many frequencies:
#
# $$ a_i = 1000\, w \cdot 10000^{-i / (h - 1)}, \quad i = 0, \dots, h - 1, \qquad
#    \text{emb}(w) = [\sin a_0, \dots, \sin a_{h-1}, \cos a_0, \dots, \cos a_{h-1}], $$
#
# with $h = \lfloor \text{dim} / 2 \rfloor$ and, where `dim` is odd, a last column of zeros. The factor 1000
# brings a $w$ of a few units into the range of timesteps. The frequencies run from 1 to exactly $1/10000$.
#
# Check with $w = 7$ and `dim = 4`: the angles are 7000 and 0.7, the embedding is
# $(0.507,\ 0.644,\ 0.862,\ 0.765)$. An angle of 7000 has lost three of float32's seven digits; compute in
# float64 and cast at the end.
#
# Conventions differ between models: this one has sine first and divides by $h - 1$, the timestep embeddings
# of SDXL and DiT have cosine first and divide by $h$.


# %%
def guidance_scale_embedding(w: Float[Tensor, "batch"], dim: int = 256) -> Float[Tensor, "batch dim"]:
    """Sine and cosine features of the guidance strength.

    w: guidance strength [B]; dim: number of features, at least 4. Returns float32 [B, dim], computed in
    float64: all sines, then all cosines, then a zero column if dim is odd.
    Source: LatentConsistencyModelPipeline.get_guidance_scale_embedding of diffusers.
    """
    ### BEGIN SOLUTION
    half = dim // 2
    exponent = torch.arange(half, dtype=torch.float64, device=w.device) / (half - 1)  # 0 to 1
    arg = 1000.0 * w.to(torch.float64)[:, None] * 10000.0**-exponent  # [B, half]
    emb = torch.cat([torch.sin(arg), torch.cos(arg)], dim=1)  # [B, 2 half]
    if dim % 2 == 1:
        emb = torch.nn.functional.pad(emb, (0, 1))  # [B, dim]
    return emb.float()
    ### END SOLUTION


# %% [markdown]
# ## The whole recipe
#
# Now put the pieces together. For a batch of clean latents,
#
# 1. add noise: $z_t$ at level $t_{\text{start}}$;
# 2. ask the frozen teacher twice, with the prompt and without, and take one *guided* step to $z_s$ at
#    $t_{\text{end}}$;
# 3. let the student leap from $z_t$, and the target network (a slow copy of the student) from $z_s$;
# 4. pull the student's landing place towards the target's, which is held fixed.
#
# Both leap through the same consistency function,
#
# $$ f(z, t) = c_{\text{skip}}(t)\, z + c_{\text{out}}(t)\,
#    \frac{z - \sqrt{1 - \bar\alpha_t}\;\epsilon_\theta(z, t, c, w)}{\sqrt{\bar\alpha_t}}, $$
#
# and the distance is the pseudo-Huber one: with $d$ the difference of the two landing places,
# element by element,
#
# $$ L = \operatorname{mean}\left( \sqrt{d^2 + h^2} - h \right), \qquad h = 0.001. $$
#
# It is a parabola where $|d|$ is far below $h$ and a straight line above: $d = 0.003$ costs 0.00216, $d = 1$
# costs 0.999. One wild latent does not drown the rest of the batch.
#
# Four things were added to the toy recipe: the latent space, the guided teacher step, the knowledge of $w$, and
# skipping. None of them is a new architecture.


# %%
def lcm_distillation_loss(
    student: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    target: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    teacher: Callable[[Tensor, Tensor, Tensor], Tensor],
    z0: Float[Tensor, "batch channels height width"],
    noise: Float[Tensor, "batch channels height width"],
    cond: Float[Tensor, "batch ..."],
    uncond: Float[Tensor, "batch ..."],
    w: Float[Tensor, "batch"],
    w_emb: Float[Tensor, "batch dim"],
    t_start: Int[Tensor, "batch"],
    t_end: Int[Tensor, "batch"],
    alphas_cumprod: Float[Tensor, "levels"],
    huber_c: float = 0.001,
) -> Float[Tensor, ""]:
    """Latent consistency distillation: the student's leap against the target's, one guided step apart.

    student, target: (z, t, cond, w_emb) -> noise prediction; teacher: (z, t, cond) -> noise prediction, called
    with cond and with uncond; z0, noise [B, C, H, W]; w [B], for the teacher's step; w_emb: what the student and
    the target are told about w; t_start, t_end: int levels [B]; alphas_cumprod [1000]; huber_c: width of the
    parabola. The boundary scalings keep their defaults. Returns a 0-dim loss. Gradient reaches the student
    only: none flows to the teacher or the target, also if the target is the student itself.
    Source: Luo et al. 2023 (arXiv 2310.04378), algorithm 1; pseudo-Huber distance as in the official code.
    """
    ### BEGIN SOLUTION
    ab_t, ab_s = alphas_cumprod[t_start], alphas_cumprod[t_end]  # [B], [B]

    def leap(model: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], z: Tensor, t: Tensor, ab: Tensor) -> Tensor:
        c_skip, c_out = (_trailing(c, z) for c in lcm_boundary_scalings(t))  # [B, 1, 1, 1]
        ab = _trailing(ab, z)
        eps = model(z, t, cond, w_emb)
        return c_skip * z + c_out * (z - torch.sqrt(1 - ab) * eps) / torch.sqrt(ab)

    z_t = _trailing(ab_t.sqrt(), z0) * z0 + _trailing((1 - ab_t).sqrt(), z0) * noise  # [B, C, H, W]
    with torch.no_grad():
        eps_cond, eps_uncond = teacher(z_t, t_start, cond), teacher(z_t, t_start, uncond)
        z_s = augmented_pf_ode_step(z_t, eps_cond, eps_uncond, w, ab_t, ab_s)
        goal = leap(target, z_s, t_end, ab_s)
    pred = leap(student, z_t, t_start, ab_t)
    return (torch.sqrt((pred - goal) ** 2 + huber_c**2) - huber_c).mean()
    ### END SOLUTION


# %% [markdown]
# ## Speed as a skill
#
# Distilling a whole U-Net is heavy. LCM-LoRA trains only low-rank corrections: next to each frozen weight
# $W \in \mathbb R^{d_{\text{out}} \times d_{\text{in}}}$ stands $\Delta W = B A$ with $A \in \mathbb R^{r \times d_{\text{in}}}$
# and $B \in \mathbb R^{d_{\text{out}} \times r}$. Stored are $r\,(d_{\text{in}} + d_{\text{out}})$ numbers
# instead of $d_{\text{in}} d_{\text{out}}$.
#
# One $320 \times 320$ layer at rank 4: $4 \cdot 640 = 2560$ parameters instead of 102,400, which is 2.5 %. All
# attention layers of Stable Diffusion 1.5 at rank 4 make 797,184 parameters: 3.19 MB at four bytes each, 1.59 MB
# at two. Sizes that you read about adapters hang on the rank, on which layers are adapted and on the precision;
# do the sum yourself. A megabyte is $10^6$ bytes here.


# %%
def lora_adapter_size(layer_shapes: list[tuple[int, int]], rank: int, bytes_per_param: int = 2) -> dict[str, float]:
    """How big a LoRA adapter is.

    layer_shapes: (d_out, d_in) of each adapted weight; rank: at least 1; bytes_per_param: 2 is half precision.
    Returns {"params": int, "megabytes": float, "fraction": params per adapted base parameter}.
    Raises ValueError if rank < 1.
    Source: Hu et al. 2021 (arXiv 2106.09685), section 4.1.
    """
    ### BEGIN SOLUTION
    if rank < 1:
        raise ValueError(f"rank must be at least 1, not {rank}")
    params = sum(rank * (d_out + d_in) for d_out, d_in in layer_shapes)
    base = sum(d_out * d_in for d_out, d_in in layer_shapes)
    return {"params": params, "megabytes": params * bytes_per_param / 1e6, "fraction": params / base}
    ### END SOLUTION


# %% [markdown]
# ## Speed plus style
#
# "Generate in four steps" is a difference of weights, and so is "paint in watercolour". Differences add:
#
# $$ W' = W + \sum_i \text{scale}_i\, \frac{\alpha_i}{r_i}\; B_i A_i. $$
#
# That is why one speed adapter serves many fine-tunes of the same base model: it was not trained on your style,
# it is simply added to it. Adapters may have different ranks $r_i$; the fixed $\alpha_i$ (LoRA's name for a number
# that comes with each adapter; no signal share is meant) over the rank keeps their
# strength comparable, and $\text{scale}_i$ is the knob you turn. A $1 \times 1$ example: $W = 10$; speed $B = 2$,
# $A = 3$, $\alpha = 2$, $r = 1$, scale 0.5 adds 6; style $B = 1$, $A = -1$, $\alpha = 1$, $r = 1$, scale 1 takes 1
# away; together 15.


# %%
def merge_loras(weight: Float[Tensor, "out in"], loras: list[dict]) -> Float[Tensor, "out in"]:
    """A base weight with all adapters added to it.

    weight [out, in]; each adapter is a dict with "A" [r, in], "B" [out, r], "alpha" (a number) and "scale" (a
    number). Returns a new tensor [out, in]; the base weight stays as it is, and without adapters the result is
    a copy.
    Raises ValueError if B's rows or A's columns do not match the weight.
    Source: Luo et al. 2023 (arXiv 2311.05556), section 3; Hu et al. 2021 (arXiv 2106.09685), section 4.1.
    """
    ### BEGIN SOLUTION
    out = weight.clone()
    for lora in loras:
        a, b = lora["A"], lora["B"]  # [r, in], [out, r]
        if (b.shape[0], a.shape[1]) != tuple(weight.shape):
            raise ValueError(f"B {tuple(b.shape)} and A {tuple(a.shape)} do not fit W {tuple(weight.shape)}")
        out = out + lora["scale"] * (lora["alpha"] / a.shape[0]) * (b @ a)
    return out
    ### END SOLUTION


# %% [markdown]
# ## Why one step blurs
#
# Ask a *denoiser* for one step from pure noise: many pictures are possible, and it must answer with one. Trained
# with the squared error, which one does it choose? Let the candidates be $c_1, \dots, c_K$ with probabilities $p_k$. The
# answer $m$ with the least expected squared error is their mean,
#
# $$ m = \sum_k p_k c_k, \qquad R(x) = \sum_k p_k \lVert c_k - x \rVert^2, $$
#
# and the mean of sharp pictures is a blurred one. In one dimension, $c = (1, -1)$ with $p = (0.7, 0.3)$:
# $m = 0.4$ with $R(m) = 0.84$. The best *real* candidate is 1, with $R = 1.2$. So the loss prefers something
# that is 0.6 away from anything that exists. No network and no longer training cures this; it is what the
# loss asks for. (A consistency model is asked something else: for each noise there is one right answer, the end of
# its trajectory. It blurs where neighbours end far apart and the network is too smooth to follow, and a larger
# network or longer training does help.)


# %%
def sharpness_problem(candidates: Float[Tensor, "k dim"], probs: Float[Tensor, "k"]) -> dict[str, Float[Tensor, "..."]]:
    """What the squared error prefers to any real picture.

    candidates [K, D]: the possible pictures; probs [K]: their probabilities, which sum to 1. Returns
    {"mse_optimal": the answer of least expected squared error [D], "risk_optimal": its expected squared
    distance, "risk_best_candidate": the least expected squared distance that a candidate reaches,
    "distance_to_nearest": distance (not squared) from the optimum to the nearest candidate}; the last three are
    0-dim. Squared distances are sums over D.
    Source: the motivation of Sauer et al. 2023 (arXiv 2311.17042), section 1.
    """
    ### BEGIN SOLUTION
    blur = (probs.unsqueeze(1) * candidates).sum(dim=0)  # [D]
    to_blur = ((candidates - blur) ** 2).sum(dim=1)  # [K]
    pairwise = ((candidates[:, None] - candidates[None]) ** 2).sum(dim=2)  # [K, K]
    return {
        "mse_optimal": blur,
        "risk_optimal": (probs * to_blur).sum(),
        "risk_best_candidate": (pairwise @ probs).min(),
        "distance_to_nearest": to_blur.min().sqrt(),
    }
    ### END SOLUTION


# %% tags=["notebook-only"]
angle = torch.arange(6) * (2 * math.pi / 6)
ring = torch.stack([angle.cos(), angle.sin()], dim=1)
ring_probs = torch.tensor([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
try:
    answer = sharpness_problem(ring, ring_probs)
except NotImplementedError:
    print("Write sharpness_problem, then run this cell again: it shows where the squared error ends up.")
else:
    plt.figure(figsize=(4, 4))
    plt.scatter(*ring.T, s=800 * ring_probs, label="real pictures")
    plt.scatter(*answer["mse_optimal"], marker="x", color="crimson", label="least squared error")
    plt.title("The best answer is none of the real ones")
    plt.axis("equal")
    plt.legend()
    plt.show()

# %% [markdown]
# ## A critic that cannot be fooled by blur
#
# Adversarial diffusion distillation (ADD, behind SDXL Turbo) adds a discriminator. It looks at features of the
# picture through several heads, and each head returns logits: high for real, low for fake. Each head $h$ is
# trained with the hinge loss, and the heads count alike:
#
# $$ L_D = \frac{1}{H} \sum_h \Big( \operatorname{E}\big[\max(0,\, 1 - D_h(\text{real}))\big]
#         + \operatorname{E}\big[\max(0,\, 1 + D_h(\text{fake}))\big] \Big). $$
#
# Past the margin of 1 there is nothing left to gain: a real logit of 2 costs 0 (and sends no gradient), 0.5 costs
# 0.5; a fake logit of -0.3 costs 0.7, and -2 costs 0. Heads look at maps of different sizes, so average within
# a head first. (The paper also adds a gradient penalty, which is left out here.)


# %%
def add_discriminator_loss(
    real_logits: list[Float[Tensor, "..."]], fake_logits: list[Float[Tensor, "..."]]
) -> Float[Tensor, ""]:
    """The hinge loss of a discriminator with several heads.

    real_logits, fake_logits: one tensor of logits for each head, of any shape. Returns the mean over the heads,
    0-dim.
    Source: Sauer et al. 2023 (arXiv 2311.17042), section 3.2, without the R1 penalty.
    """
    ### BEGIN SOLUTION
    heads = [
        torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
        for real, fake in zip(real_logits, fake_logits, strict=True)
    ]
    return torch.stack(heads).mean()
    ### END SOLUTION


# %% tags=["notebook-only"]
logit = torch.linspace(-3, 3, 121)
plt.figure(figsize=(6, 3))
plt.plot(logit, torch.relu(1 - logit), label="hinge, real")
plt.plot(logit, torch.relu(1 + logit), label="hinge, fake")
plt.plot(logit, torch.nn.functional.softplus(-logit), "--", color="grey", label="cross-entropy, real")
plt.xlabel("logit")
plt.title("Past the margin the hinge is satisfied")
plt.legend()
plt.show()

# %% [markdown]
# ## Two teachers, two lessons
#
# The student's sample $x$ is judged twice. The discriminator teaches *how real pictures look*, and the frozen
# diffusion teacher teaches *what the picture should show*:
#
# $$ L = L_{\text{adv}} + \lambda\, L_{\text{distill}}, \qquad
#    L_{\text{adv}} = -\frac1H \sum_h \operatorname{E}\big[D_h(x)\big], \qquad
#    L_{\text{distill}} = \operatorname{mean}_b\; \alpha_s\, \operatorname{mean}\big( (x - y)^2 \big). $$
#
# The teacher only understands noisy pictures, so its answer is $y = \text{teacher}(\alpha_s x + \sigma_s n,\; s)$,
# and $y$ is a fixed target: no gradient runs back through the teacher, nor through the re-noised input. The
# discriminator, in contrast, sees the clean sample, and the student learns by the gradient that comes back
# *through* it. The weight $\alpha_s$ lets a target made from heavy noise count less.
#
# One pixel: $x = 1$, $y = 0.6$, $\alpha_s = 0.8$ give $L_{\text{distill}} = 0.8 \cdot 0.16 = 0.128$. With a mean
# logit of 0.4 and $\lambda = 2.5$ the loss is $-0.4 + 2.5 \cdot 0.128 = -0.08$.


# %%
def add_generator_loss(
    student_x0: Float[Tensor, "batch channels height width"],
    teacher: Callable[[Tensor, Tensor], Tensor],
    discriminator: Callable[[Tensor], list[Tensor]],
    noise: Float[Tensor, "batch channels height width"],
    s: Tensor,
    alpha_s: Float[Tensor, "batch"],
    sigma_s: Float[Tensor, "batch"],
    lam: float = 2.5,
) -> dict[str, Float[Tensor, ""]]:
    """What the student of adversarial diffusion distillation minimises.

    student_x0, noise [B, C, H, W]; teacher: (noisy, s) -> clean estimate; discriminator: clean sample -> list of
    logits, one tensor of any shape for each head; s: the teacher's noise level [B]; alpha_s, sigma_s: signal and
    noise coefficients at s, [B]; lam: weight of the distillation.
    Returns {"loss", "adv", "distill"}, all 0-dim. The teacher's answer is a constant: no gradient through it or
    its input.
    Source: Sauer et al. 2023 (arXiv 2311.17042), section 3.2, with the weight c(t) = alpha_t.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        renoised = _trailing(alpha_s, noise) * student_x0 + _trailing(sigma_s, noise) * noise
        goal = teacher(renoised, s)  # [B, C, H, W]
    per_sample = ((student_x0 - goal) ** 2).flatten(start_dim=1).mean(dim=1)  # [B]
    distill = (alpha_s * per_sample).mean()
    logits = discriminator(student_x0)
    adv = -torch.stack([head.mean() for head in logits]).mean()
    return {"loss": adv + lam * distill, "adv": adv, "distill": distill}
    ### END SOLUTION


# %% [markdown]
# ## Speed that carries over
#
# **Speed as a skill**: LCM-LoRA is a small file that makes *another* model fast, one that its training has never seen.
# Is that true, and how far does it go? Try it on handwritten digits. `digits.teacher()` is a trained flow of lesson
# 7.2.2's path: a velocity $v(x, t, c)$ of $(1 - t)\,x_0 + t\,\epsilon$ for each digit $c$. From noise $x$ at $t = 1$ its
# jump is $x - v(x, 1, c)$. One such jump blurs: it is the mean of all digits that are possible.
#
# Train a low-rank update of its weights after which *one jump* lands where the teacher's own trajectory ends. Each
# adapter belongs to one weight and has the form that `merge_loras` reads; a weight with more than two axes counts as
# $[\text{out}, \text{everything else}]$. Which weights, which rank, what you compare with what: the design is yours. The
# budget:
#
# - `steps` updates (80 when it is judged), and 20 seconds of processor time;
# - **25,000 numbers** in all factors together; the teacher has 133,841.
#
# The criterion is the miss of one jump: the root mean square distance to the end of the own trajectory, relative to what
# one jump without the file misses. It must be below **0.6** for the teacher, and below **0.6** for a *fine-tune* that you do
# not see: the teacher, trained some steps further on digits in another style.
#
# There is a limit to it. A stranger can draw exactly the same digits with other coordinates inside: the teacher
# with its channels in another order. Your update is written in the teacher's coordinates, and there it is noise. Measured
# with the solution:
#
# | one jump of | without the file | with the file |
# |---|---|---|
# | the teacher | 1 | 0.44 |
# | a fine-tune on mirrored digits | 1 | 0.48 |
# | a fine-tune on faint ink | 1 | 0.6 to 0.7 |
# | a stranger who draws what the teacher draws | 1 | 1.4 |
#
# (Latents of real pictures need two to four jumps. With so few pixels four plain Euler steps are nearly right, so the
# jump is what shows a difference.)
#
# Predict before you measure: return the miss that you expect for the teacher. The report shows it beside what was
# measured. The prediction is not graded.


# %%
def train_speed_lora(
    teacher: nn.Module,
    images: Float[Tensor, "samples 1 8 8"],
    labels: Int64[Tensor, "samples"],
    steps: int,
    seed: int,
) -> dict:
    """A small file that makes the teacher, and relatives of it, land in one jump.

    teacher: a frozen DigitUNet, (x [B, 1, 8, 8], t [B], label [B]) -> velocity like x; it stays as it is. images, labels:
    training digits; steps: number of optimiser updates; seed: for all random draws. Returns {"adapters": from the name
    of a teacher's parameter with two or more axes to a dict with "A" [r, in], "B" [out, r], "alpha" and "scale" as
    merge_loras reads them, at most 25,000 numbers in all A and B; "predicted_miss": the relative miss that you expect, a
    number}. At most 20 seconds of processor time on one thread.
    Source: Luo et al. 2023 (LCM-LoRA, arXiv 2311.05556), section 3.
    """
    ### BEGIN SOLUTION
    generator, rank, levels, batch = torch.Generator().manual_seed(seed), 4, 8, 32
    frozen = {name: weight.detach() for name, weight in teacher.named_parameters()}
    adapters, slow = {}, {}
    for name, weight in frozen.items():
        if weight.ndim >= 2 and weight.shape[0] > rank:
            out_in = weight.flatten(1).shape
            a = torch.randn(rank, out_in[1], generator=generator) / math.sqrt(out_in[1])
            adapters[name] = {"A": a, "B": torch.zeros(out_in[0], rank), "alpha": float(rank), "scale": 1.0}
            slow[name] = {**adapters[name], "A": a.clone(), "B": torch.zeros(out_in[0], rank)}
    factors = [lora[key].requires_grad_() for lora in adapters.values() for key in ("A", "B")]

    def jump(loras: dict, x: Tensor, t: Tensor, label: Tensor) -> Tensor:
        merged = dict(frozen)
        for name, lora in loras.items():
            merged[name] = merge_loras(frozen[name].flatten(1), [lora]).reshape(frozen[name].shape)
        return x - _trailing(t, x) * functional_call(teacher, merged, (x, t, label))

    optimiser = torch.optim.Adam(factors, lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        row = torch.randint(len(images), (batch,), generator=generator)
        x0, label, noise = images[row], labels[row], torch.randn(batch, 1, 8, 8, generator=generator)
        k = torch.randint(levels, (batch,), generator=generator)
        hi, lo = (k + 1) / levels, k / levels  # [B]
        x_hi = (1 - _trailing(hi, x0)) * x0 + _trailing(hi, x0) * noise
        with torch.no_grad():
            x_lo = x_hi + _trailing(lo - hi, x0) * teacher(x_hi, hi, label)
            goal = jump(slow, x_lo, lo, label)
        loss = (jump(adapters, x_hi, hi, label) - goal).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for name, lora in slow.items():
                for key in ("A", "B"):
                    lora[key].lerp_(adapters[name][key], 0.1)
    for factor in factors:
        factor.requires_grad_(False)
    return {"adapters": adapters, "predicted_miss": 0.5}
    ### END SOLUTION


# %% tags=["notebook-only"]
# Ten digits: one jump without the file and with it, for the teacher and for a fine-tune on mirrored digits.
import copy

from digits import load_digits, teacher

base, (pictures, asked) = teacher(), load_digits()
try:
    speed_file = train_speed_lora(teacher(), pictures, asked, 80, 0)["adapters"]
except NotImplementedError:
    print("Write train_speed_lora, then run this cell again: one file, two models.")
else:
    torch.manual_seed(0)
    relative = copy.deepcopy(base).requires_grad_(True)
    optimiser = torch.optim.Adam(relative.parameters(), lr=2e-3)
    for _ in range(100):
        row, t = torch.randint(len(pictures), (32,)), torch.rand(32)
        x0, eps, at = pictures[row].flip(-1), torch.randn(32, 1, 8, 8), t[:, None, None, None]
        loss = (relative((1 - at) * x0 + at * eps, t, asked[row]) - (eps - x0)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    def with_file(model):
        faster = copy.deepcopy(model)
        for name, weight in faster.named_parameters():
            if name in speed_file:
                weight.data = merge_loras(weight.data.flatten(1), [speed_file[name]]).reshape(weight.shape)
        return faster

    start, ten = torch.randn(10, 1, 8, 8), torch.arange(10)
    models = {"teacher": base, "with the file": with_file(base)}
    models |= {"mirrored fine-tune": relative, "with the file, too": with_file(relative)}
    figure, panels = plt.subplots(4, 10, figsize=(10, 4.2))
    for line, (name, model) in zip(panels, models.items(), strict=True):
        with torch.no_grad():
            drawn = start - model(start, torch.ones(10), ten)
        for panel, picture in zip(line, drawn, strict=True):
            panel.imshow(-picture[0], cmap="gray", vmin=-1, vmax=1)
            panel.axis("off")
        line[0].set_title(name, loc="left")
    plt.show()

# %% [markdown]
# ## The same numbers as in a library
#
# If diffusers is installed, the next cell compares your boundary scalings and your levels with those of its LCM
# scheduler.

# %% tags=["notebook-only"]
try:
    from diffusers import LCMScheduler
except ImportError:
    print("diffusers is not installed: pip install diffusers, if you want to compare.")
else:
    try:
        scheduler = LCMScheduler()
        for steps in (1, 4, 8):
            scheduler.set_timesteps(steps)
            print(steps, "levels agree:", scheduler.timesteps.tolist() == lcm_inference_timesteps(steps))
        theirs = [scheduler.get_scalings_for_boundary_condition_discrete(torch.tensor(t)) for t in (0, 19, 999)]
        ours = torch.stack(lcm_boundary_scalings(torch.tensor([0, 19, 999])), dim=1)
        print("scalings differ by", (torch.tensor(theirs) - ours).abs().max().item())
    except NotImplementedError:
        print("Write lcm_boundary_scalings and lcm_inference_timesteps, then run this cell again.")
