# Your file for the lesson Diffusion Transformers. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # Diffusion Transformers
#
# SDXL was the U-Net's last stand: every improvement went in, around or alongside a network of convolutions
# that nobody had a recipe to enlarge. The Diffusion Transformer (DiT) throws that network out and keeps all
# the rest. A latent becomes a list of tokens, a plain transformer denoises the list, and the list becomes a
# latent again. VAE, noise schedule and sampler do not notice.
#
# You will cut a latent into tokens and glue it together again, count what tokens cost, build the transformer
# block with its one new idea (adaLN-Zero), count its parameters and enlarge it within a budget, tell tokens
# where they are, run a sampler that does not care which network it drives, and put it all into one model.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $B, C, H, W$ | | batch, channels, height and width of the latent `x`, `[B, C, H, W]` |
# | $p$ | `p` | side of a patch, in latent pixels |
# | $n = \frac{H}{p} \cdot \frac{W}{p}$ | `grid_h * grid_w` | number of tokens |
# | $d$ | `d_model` | width of the transformer: a token inside it is a vector of $d$ numbers |
# | $N$ | `depth` | number of blocks |
# | $c$ | `c` | condition, one vector `[B, d]` for each sample: time plus class |
# | $\bar\alpha_t$ | `alphas_cumprod` | share of the signal's variance that is left at timestep $t$ |
#
# Linear layers have PyTorch's layout and a bias. The LayerNorms of this lesson have no parameters and
# $\varepsilon = 10^{-6}$. Attention is $\mathrm{softmax}(QK^\top/\sqrt{d_{\text{head}}})\,V$, without mask or
# dropout, and head $h$ owns consecutive channels. All functions leave their arguments as they are.


# %%
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from toys import alpha_bar_table

# %% [markdown]
# Two helpers are given: use them as they are.


# %%
def modulate(
    h: Float[Tensor, "batch tokens dim"], shift: Float[Tensor, "batch dim"], scale: Float[Tensor, "batch dim"]
) -> Float[Tensor, "batch tokens dim"]:
    """h * (1 + scale) + shift: all tokens of a sample alike, each channel by itself."""
    return h * (1 + scale[:, None]) + shift[:, None]


def timestep_embedding(t: Int[Tensor, "batch"], dim: int) -> Float[Tensor, "batch {dim}"]:
    """Cosines, then sines, of t at dim/2 frequencies from 1 down to nearly 1/10000; float32 for whole t."""
    half = dim // 2
    frequencies = 10_000.0 ** (-torch.arange(half, dtype=torch.float32, device=t.device) / half)
    angles = t[:, None] * frequencies  # [B, half]
    return torch.cat([angles.cos(), angles.sin()], dim=1)


# %% [markdown]
# ## Tokenize the image
#
# A language model does not read letters one by one; a tokenizer cuts the text into pieces, and each piece
# becomes a vector. `patchify` does that to a latent: cut it into squares of $p \times p$ pixels, lay each
# square out as a vector. No overlap, nothing lost, nothing learned:
#
# $$ [B, C, H, W] \;\to\; [B, n, p \cdot p \cdot C], \qquad n = \tfrac{H}{p} \cdot \tfrac{W}{p}. $$
#
# Two orders have to be agreed on. **Among tokens**: row by row, left to right, as you read a page. **Inside a
# token**: row, column, channel; the channels of one pixel stand side by side. (Flux packs channel, row,
# column. Neither is better, but weights trained with one are useless with the other.)
#
# Take $p = 2$ and one channel that counts its pixels:
#
# | | | | |
# |---|---|---|---|
# | 0 | 1 | 2 | 3 |
# | 4 | 5 | 6 | 7 |
# | 8 | 9 | 10 | 11 |
# | 12 | 13 | 14 | 15 |
#
# The tokens are $(0, 1, 4, 5)$, $(2, 3, 6, 7)$, $(8, 9, 12, 13)$, $(10, 11, 14, 15)$. With a second channel
# that counts from 100, the first token is $(0, 100, 1, 101, 4, 104, 5, 105)$. Stable Diffusion's latent of
# $4 \times 32 \times 32$ becomes 256 tokens of 16 numbers; a linear layer then takes each to width $d$.
#
# A bare `reshape` to the right shape would make tokens of numbers that follow each other in memory: pieces of
# rows, from one channel each. Reshape never moves a number; for a patch, axes have to change places.


