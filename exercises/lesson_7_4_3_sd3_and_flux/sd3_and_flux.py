# Your file for the lesson SD3 & Flux. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # SD3 & Flux
#
# Stable Diffusion 3 and Flux look like a fresh start: a transformer in which text and image talk to each
# other, a third text encoder, a new training objective, a sampler of 28 steps. Take them apart and you find
# hardly a part that you have not met: patches and adaLN from the diffusion transformer, two CLIPs from SDXL,
# straight roads from flow matching. What is new is mostly *where things sit*: text is no longer a document
# that the image looks up, it sits in the same room.
#
# You will join three text encoders, let two modalities listen to each other, write SD3's block and Flux's
# leaner one, measure why each modality keeps projections of its own, train and sample with straight paths,
# and at the end follow one prompt through all thirteen stages of the pipeline.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $s \in [0, 1]$ | `s`, `sigmas` | noise level: 0 is data, 1 is pure noise; lesson 7.2.2 called it the time $t$ |
# | $x_s = (1 - s)\,x_0 + s\,\epsilon$ | `x0`, `noise` | a point on the straight road from data to noise |
# | $v = \epsilon - x_0$ | `velocity` | the velocity along that road, in the direction of growing $s$ |
# | $B$, $d$ | `d_model` | batch and width of the transformer |
# | $n_{\text{txt}}, n_{\text{img}}$ | `n_txt` | tokens of text and of image; $N = n_{\text{txt}} + n_{\text{img}}$ |
# | $c$ | `c` | one conditioning vector for each sample, `[B, d]`: time and pooled text |
#
# Tokens are `[B, n, d]`. Attention has `n_heads` heads of size $d/\text{heads}$; head $h$ owns *consecutive*
# channels; scores are divided by the root of the head's size; there is no mask and no dropout. LayerNorm has
# no parameters and $\varepsilon = 10^{-6}$. Text stands **first** wherever the two are joined. All functions
# leave their arguments as they are and answer in their dtype.


# %%
import math
from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

# %% [markdown]
# One helper is given: use it as it is. You know it from lesson 7.4.2.


# %%
def modulate(
    h: Float[Tensor, "batch tokens d"], shift: Float[Tensor, "batch d"], scale: Float[Tensor, "batch d"]
) -> Float[Tensor, "batch tokens d"]:
    """h * (1 + scale) + shift, the same shift and scale for all tokens of a sample."""
    return h * (1 + scale[:, None]) + shift[:, None]


# %% [markdown]
# ## Three encoders, one context
#
# SDXL reads a prompt with two CLIPs. SD3 keeps both and adds **T5-XXL**, a language model of 4.7 billion
# parameters that has never seen an image. The CLIPs know what things *look like*; T5 knows what a sentence
# *says*: who holds what, which of the three is red, what the sign spells. Neither replaces the other.
#
# | encoder | tokens | width | pooled |
# |---|---|---|---|
# | CLIP ViT-L | 77 | 768 | 768 |
# | OpenCLIP ViT-bigG | 77 | 1280 | 1280 |
# | T5-XXL | for example 256 | 4096 | none |
#
# The two CLIPs cut a prompt into the same tokens, so token 5 of one belongs to token 5 of the other: join
# them along the **channels**, $768 + 1280 = 2048$. T5 cuts it differently, so its token 5 belongs to nothing
# of theirs: join it along the **sequence**. A sequence needs one width, so the CLIP tokens get zeros at the
# end of their channels, $2048 + 2048 = 4096$. The context is $[B,\, 77 + 256,\, 4096]$, CLIP first.
#
# The pooled vectors, one for each CLIP and none for T5, are joined to $[B, 2048]$. They say in one glance
# what the picture is about, and enter through $c$, beside the time. (Flux makes do with two encoders: T5 for the
# tokens, CLIP-L for the pooled vector.)
#
# In small: CLIP-L gives $(1)$, CLIP-G gives $(2, 3)$, T5 has width 5. The CLIP token becomes
# $(1, 2, 3, 0, 0)$.