# %%
def patchify(x: Float[Tensor, "batch channels height width"], p: int) -> Float[Tensor, "batch tokens {p}*{p}*channels"]:
    """Cut a latent into squares of p by p pixels, one token for each.

    x [B, C, H, W]; p: side of a patch. Returns [B, (H/p) * (W/p), p * p * C]: tokens row by row, the numbers
    inside a token ordered by row, then column, then channel.
    Raises ValueError if p does not divide both H and W.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2, patchify.
    """
    raise NotImplementedError


# %% [markdown]
# ## And back
#
# The transformer hands back a list of tokens. To make a latent of it, do the same steps in reverse: split the
# list into its grid, split each token into row, column and channel, bring each pixel axis next to *its* grid
# axis, merge. The number of channels follows from the length of a token, $C = \text{length} / p^2$; the grid
# must be told, because 6 tokens may be 2 by 3, 3 by 2 or 1 by 6.
#
# `unpatchify(patchify(x, p), p, H // p, W // p)` is `x`, to the last bit, also where $H \neq W$.


# %%
def unpatchify(
    tokens: Float[Tensor, "batch tokens length"], p: int, grid_h: int, grid_w: int
) -> Float[Tensor, "batch channels grid_h*{p} grid_w*{p}"]:
    """Glue tokens together to a latent: the exact inverse of patchify.

    tokens [B, grid_h * grid_w, p * p * C], in the order that patchify makes. Returns [B, C, grid_h * p,
    grid_w * p].
    Raises ValueError if the number of tokens is not grid_h * grid_w, or p * p does not divide their length.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2, transformer decoder.
    """
    raise NotImplementedError


# %% [markdown]
# ## What a token costs
#
# The patch size is a dial between detail and cost. Halve $p$ and both axes hold twice as many patches: four
# times the tokens. Now count multiply-accumulates (MACs) of one transformer block, with width $d$:
#
# - **Linear layers**, token by token: queries, keys, values and output are four matrices $d \times d$, the
#   feed-forward (four times as wide inside) two of $d \times 4d$. Together $12\, n\, d^2$.
# - **Attention itself**, token against token: $n^2$ scalar products of queries and keys, each over $d$
#   channels (all heads together), and as many to mix the values. Together $2\, n^2 d$.
#
# For a latent of $32 \times 32$ and $d = 1152$ (DiT-XL), in billions of MACs for each block:
#
# | $p$ | tokens | attention | linear |
# |---|---|---|---|
# | 8 | 16 | 0.0006 | 0.25 |
# | 4 | 64 | 0.0094 | 1.02 |
# | 2 | 256 | 0.151 | 4.08 |
# | 1 | 1024 | 2.42 | 16.3 |
#
# Four times the tokens: linear layers cost 4 times as much, attention 16 times. The parameters do not change
# at all. Times 28 blocks, $p = 2$ makes 118.4 billion; for all of DiT-XL/2 (the "/2" is the patch size) the
# paper reports 118.6. Attention overtakes the linear layers at $n = 6 d$, far beyond this table.


# %%
def dit_token_budget(height: int, width: int, p: int, d_model: int) -> dict[str, int]:
    """Tokens of a latent, and what one DiT block with a fourfold feed-forward costs on it.

    height, width: of the latent, multiples of p; p: side of a patch; d_model: width of the block. Returns
    ints: "tokens", "attention_macs" (multiply-accumulates of scores and of mixing the values, all heads) and
    "linear_macs" (of the four attention projections and the two feed-forward layers; no biases, no
    conditioning).
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2, patch size and Gflops.
    """
    raise NotImplementedError


# %% [markdown]
# ## The block: nothing new but the dial
#
# Inside, DiT is the transformer you know: attention, feed-forward, residual connections, LayerNorm. No
# convolution anywhere. The one question left is how a token learns the timestep and the class. DiT's answer
# is the norm. A LayerNorm usually ends with a learned scale and shift; here the norm has none of its own, and
# both are *computed from the condition*. You met that as adaptive group norm in the U-Net. DiT computes a
# third vector too, a **gate** in front of each residual branch:
#
# $$ (\beta_1, \gamma_1, \alpha_1, \beta_2, \gamma_2, \alpha_2) = \mathrm{Linear}(\mathrm{SiLU}(c)), $$
#
# $$ x \leftarrow x + \alpha_1 \cdot \mathrm{Attn}\big(\mathrm{LN}(x)\,(1 + \gamma_1) + \beta_1\big),
#    \qquad x \leftarrow x + \alpha_2 \cdot \mathrm{MLP}\big(\mathrm{LN}(x)\,(1 + \gamma_2) + \beta_2\big). $$
#
# Shift $\beta$, scale $\gamma$, gate $\alpha$: three for the attention, three for the MLP, each a vector of
# $d$ numbers for each sample, the same for all of its tokens. The second line starts from the *new* $x$.
#
# **The Zero.** The layer that makes the six vectors starts at zero, weight and bias. Then
# $\gamma = \beta = 0$ (a plain norm) and $\alpha = 0$: whatever attention and MLP say, the block hands on $x$ untouched. A stack
# of 28 such blocks is the identity at first, and each joins in when training opens its gate. Nothing, then a
# whisper: the zero convolution of ControlNet and LoRA's $B = 0$, in a third place. Can it learn from there?
# At the start only the gates' rows get a gradient (the branch stands behind a zero, the gate does not), and
# after one step everything does. That is why attention and MLP must *not* start at zero as well.
#
# Check it off, part by part. Left is what a U-Net needs for the same work:
#
# | work | U-Net (SD 1.5) | DiT | where you met it |
# |---|---|---|---|
# | mix places | 3 × 3 convolutions, and attention at three of four resolutions | attention over all tokens | transformers |
# | mix channels | the same convolutions | feed-forward network, token by token | transformers |
# | keep what was there | residual connections, and skips across the U | residual connections | transformers |
# | see far | downsampling and upsampling | one layer of attention | transformers |
# | hear the time | added to the features | shift, scale, gate of the norms | adaptive norms |
# | know the place | zero padding betrays the edges | an address, added once | transformers |
# | start quietly | zero convolution at the end of a block | gates at zero | lesson 7.1.1 |
# | sizes to choose | channels per level, blocks per level, where attention goes | $d$ and $N$ | below |
#
# A token $(1, 3)$ has $\mathrm{LN} = (-1, 1)$. With scale $(1, 1)$ and shift $(0.5, 0.5)$ it is
# $(-1.5, 2.5)$. If the branch were the identity and the gate $(0.1, 0)$, the token would leave as
# $(0.85, 3)$: a closed gate keeps its channel.