# %%
def sd3_text_context(
    clip_l: Float[Tensor, "batch n_clip d_l"],
    clip_g: Float[Tensor, "batch n_clip d_g"],
    t5: Float[Tensor, "batch n_t5 d_t5"],
    pooled_l: Float[Tensor, "batch p_l"],
    pooled_g: Float[Tensor, "batch p_g"],
) -> tuple[Float[Tensor, "batch n_clip+n_t5 d_t5"], Float[Tensor, "batch p_l+p_g"]]:
    """The token context and the pooled vector that SD3 makes of its three text encoders.

    clip_l [B, n, d_l] and clip_g [B, n, d_g] belong together token by token; t5 [B, m, d_t5]; pooled_l and
    pooled_g are one vector for each sample. Returns (context [B, n + m, d_t5], pooled [B, p_l + p_g]): CLIP-L
    before CLIP-G before T5, zeros behind the CLIP channels.
    Raises ValueError if d_l + d_g is more than d_t5; equal is fine.
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), section on the architecture; T5: Raffel et al. 2020
    (arXiv 1910.10683).
    """
    raise NotImplementedError


# %% [markdown]
# ## Three ways to share a room
#
# You are to design it: text tokens here, image tokens there. How should they hear each other? Between two modalities
# four kinds of attention are possible: text to text, text to image, image to text, image to image (first who asks, then
# who answers). Three designs that have been built:
#
# 1. **Cross-attention** (Stable Diffusion 1 to XL): image tokens attend to each other, then look the text up. The text
#    is a document; it is handed on as it came.
# 2. **Two softmaxes**: each modality attends to itself, and in a second attention to the other one; the two answers are
#    added. IP-Adapter reads its two documents so. Every reading adds up to 1 by itself, however little it has to say.
# 3. **One room**: all tokens in one sequence, one softmax.
#
# Which of the four kinds does a design have? One need not read its code for that. Change one token a little, and see
# **who notices**: token $a$ hears token $b$ if changing $b$ changes what becomes of $a$. Three traps are in the way:
#
# - A token's own way through the block (residual, feed-forward network) is not attention: only *other* tokens count.
# - A change that a norm removes is no change. Adding the same number to all channels passes unseen behind a LayerNorm.
# - Compare with what the block makes of the *unchanged* tokens, not with the tokens themselves.


# %%
def attention_kinds(
    block: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    txt: Float[Tensor, "batch n_txt d"],
    img: Float[Tensor, "batch n_img d"],
) -> dict[str, bool]:
    """Which kinds of attention a block has, found by changing tokens and looking who notices.

    block: (txt, img) -> (txt, img), without chance and without memory; txt, img: tokens to try it with, at least two
    of each, general enough that no difference comes out as zero by accident. Returns bools: "text_to_text",
    "text_to_image", "image_to_text", "image_to_image" (who asks, then who answers), and "text_changes": whether the
    block hands on another text than it was given. txt and img stay as they are.
    """
    raise NotImplementedError


# %% [markdown]
# ## One room, one conversation
#
# SD3 takes the third design and puts everyone into one room: lay the text tokens and the image tokens side by side, 77
# of text and 256 of image make 333, and run plain self-attention over all of them,
#
# $$ A = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_{\text{head}}}}\right), \qquad
#    Q = \begin{bmatrix} Q_{\text{txt}} \\ Q_{\text{img}} \end{bmatrix},\quad
#    K = \begin{bmatrix} K_{\text{txt}} \\ K_{\text{img}} \end{bmatrix},\quad
#    V = \begin{bmatrix} V_{\text{txt}} \\ V_{\text{img}} \end{bmatrix}. $$
#
# There is one operation, and it holds all four kinds. And there is *one* softmax, so the modalities
# compete: what a patch of grass gives to its neighbours it cannot give to the word "fox".
#
# One head, all keys equal, so that every share is the same: text values 1 and 3, image values 10 and 20.
# Everyone hears $34/4 = 8.5$, text included. (IP-Adapter's two softmaxes would have given $2$ from the text
# and $15$ from the image.)
#
# Afterwards cut the answer where you joined it: the first $n_{\text{txt}}$ rows go back to the text.