# %%
class DiTBlock(nn.Module):
    """A transformer block whose norms and branches are steered by a condition (adaLN-Zero).

    forward: x [B, n, d_model], c [B, d_model] -> [B, n, d_model]. State keys, all Linear with bias: `qkv`
    (d -> 3d: queries, keys, values one after the other), `proj` (d -> d), `fc1` (d -> mlp_ratio * d), `fc2`
    (back to d), `ada` (d -> 6d: shift, scale, gate for attention, then shift, scale, gate for the MLP). `ada`
    starts at zero, weight and bias; the other weights do not. GELU in its tanh form between fc1 and fc2.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2, adaLN-Zero block.
    """

    def __init__(self, d_model: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        raise NotImplementedError

    def attention(self, h: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """Self-attention with its output projection: h [B, n, d] -> [B, n, d]."""
        raise NotImplementedError

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], c: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """x [B, n, d], c [B, d] -> [B, n, d]."""
        raise NotImplementedError


# %% [markdown]
# **Does it compute what the published code computes?** If you have diffusers (`pip install diffusers`), the next cell
# makes a small block of theirs with random weights, loads them into yours by name, and compares the answers. Their
# time and class embedding makes $c$; the rest is yours.


# %% [markdown]
# ## What a block weighs
#
# Count the block's parameters, weights and biases, for a feed-forward $r$ times as wide as the block:
#
# - **attention**: `qkv` and `proj` are four matrices $d \times d$ with four biases of length $d$.
# - **mlp**: `fc1` and `fc2` are two matrices $d \times r d$, with biases of length $r d$ and $d$.
# - **ada**: six vectors of length $d$ from one of length $d$.
# - **norms**: nothing. Their scale and shift are what `ada` computes.
#
# For DiT-XL, $d = 1152$ and $r = 4$:
#
# | part | parameters | share |
# |---|---|---|
# | attention | 5 313 024 | 22 % |
# | mlp | 10 622 592 | 44 % |
# | ada | 7 969 536 | 33 % |
# | total | 23 905 152 | |
#
# A third of the model is conditioning, and a GPT block of the same width would be a third lighter. 28 blocks
# hold 669.3 million of DiT-XL/2's 675 million.


# %%
def dit_block_params(d_model: int, mlp_ratio: int = 4) -> dict[str, int]:
    """Parameters of a DiTBlock, by part.

    Returns ints: "attention" (qkv and proj), "mlp" (fc1 and fc2), "ada", and "total": what a DiTBlock's
    parameters, biases included, add up to.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2, model size.
    """
    raise NotImplementedError


# %% [markdown]
# ## Two knobs, not twenty
#
# To enlarge a U-Net you decide on channels per level, blocks per level, where attention goes, how skips are
# wired: renovating a house. A DiT grows like a tower of bricks. Wider bricks ($d$) or more of them ($N$),
# and that is all there is to choose. From GPT-2 to GPT-3 nothing else happened: 48 blocks of width 1600 became 96
# blocks of width 12288. A block without `ada` weighs $12 d^2$, so that is $12 \cdot 48 \cdot 1600^2 = 1.47$ billion
# and $12 \cdot 96 \cdot 12288^2 = 174$ billion; the models are known as 1.5 and 175 billion. DiT does the same:
#
# | model | $d$ | $N$ | parameters in blocks |
# |---|---|---|---|
# | DiT-S | 384 | 12 | 31.9 M |
# | DiT-B | 768 | 12 | 127.5 M |
# | DiT-L | 1024 | 24 | 453.4 M |
# | DiT-XL | 1152 | 28 | 669.3 M |
#
# Depth is a factor: twice the blocks, twice the parameters. Width counts squared: from S to B, twice the
# width is four times the parameters.
#
# Given a budget, spend it: among all widths and depths on offer, take the pair with the most parameters in
# its blocks that the budget still covers. For 500 M and the widths and depths of the table, that is
# $d = 1024$, $N = 24$. Ties happen: 26 blocks of width 5 weigh exactly as much as 7 of width 10 (13 650).
# Then the narrower model wins, and after that the shallower.


# %%
def scale_dit(budget: int, d_models: list[int], depths: list[int]) -> dict[str, int]:
    """The largest stack of DiT blocks (with mlp_ratio 4) that a budget of parameters covers.

    d_models, depths: what may be chosen, in any order. Returns ints: "d_model", "depth" and "params" of the
    blocks, which is at most budget. Of several pairs with equally many parameters, the one with the smaller
    d_model counts, then with the smaller depth.
    Raises ValueError if no pair fits.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2, model size.
    """
    raise NotImplementedError


# %% [markdown]
# ## What compute buys
#
# A recipe for enlarging is worth something only if larger is better, and one knows by how much. The DiT paper trained
# twelve models alike, 400 000 updates each, and measured how far their pictures are from real ones (FID, less is
# better). Compute is in billions of multiply-accumulates for one call:
#
# | | S/8 | S/4 | S/2 | B/8 | B/4 | B/2 | L/8 | L/4 | L/2 | XL/8 | XL/4 | XL/2 |
# |---|---|---|---|---|---|---|---|---|---|---|---|---|
# | compute | 0.36 | 1.41 | 6.06 | 1.42 | 5.56 | 23.01 | 5.01 | 19.70 | 80.71 | 7.39 | 29.05 | 118.64 |
# | FID | 153.6 | 100.4 | 68.4 | 122.7 | 68.4 | 43.5 | 118.9 | 45.6 | 23.3 | 106.4 | 43.0 | 19.5 |
#
# Look at S/2, B/4 and L/8: hardly any difference in compute, and 33, 130 and 459 million parameters. Parameters alone
# buy little (118.9 for the largest of the three!); what counts is how often they are used, and a smaller patch uses
# them more often.
#
# Two numbers say how good a law that is. The **correlation** of FID with the *logarithm* of compute: the paper
# reports $-0.93$, and you will find it again. And the **exponent** of the power law $\text{FID} \approx a\, C^{b}$: in
# logarithms it is a straight line, $\log \text{FID} = \log a + b \log C$, and $b$ and $a$ are those of the line with the
# least squares. For the twelve models $b = -0.365$ and $a = 137.8$: twice the compute leaves 78 % of the FID.
#
# A law is no promise: L/8 lies 55 % above the line and XL/2 19 % below it.


# %%
def compute_law(macs: Float[Tensor, "models"], quality: Float[Tensor, "models"]) -> dict[str, float]:
    """What more compute buys, for models that were trained alike.

    macs: compute of each model, positive; quality: its FID or its loss, positive and less is better; at least two models,
    not all of one size. Returns floats: "correlation" of quality with the logarithm of compute, "exponent" b and
    "factor" a of the power law quality = a * macs^b that is the least-squares line in logarithms, and "halving": by
    which factor compute must grow for half the quality number, infinite unless more compute makes it smaller.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 5; Kaplan et al. 2020 (arXiv 2001.08361), power laws.
    """
    raise NotImplementedError


# %% [markdown]
# ## Where am I?
#
# Attention does not know the order of its tokens: shuffle the patches and the answers come out shuffled,
# otherwise the same. So each token gets its address added to it, a fixed vector for each place of the grid.
#
# Write a coordinate $u$ as the hands of $m = d/4$ clocks, from fast to slow:
#
# $$ e(u) = \big[\sin(u\,\omega_0), \dots, \sin(u\,\omega_{m-1}),\;
#    \cos(u\,\omega_0), \dots, \cos(u\,\omega_{m-1})\big], \qquad \omega_i = 10000^{-i/m}. $$
#
# That is $d/2$ numbers for one coordinate, and an image has two: the first half of the address is $e$ of the
# **column**, the second half is $e$ of the **row**. (DiT took this table from MAE, columns first.)
#
# Why clocks? $\sin a \sin b + \cos a \cos b = \cos(a - b)$: the scalar product of two addresses depends only
# on how far apart they are, so "two patches to the left" looks the same everywhere.
#
# With $d = 8$ there are two frequencies, 1 and 0.01. The place in row 1, column 2 has the address
# $(\sin 2, \sin 0.02, \cos 2, \cos 0.02)$ and then $(\sin 1, \sin 0.01, \cos 1, \cos 0.01)$:
# $(0.909, 0.020, -0.416, 1.000,\; 0.841, 0.010, 0.540, 1.000)$.


# %%
def sincos_pos_embed(d_model: int, grid_h: int, grid_w: int) -> Float[Tensor, "grid_h*grid_w {d_model}"]:
    """The address of each patch: sines and cosines of its column, then of its row.

    d_model: a multiple of 4; rows and columns count from 0. Returns float32 [grid_h * grid_w, d_model], the
    tokens in patchify's order; each half has all its sines before its cosines.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 3.2; Vaswani et al. 2017 (arXiv 1706.03762),
    section 3.5.
    """
    raise NotImplementedError


# %% [markdown]
# ## Same pipeline, different denoising network
#
# Before the last brick, the machine around it. This is DDIM, as you have used it with U-Nets: at each
# timestep ask the network for the noise, work out the clean latent that it implies, and put noise back in at
# the next, lower level:
#
# $$ \hat x_0 = \frac{x_t - \sqrt{1-\bar\alpha_t}\;\epsilon}{\sqrt{\bar\alpha_t}}, \qquad
#    x_{\text{next}} = \sqrt{\bar\alpha_{\text{next}}}\;\hat x_0
#    + \sqrt{1-\bar\alpha_{\text{next}}}\;\epsilon. $$
#
# "Next" is the next timestep *on the list*, not $t - 1$: a list of 20 out of 1000 makes 20 steps. After the
# last one there is no noise left to put back, $\bar\alpha = 1$, and the answer is $\hat x_0$.
#
# Read the two formulas again and look for the U-Net. It is not there. The sampler knows one thing about its
# network: it maps $(x_t, t, \text{cond})$ to noise. Any function of that form plugs in, and that is why DiT
# could replace the U-Net and leave VAE, text encoder and sampler alone.
#
# One step with $x_t = 1.866$, $\epsilon = 1$, $\bar\alpha_t = 0.25$, $\bar\alpha_{\text{next}} = 0.64$:
# $\hat x_0 = (1.866 - 0.866) / 0.5 = 2$, and $x_{\text{next}} = 0.8 \cdot 2 + 0.6 \cdot 1 = 2.2$.


# %%
def ddim_generate(
    denoiser: Callable[[Tensor, Tensor, Tensor], Tensor],
    x_init: Float[Tensor, "batch ..."],
    cond: Tensor,
    timesteps: list[int],
    alphas_cumprod: Float[Tensor, "train_steps"],
) -> Float[Tensor, "batch ..."]:
    """Turn noise into data with DDIM (eta = 0), whatever network predicts the noise.

    denoiser: (x [B, ...], t int64 [B], cond) -> predicted noise like x; cond is handed on as it is;
    timesteps: indices into alphas_cumprod, falling; alphas_cumprod: signal share at each training timestep.
    The last step goes to a signal share of 1. Returns the clean sample [B, ...].
    Source: Song et al. 2020 (DDIM, arXiv 2010.02502), section 4.
    """
    raise NotImplementedError


# %% [markdown]
# ## A whole DiT
#
# Time to put the bricks together. From left to right:
#
# | step | shape |
# |---|---|
# | the noisy latent | `[B, C, size, size]` |
# | `patchify` | `[B, n, p * p * C]` |
# | `x_embed`, plus the address of each token | `[B, n, d]` |
# | `depth` blocks, each steered by $c$ | `[B, n, d]` |
# | norm, modulated by shift and scale from `final_ada` | `[B, n, d]` |
# | `final` | `[B, n, p * p * C]` |
# | `unpatchify`: the predicted noise | `[B, C, size, size]` |
#
# The condition is a sum of two vectors: the timestep's, through a small MLP, and the class's, from a table,
#
# $$ c = \texttt{t\_fc2}\big(\mathrm{SiLU}(\texttt{t\_fc1}(\text{timestep embedding of width } d))\big)
#    + \texttt{y\_embed}[y]. $$
#
# The table has one row more than there are classes: the last row means "no class" and is what classifier-free
# guidance asks for. The end of the network is conditioned like a block but has no residual branch, hence no
# gate: $\texttt{final\_ada}(\mathrm{SiLU}(c))$ gives shift and scale only, in this order. It starts at zero,
# and so does `final`: a fresh DiT predicts no noise at all. In the first backward pass only `final` gets a
# gradient; then the others wake up, one behind the other.
#
# The published DiT answers with $2C$ channels: the second half says where the variance of each step lies between
# two bounds. Yours predicts the noise alone.
#
# The addresses are not learned and follow from the sizes, so they belong neither to the parameters nor into a
# checkpoint: a buffer with `persistent=False`.
#
# Count along, with $C = 4$, size 32, $p = 2$, $d = 1152$, 28 blocks and 1000 classes: 256 tokens of length
# 16 go in. `x_embed` has $16 \cdot 1152 + 1152 = 19\,584$ parameters, `final` $1152 \cdot 16 + 16 = 18\,448$.
# With the condition's layers and `final_ada`, all that surrounds the tower of blocks is 1 % of the model.


# %%
class TinyDiT(nn.Module):
    """A class-conditional Diffusion Transformer that predicts noise.

    forward: x [B, channels, size, size], t int64 [B], y int64 [B] in 0 .. n_classes (n_classes means "no
    class") -> [B, channels, size, size]. State keys: `x_embed` (Linear, p * p * channels -> d_model); `t_fc1`
    and `t_fc2` (Linear, d_model -> d_model); `y_embed` (Embedding, n_classes + 1 rows); `blocks` (depth times
    DiTBlock with mlp_ratio 4); `final_ada` (Linear, d_model -> 2 * d_model: shift, scale); `final` (Linear,
    d_model -> p * p * channels). The addresses are no part of the state. final_ada and final start at zero,
    weight and bias.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), sections 3.2 and 4.
    """

    def __init__(
        self, channels: int, size: int, p: int, d_model: int, n_heads: int, depth: int, n_classes: int
    ) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        x: Float[Tensor, "batch channels size size"],
        t: Int[Tensor, "batch"],
        y: Int[Tensor, "batch"],
    ) -> Float[Tensor, "batch channels size size"]:
        """x [B, C, size, size], t int64 [B], y int64 [B] -> predicted noise, like x."""
        raise NotImplementedError