# %%
def joint_attention(
    q_txt: Float[Tensor, "batch n_txt d"],
    k_txt: Float[Tensor, "batch n_txt d"],
    v_txt: Float[Tensor, "batch n_txt d"],
    q_img: Float[Tensor, "batch n_img d"],
    k_img: Float[Tensor, "batch n_img d"],
    v_img: Float[Tensor, "batch n_img d"],
    n_heads: int,
) -> tuple[
    Float[Tensor, "batch n_txt d"], Float[Tensor, "batch n_img d"], Float[Tensor, "batch n_heads n_all n_all"]
]:
    """Self-attention over text and image tokens together.

    q, k, v of the text [B, n_txt, d] and of the image [B, n_img, d], already projected; d is a multiple of
    n_heads. Returns (what the text hears [B, n_txt, d], what the image hears [B, n_img, d], the attention
    after the softmax [B, n_heads, N, N] with N = n_txt + n_img; row: who asks, column: who answers).
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), figure of the MM-DiT block.
    """
    raise NotImplementedError


# %% [markdown]
# ## Who listens to whom?
#
# Put a number on each of the four. A row of $A$ is one token's attention and adds up to 1. So for a group of
# askers and a group of answerers: **add** the shares over the answerers (columns), then **average** over
# heads and askers (rows). What comes out is a share: text to text and text to image add up to 1, and so do
# the two of the image.
#
# One head, one text token, two image tokens:
#
# | asks \ answers | text | image 1 | image 2 |
# |---|---|---|---|
# | text | 0.5 | 0.3 | 0.2 |
# | image 1 | 0.4 | 0.4 | 0.2 |
# | image 2 | 0.2 | 0.1 | 0.7 |
#
# Text to image: $0.3 + 0.2 = 0.5$. Image to text: the mean of $0.4$ and $0.2$, $0.3$; so image to image is
# $0.7$. Averaging over the columns too would mix in how *many* tokens a modality has.


# %%
def attention_quadrants(
    att: Float[Tensor, "batch n_heads n_all n_all"], n_txt: int
) -> dict[str, Float[Tensor, "batch"]]:
    """How much each modality listens to each, as shares of its attention.

    att [B, heads, N, N]: attention after the softmax, the first n_txt rows and columns are text. Returns a
    dict of four tensors [B]: "text_to_text", "text_to_image", "image_to_text", "image_to_image" (first who
    asks, then who answers).
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), section on the architecture.
    """
    raise NotImplementedError


# %% [markdown]
# ## Shared listening, separate thinking
#
# Now SD3's block, the **MM-DiT** block. Take the diffusion transformer's block and make two of it, one for
# each modality, with one joint attention in the middle:
#
# $$ h = \mathrm{LN}(x)\,(1 + \text{scale}_1) + \text{shift}_1, \qquad q, k, v = W_q h,\; W_k h,\; W_v h
#    \qquad \text{(each stream with its own weights)} $$
#
# $$ a_{\text{txt}},\, a_{\text{img}} = \text{joint attention of all six} $$
#
# $$ x \leftarrow x + \text{gate}_1\; W_{\text{proj}}\, a, \qquad
#    x \leftarrow x + \text{gate}_2\; \mathrm{FFN}\big(\mathrm{LN}(x)\,(1 + \text{scale}_2)
#    + \text{shift}_2\big) $$
#
# They *listen* together and *think* apart. Each stream owns
#
# | name | what |
# |---|---|
# | `ada` | $d \to 6d$, zero at first; reads $\mathrm{silu}(c)$ and gives shift, scale, gate for the attention, then shift, scale, gate for the FFN |
# | `q`, `k`, `v`, `proj` | $d \to d$ |
# | `fc1`, `fc2` | $d \to 4d \to d$ with a tanh-GELU between |
#
# Both streams read the same $c$, each with its own `ada`. Since `ada` starts at zero, so do all gates: a
# fresh block hands both streams through untouched. Nothing, then a whisper. Later the text stream is *updated*, which
# cross-attention never did: block after block, the words learn what the picture has become. Ask your
# `attention_kinds` about a block with random weights.
#
# What it costs: $4d^2$ for the attention, $8d^2$ for the FFN, $6d^2$ for `ada`, twice: $36\,d^2$. SD3 Medium
# has $d = 1536$ and 24 blocks: $24 \cdot 36 \cdot 1536^2 = 2.04$ billion, and it is known as a model of two
# billion parameters.