# %% [markdown]
# Below, the whole pipeline on pictures of 8 by 8 pixels with three classes: a bar that lies, a bar that
# stands, a square. Your DiT learns to predict noise, your sampler turns noise into pictures of the class that
# you ask for. It takes about a minute.


# %% [markdown]
# ## Open experiment: two sizes, one recipe
#
# Does the knob turn anything? Train two DiTs on handwritten digits ($8 \times 8$ pixels, ten classes) with one recipe and
# see it in the loss. Sizes, patches, heads, optimizer, batches, rate and number of updates are yours.
#
# **The goal**, on digits that neither has seen:
#
# - the **small** one has at most 8 000 parameters, and its error is at most 0.195;
# - the **large** one has at most 250 000, and its error is at most 0.140;
# - the large one's error is at most 0.88 of the small one's. So train the small one honestly, too.
#
# The error is the mean squared error of the predicted noise, $x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\,
# \epsilon$, over all 100 timesteps of `toys.alpha_bar_table(100)`, with the class given. Both trainings together have at
# most 20 s of processor time on one thread; a third of that is enough. (A network that answers zero has the error 1.)
#
# Before you run it, write down which ratio of errors you expect: your function returns it, and the report shows it beside
# the measured one. It costs no points.


# %%
def digit_dits(
    images: Float[Tensor, "n 1 8 8"], labels: Int[Tensor, "n"], seed: int
) -> dict:
    """Two class-conditional DiTs for digits, trained alike: a small one, and a large one that is clearly better.

    images: values in [-1, 1]; labels: int64, 0 to 9; seed: for all draws, the weights' too. Returns {"small": a TinyDiT of at
    most 8,000 parameters, "large": one of at most 250,000 (both for 1 channel, size 8 and 10 classes), "predicted": the
    ratio of the large one's error to the small one's that you expect}.
    Source: Peebles & Xie 2023 (DiT, arXiv 2212.09748), section 5, scaling.
    """
    raise NotImplementedError