# %%
class MMDiTBlock(nn.Module):
    """SD3's transformer block: two streams with weights of their own, joined in one attention.

    State keys: for each of `txt` and `img` the Linear layers (with bias) `ada` (d -> 6d, weight and bias zero
    at first), `q`, `k`, `v`, `proj` (d -> d), `fc1` (d -> 4d), `fc2` (4d -> d); for example `txt.ada.weight`.
    There are no other parameters.
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), figure of the MM-DiT block, here without the optional
    normalisation of queries and keys.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        txt: Float[Tensor, "batch n_txt d"],
        img: Float[Tensor, "batch n_img d"],
        c: Float[Tensor, "batch d"],
    ) -> tuple[Float[Tensor, "batch n_txt d"], Float[Tensor, "batch n_img d"]]:
        """txt [B, n_txt, d], img [B, n_img, d], c [B, d] -> (txt, img), both updated."""
        raise NotImplementedError


# %% [markdown]
# ## Why not share the projections?
#
# Two streams are twice the weights. Would one projection for everybody do? Ask it in the smallest form: text
# tokens $X_t$ are to be mapped to $Y_t$, image tokens $X_i$ to $Y_i$, by linear maps. Measure the best
# possible squared error,
#
# $$ \text{shared} = \min_W \frac{\lVert X_t W - Y_t \rVert^2 + \lVert X_i W - Y_i \rVert^2}{n_t + n_i},
#    \qquad
#    \text{specific} = \frac{\min_{W}\lVert X_t W - Y_t \rVert^2
#    + \min_{W'}\lVert X_i W' - Y_i \rVert^2}{n_t + n_i}. $$
#
# The squared norms run over all tokens and output channels. With a map of its own each modality can only do
# better. By how much depends on whether they want the same thing.
#
# One channel each. Text: $x = (1, 2)$, $y = (2, 4)$, which wants $W = 2$. Image: $x = (2, 1)$,
# $y = (-2, -1)$, which wants $W = -1$. Specific error: 0. The best shared map is
# $\sum xy / \sum x^2 = (10 - 5)/10 = 0.5$, and both modalities are off by 1.5 per unit of $x$: the error is
# $2.25 \cdot 10 / 4 = 5.625$. Neither is served. If both wanted $W = 2$, sharing would cost nothing.
#
# `torch.linalg.lstsq` finds the minimiser.


# %%
def projection_conflict(
    x_txt: Float[Tensor, "n_txt d"],
    y_txt: Float[Tensor, "n_txt k"],
    x_img: Float[Tensor, "n_img d"],
    y_img: Float[Tensor, "n_img k"],
) -> dict[str, Float[Tensor, ""]]:
    """The smallest squared error per token with one linear map for both modalities, and with one for each.

    x_txt [n_txt, d] is to be mapped to y_txt [n_txt, k], x_img [n_img, d] to y_img [n_img, k], by y = x W
    without a bias; each modality has at least d tokens, in general position. Returns a dict of two 0-dim
    tensors, "shared" and "specific": squared errors summed over tokens and channels, divided by the number
    of all tokens.
    Source: linear least squares; the design it explains: Esser et al. 2024 (SD3, arXiv 2403.03206), section
    on the architecture.
    """
    raise NotImplementedError


# %% [markdown]
# ## Shift the noise levels
#
# From architecture to noise. The road is the one of flow matching, $x_s = (1-s)\,x_0 + s\,\epsilon$, and you
# already know all that SD3 needs of it. One question is left: which levels $s$ should the steps visit?
#
# A large picture shows through more noise than a small one: many neighbouring pixels say nearly the same, and
# their noise averages out. So at the same $s$ a large picture is *less* destroyed, and its hard part, where
# the composition is decided, lies at higher $s$. The remedy is to move all levels up:
#
# $$ s' = \frac{\alpha\, s}{1 + (\alpha - 1)\, s}. $$
#
# It looks arbitrary until you look at the odds of noise to signal, $s/(1-s)$: they are multiplied by
# $\alpha$, nothing else. Hence 0 and 1 stay where they are, $\alpha = 1$ changes nothing, and shifting by
# $a$ and then by $b$ is shifting by $ab$. With $\alpha = 3$, SD3's value for pictures of $1024^2$:
#
# | $s$ | 0 | 0.1 | 0.25 | 0.5 | 0.75 | 1 |
# |---|---|---|---|---|---|---|
# | $s'$ | 0 | 0.25 | 0.5 | 0.75 | 0.9 | 1 |
#
# Half of the steps are now spent above 0.75.


# %%
def shift_sigmas(sigmas: Float[Tensor, "..."], shift: float) -> Float[Tensor, "..."]:
    """Move noise levels towards noise (shift > 1) or towards data (shift < 1); 0 and 1 stay.

    sigmas: levels in [0, 1], any shape; shift: the factor of the odds, positive. Returns a tensor like
    sigmas.
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), "resolution-dependent shifting of timestep schedules".
    """
    raise NotImplementedError


# %% [markdown]
# ## Flux: the shift follows the picture's size
#
# SD3 fixes one shift. Flux computes it from the number of image tokens $n$. The logarithm of the shift,
# $\mu$, lies on the straight line through two points,
#
# $$ \mu(256) = 0.5, \qquad \mu(4096) = 1.15, \qquad \text{shift} = e^{\mu}. $$
#
# (256 tokens are a picture of $256^2$, 4096 one of $1024^2$, with a factor 8 from the autoencoder and 2 from
# patches.) The line goes on at both ends; nothing is clipped.
#
# | $n$ | 256 | 1024 | 4096 | 8192 |
# |---|---|---|---|---|
# | $\mu$ | 0.5 | 0.63 | 1.15 | 1.843 |
# | shift | 1.649 | 1.878 | 3.158 | 6.318 |
# | 0.5 moves to | 0.622 | 0.652 | 0.760 | 0.863 |
#
# At $1024^2$ Flux's shift is close to SD3's 3.


# %%
def flux_dynamic_shift(
    sigmas: Float[Tensor, "..."],
    n_tokens: int,
    base_tokens: int = 256,
    max_tokens: int = 4096,
    base_mu: float = 0.5,
    max_mu: float = 1.15,
) -> Float[Tensor, "..."]:
    """Shift noise levels by an amount that grows with the number of image tokens.

    sigmas: levels in [0, 1], any shape; n_tokens: image tokens of the picture. The logarithm of the shift
    is linear in n_tokens: base_mu at base_tokens, max_mu at max_tokens, and on the same line outside. Returns
    a tensor like sigmas.
    Source: Black Forest Labs 2024 (FLUX.1), the reference code's `get_schedule`.
    """
    raise NotImplementedError


# %% [markdown]
# ## Which levels does training see?
#
# Drawing $s$ uniformly treats all levels alike. But the ends are easy: near $s = 0$ the network only has to
# tell noise from a nearly clean picture, near $s = 1$ the best answer is hardly more than a mean. The work is
# in the middle. SD3 draws more of it: $s = \mathrm{sigmoid}(z)$ with $z \sim \mathcal N(m, \varsigma^2)$, so
# the *logit* of $s$ is normal. What is the density of $s$ itself? Change variables,
# $p(s) = p_z(z)\,\lvert dz/ds \rvert$ with $z = \log\frac{s}{1-s}$ and $dz/ds = \frac{1}{s(1-s)}$:
#
# $$ p(s) = \frac{1}{s\,(1-s)}\;\frac{1}{\varsigma\sqrt{2\pi}}\;
#    \exp\!\left(-\frac{(\log\frac{s}{1-s} - m)^2}{2\varsigma^2}\right). $$
#
# With $m = 0$, $\varsigma = 1$: at $s = 0.5$ the density is $0.3989 / 0.25 = 1.596$; at $0.1$ the logit is
# $-2.197$ and the density $0.0357 / 0.09 = 0.397$, a quarter. The factor $1/(s(1-s))$ matters: without it the
# density at 0.5 would be 0.399 and the whole would not add up to 1.
#
# And the shift? It multiplies the odds, so it adds $\log\alpha$ to the logit: a shifted logit-normal is again
# one, with its mean moved.


# %%
def logit_normal_density(
    s: Float[Tensor, "..."], mean: float = 0.0, std: float = 1.0
) -> Float[Tensor, "..."]:
    """The density of sigmoid(z) with z normal, at each element of s.

    s: levels strictly between 0 and 1, any shape; mean, std: of the logit, std positive. Returns a tensor
    like s.
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), section on samplers for rectified flows; Aitchison &
    Shen 1980, "Logistic-normal distributions: some properties and uses".
    """
    raise NotImplementedError


# %% [markdown]
# ## One training step
#
# Everything is at hand. Design the road, and what has to be learned follows: $x_s = (1-s)\,x_0 + s\,\epsilon$
# has the derivative $\epsilon - x_0$, the same all along. So:
#
# 1. from a standard normal draw $z$ for each sample, the level: $\mathrm{sigmoid}(m + \varsigma z)$, shifted;
# 2. the point $x_s$ on the road;
# 3. ask the model for the velocity there, and take the mean squared error to $\epsilon - x_0$.
#
# The velocity points from data to *noise*, the direction in which $s$ grows.
#
# By hand: $x_0 = 2$, $\epsilon = -1$, $z = 0$, shift 3. Then $s = 0.5$, shifted to 0.75; $x_s = 0.25 \cdot 2
# - 0.75 = -0.25$; the target is $-3$. A model that answers $-2$ has the loss 1.
#
# Each sample has its own level, shape `[B]`, and data have any number of axes behind the batch.


# %%
def sd3_training_loss(
    model: Callable[[Tensor, Tensor, Tensor], Tensor],
    x0: Float[Tensor, "batch ..."],
    noise: Float[Tensor, "batch ..."],
    normal_draws: Float[Tensor, "batch"],
    cond: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    shift: float = 1.0,
) -> Float[Tensor, ""]:
    """SD3's loss on one batch: the mean squared error of the velocity, at logit-normal levels.

    model: (x [B, ...], s [B], cond) -> velocity [B, ...]; x0, noise [B, ...]; normal_draws [B]: standard
    normal, one for each sample's level; cond: handed to the model as it is; mean, std: of the level's logit;
    shift: of the levels, after the sigmoid. Returns a 0-dim tensor, the mean over all elements.
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), sections on flow trajectories and their samplers.
    """
    raise NotImplementedError


# %% [markdown]
# ## Walk the road back
#
# Sampling goes from noise, $s = 1$, to data, $s = 0$. Take $n + 1$ evenly spaced levels from 1 down to 0,
# shift them, and take Euler steps between neighbours:
#
# $$ x \leftarrow x + (s_{k+1} - s_k)\; v(x, s_k). $$
#
# The velocity points to noise, and the step $s_{k+1} - s_k$ is negative: that is what turns you round. The
# velocity is asked once per step, where the step begins, so $n$ steps cost $n$ evaluations, and the last step
# lands on $s = 0$. Were the road straight, one step would do. Learned roads are averages over many straight
# ones, so they bend a little, and 20 to 30 steps are used.
#
# All data at the point 2: the velocity is $(x - 2)/s$. From $x = -1$ at $s = 1$: $v = -3$, and one step gives
# $-1 + (-1)(-3) = 2$. In two steps with shift 3 the levels are $1, 0.75, 0$: first
# $-1 - 0.25 \cdot (-3) = -0.25$, there $v = -2.25/0.75 = -3$ again, and $-0.25 - 0.75 \cdot (-3) = 2$.


# %%
def rectified_flow_sample(
    velocity: Callable[[Tensor, Tensor], Tensor],
    noise: Float[Tensor, "batch ..."],
    n_steps: int,
    shift: float = 1.0,
) -> Float[Tensor, "batch ..."]:
    """Carry noise to data by Euler's method along a velocity field.

    velocity: (x [B, ...], s [B]) -> [B, ...], called once in each step, at the step's starting level, with s in
    noise's dtype; noise [B, ...]: the start, at s = 1; the levels are evenly spaced from 1 to 0 before they are
    shifted. Returns the samples [B, ...], at s = 0.
    Raises ValueError if n_steps < 1.
    Source: Liu et al. 2022 (rectified flow, arXiv 2209.03003); Esser et al. 2024 (SD3, arXiv 2403.03206).
    """
    raise NotImplementedError


# %% [markdown]
# ## Open experiment: six evaluations
#
# Evaluations of the network are what sampling costs. You have six. Learned roads bend, and six even Euler steps along
# them end visibly off. Do better, with any design: other levels, other steps, another use of what earlier evaluations
# said.
#
# **The goal**: the mean distance of your samples from the true ends of their roads is below 0.13, with at most six calls
# of `velocity` (each may ask about all samples at once). The checks try one long and narrow Gaussian, standard
# deviations 1.5 and 0.2, and five hills on a ring of radius 2. Six even Euler steps end 0.26 and 0.18 off, and SD3's
# shift of 3 makes it worse here: these are no large pictures. (All numbers of this section are the toy's.)
#
# Write down first which mean distance you expect: return it beside the samples. The report shows it beside the measured
# one; it costs no points.


# %%
def six_evaluations(
    velocity: Callable[[Tensor, Tensor], Tensor], noise: Float[Tensor, "batch dim"]
) -> dict:
    """Samples at s = 0 from at most six calls of a velocity field, close to the true ends of their roads.

    velocity: (x [B, D], s [B] in (0, 1]) -> [B, D], towards noise; noise [B, D]: the start, at s = 1. Returns {"samples":
    [B, D], "predicted": the mean distance from the true ends that you expect}. noise stays as it is.
    """
    raise NotImplementedError


# %% [markdown]
# ## Flux: one stream
#
# Flux begins with blocks like SD3's, two streams each, and then does something simpler: it lays text and
# image into **one** sequence and lets them share everything, projections and FFN included. After the first
# blocks the two speak the same language, and the conflict that you measured is gone. Lesson 7.4.4 takes this
# idea to its end.
#
# The single-stream block has a second economy. Instead of attention first and FFN afterwards, both read the
# same normalised input *in parallel*, and one matrix mixes their answers:
#
# $$ x = [\text{txt}, \text{img}], \qquad h = \mathrm{LN}(x)\,(1 + \text{scale}) + \text{shift}, \qquad
#    x \leftarrow x + \text{gate}\; W_{\text{out}}
#    \big[\,\mathrm{attention}(h),\; \mathrm{gelu}(W_{\text{fc1}} h)\,\big]. $$
#
# There is one norm, so `ada` gives three vectors in place of six. And queries and keys are brought to unit
# size before they meet, which keeps scores from running away in a large model: for each head,
# $q \leftarrow g_q \odot q / \sqrt{\mathrm{mean}(q^2) + 10^{-6}}$ (RMS norm) with a learned gain $g_q$ of the
# head's size that starts at one, shared by all heads; the same for $k$, with $g_k$; never for $v$. The head
# $q = (3, 4)$ has mean square 12.5, so it becomes $(0.849, 1.131)$, and so does $(30, 40)$.
#
# The weights are $15\,d^2$ against $36\,d^2$ of the two-stream block. Flux has $d = 3072$, with 19 double and
# 38 single blocks: $19 \cdot 36\,d^2 + 38 \cdot 15\,d^2 = 6.5 + 5.4$ billion, and it is known as a model of
# twelve billion.


# %%
class FluxSingleBlock(nn.Module):
    """Flux's single-stream block: text and image share all weights; attention and MLP run in parallel.

    State keys: the Linear layers (with bias) `ada` (d -> 3d: shift, scale, gate, from silu(c)), `qkv` (d ->
    3d: all of q, then k, then v), `fc1` (d -> mlp_ratio d), `out` ((1 + mlp_ratio) d -> d: attention's
    channels before the MLP's), and the gains `norm_q`, `norm_k` ([d_head], ones at first). There are no other
    parameters; how the Linear layers start is free. LayerNorm and RMS norm have eps 1e-6; the GELU is the
    tanh one.
    Source: Black Forest Labs 2024 (FLUX.1), the reference code's `SingleStreamBlock`, here without rotary
    positions; parallel branches and normalised queries and keys: Dehghani et al. 2023 (arXiv 2302.05442).
    """

    def __init__(self, d_model: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        txt: Float[Tensor, "batch n_txt d"],
        img: Float[Tensor, "batch n_img d"],
        c: Float[Tensor, "batch d"],
    ) -> tuple[Float[Tensor, "batch n_txt d"], Float[Tensor, "batch n_img d"]]:
        """txt [B, n_txt, d], img [B, n_img, d], c [B, d] -> (txt, img), both updated."""
        raise NotImplementedError


# %% [markdown]
# **Does it compute what the published code computes?** With diffusers (`pip install diffusers`), the next cell makes one
# block of SD3 and one of Flux with random weights, loads them into your blocks by name, and compares the answers.


# %% [markdown]
# ## Convergence: every part has its lesson
#
# The last exercises are reading. Follow one prompt through SD3, stage by stage. No stage is without a lesson:
# convergence, not revolution. Five threads of this course meet here:
#
# | thread | its lessons | what it brought |
# |---|---|---|
# | `latents` | 6.4 (latent diffusion, in the series before this one) | the autoencoder: noise and pictures on either side of it |
# | `text` | 7.4.1, then 7.4.3 | two CLIPs side by side and their pooled vectors; then T5, its width and its tokens |
# | `tokens` | 7.4.2 | a latent as a list, its squares flattened and projected |
# | `room` | 7.4.3, with the dial of 7.4.2 | words as tokens of the transformer's width, one sequence, and adaLN in each stream |
# | `flow` | 7.2.2 | what the network answers: a velocity, which carries noise to data |
#
# | stage | what it is |
# |---|---|
# | `clip_concat` | tokens of both CLIPs (77 each, widths 768 and 1280), joined |
# | `clip_padded` | the same, brought to T5's width of 4096 |
# | `text_context` | with the `n_t5` tokens of T5 behind them |
# | `pooled` | both CLIPs' pooled vectors |
# | `noise_latent` | the start: noise in the autoencoder's latent space, `vae_factor` times smaller per side |
# | `patches` | that latent, cut into patches of `patch` by `patch` latent pixels, flattened |
# | `image_tokens` | each patch projected to the transformer's width |
# | `text_tokens` | the text context projected to the transformer's width |
# | `joint_sequence` | what one joint attention sees |
# | `adaln_parameters` | what one stream's `ada` makes of $c$ in one block: six vectors |
# | `velocity_patches` | the answer of the transformer for each patch, as large as the patch |
# | `velocity` | the same, put together to a latent |
# | `image` | after the last step, decoded: red, green, blue |
#
# First trace each stage back yourself: to which thread does it belong, and in which lesson did you build it? Where a
# stage was built in one lesson and only used in a later one, the earlier lesson counts. What an answer *is* counts, not
# how it is laid out: a velocity in patches is a velocity.


# %%
# The stages of the pipeline, in order.
SD3_STAGES: list[str] = [
    "clip_concat",
    "clip_padded",
    "text_context",
    "pooled",
    "noise_latent",
    "patches",
    "image_tokens",
    "text_tokens",
    "joint_sequence",
    "adaln_parameters",
    "velocity_patches",
    "velocity",
    "image",
]


# %%
def stage_sources() -> dict[str, tuple[str, str]]:
    """Where each stage of SD3 comes from: its thread and its lesson, for each name in SD3_STAGES.

    Threads are "latents", "text", "tokens", "room" and "flow"; a lesson is written like "7.4.2" or "6.4".
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), figure of the architecture; the lessons of this course.
    """
    raise NotImplementedError


# %% [markdown]
# Then write down the shape of what flows there. Check yourself with `image_size` 1024, `patch` 2 and `n_t5` 256: the
# latent has 128 pixels per side, so there are $64^2 = 4096$ image tokens and $77 + 256 = 333$ text tokens. (Another 333
# than the one above, where 77 was the text and 256 the image.) The joint sequence has 4429 tokens: the picture has the
# majority.


# %%
def trace_sd3_pipeline(
    image_size: int, batch: int, patch: int, d_model: int, n_t5: int, vae_factor: int = 8, channels: int = 16
) -> list[list]:
    """The shape of what flows through SD3 at each of its stages.

    image_size: pixels per side of a square picture; batch: pictures at once; patch: latent pixels per side of
    a patch; d_model: the transformer's width; n_t5: tokens of T5; vae_factor: how much smaller the latent is
    per side; channels: of the latent. Returns one row for each of SD3_STAGES, in that order: [name, shape as
    a list of int with the batch first, the lesson that stage_sources names].
    Raises ValueError if image_size is not a multiple of vae_factor * patch.
    Source: Esser et al. 2024 (SD3, arXiv 2403.03206), figure of the architecture.
    """
    raise NotImplementedError
