# Your file for the lesson SDXL. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # SDXL
#
# Stable Diffusion XL is what became of the U-Net when nothing was spared: three times the parameters, two
# text encoders, a model that is told what its training pictures went through, and a second network for the
# last touch. **The U-Net's last stand**, in other words. The lessons after this one leave it behind, and to see
# why, look first at what could still be done *in*, *around* and *alongside* it.
#
# You will join two text encoders and let the picture read both at once, see three bad ways to train on
# pictures of all sizes and a fourth that simply tells the model the truth, feed six integers into the time
# embedding, hand a half-finished picture over to the refiner, find the changes yourself by comparing two parts
# lists, and choose the shapes that training pictures are cropped to.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $B$ | | batch |
# | L, G | `hidden_l`, `hidden_g` | text encoders: CLIP ViT-L (width 768), OpenCLIP ViT-bigG (width 1280) |
# | $h^L, h^G$ | | their hidden states, one vector for each of 77 tokens: `[B, 77, 768]`, `[B, 77, 1280]` |
# | $p^G$ | `pooled_g` | pooled embedding of G, one vector for the whole prompt: `[B, 1280]` |
# | $H, W$ | `height`, `width` | size of a picture in pixels; **height comes first**, always |
# | $T$ | `target` | side of the square that the model is trained on |
# | $t$ | `timesteps` | noise level as an integer, from 999 (noise) down to 0 (nearly clean) |
#
# Attention is $\mathrm{softmax}(QK^\top/\sqrt{d_{\text{head}}})\,V$, without mask or dropout, and head $h$
# owns consecutive channels. All functions leave their arguments as they are.


# %%
import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

# %% [markdown]
# ## Two encoders, one context
#
# Stable Diffusion v1.5 reads the prompt through one encoder, CLIP ViT-L. SDXL asks a second, larger one about
# the same prompt: OpenCLIP ViT-bigG. Both cut it into the same 77 tokens, so token $i$ of the one and token
# $i$ of the other speak about the same piece of text. Hence they are joined **along the channels**, L first:
#
# $$ \text{context}_i = [\,h^L_i,\; h^G_i\,], \qquad
#    [B, 77, 768] \;\&\; [B, 77, 1280] \;\to\; [B, 77, 2048]. $$
#
# Nothing is added, nothing averaged: channels 0 to 767 are L, channels 768 to 2047 are G. The sentence does
# not become longer, each of its words is described twice.
#
# With two tokens and widths 1 and 2: $h^L = (1), (2)$ and $h^G = (3, 4), (5, 6)$ make $(1, 3, 4), (2, 5, 6)$.
#
# The second result is $p^G$, the vector that G itself makes of the whole prompt: what it says at the end of
# the text, through its own projection. It is handed on as it is; you will need it for the time embedding.
#
# The two hidden states must agree on batch and tokens. Say so yourself: `torch.cat` would complain as well,
# but with an error that tells nobody what went wrong with the prompts.


# %%
def sdxl_text_context(
    hidden_l: Float[Tensor, "batch tokens width_l"],
    hidden_g: Float[Tensor, "batch tokens width_g"],
    pooled_g: Float[Tensor, "batch width_g"],
) -> tuple[Float[Tensor, "batch tokens width_l+width_g"], Float[Tensor, "batch width_g"]]:
    """What the U-Net gets to read of a prompt: the context for cross-attention, and the pooled vector.

    hidden_l [B, 77, 768], hidden_g [B, 77, 1280], pooled_g [B, 1280] in SDXL; other sizes work alike.
    Returns the context [B, 77, 768 + 1280] and pooled_g.
    Raises ValueError if the two hidden states differ in batch or in the number of tokens.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.1.
    """
    raise NotImplementedError


# %% [markdown]
# ## One path through both
#
# How does the U-Net read a context that two encoders wrote? With the cross-attention that you know. Every
# place of the feature map asks, all 77 tokens answer:
#
# $$ Q = x\,W_Q, \quad K = c\,W_K, \quad V = c\,W_V, \qquad
#    \text{out} = \mathrm{softmax}\Big(\frac{QK^\top}{\sqrt{d_{\text{head}}}}\Big)\,V\,W_O + b_O. $$
#
# Only $W_K$ and $W_V$ notice that there are two encoders: they have 2048 inputs instead of 768. Cut $W_K$
# after row 768 and the key of a token is $h^L_i W_K^L + h^G_i W_K^G$: *one* key, a sum of what both have to
# say, and one softmax. IP-Adapter did the opposite, with keys, values and a softmax of its own for a second
# document. Here it is one document in two handwritings.
#
# Queries, keys and values have no bias, the output projection has one. The residual connection is not part of
# this layer.
#
# One head of width 4, so $\sqrt{d_{\text{head}}} = 2$. A query $(2, 0, 0, 0)$ meets the keys $(0, 0, 0, 0)$
# and $(\ln 3, 0, 0, 0)$: scores 0 and $\ln 3$, weights 1/4 and 3/4. If the values are 0 and 8, it reads 6.
# Forget the root and the weights are 1/10 and 9/10: it would read 7.2.


# %%
class SDXLCrossAttention(nn.Module):
    """Cross-attention from places of a feature map to the tokens of the joined context.

    forward: x [B, N, d_model], context [B, M, d_context] -> [B, N, d_model]. State keys, all Linear: `to_q`
    (d_model -> d_model), `to_k` and `to_v` (d_context -> d_model), these three without bias, and `to_out`
    (d_model -> d_model) with bias. n_heads divides d_model.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.1; Vaswani et al. 2017 (arXiv 1706.03762),
    section 3.2.
    """

    def __init__(self, d_model: int, n_heads: int, d_context: int = 2048) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self, x: Float[Tensor, "batch places dim"], context: Float[Tensor, "batch tokens context"]
    ) -> Float[Tensor, "batch places dim"]:
        """x [B, N, d_model], context [B, M, d_context] -> [B, N, d_model]."""
        raise NotImplementedError


# %% [markdown]
# ## Three bad options
#
# Now to the pictures. The web has them in all sizes, the model is trained on squares of one side, say
# $T = 512$. What to do with the rest? There are three options, and each has its price:
#
# 1. **Discard** every picture whose *shorter* side is below $T$. Price: data. (For SDXL's first stage of 256
#    pixels it would have been 39 % of them.)
# 2. **Enlarge** those pictures until the shorter side fits. Price: blur, and the model learns to paint it.
#    The worst offender is enlarged by $\max_i \max(T / \text{short}_i,\, 1)$.
# 3. **Crop** the square out of the resized picture. Price: heads and feet. Once the short side fits, a share
#    of $1 - \text{short}/\text{long}$ of the picture falls off the long side, and the model learns to paint
#    cats without heads.
#
# Four pictures, as height by width, and $T = 512$:
#
# | picture | short | discarded | enlarged by | cropped away |
# |---|---|---|---|---|
# | 512 by 512 | 512 | no | 1 | 0 |
# | 256 by 384 | 256 | yes | 2 | 1/3 |
# | 768 by 1024 | 768 | no | 1 | 1/4 |
# | 1024 by 512 | 512 | no | 1 | 1/2 |
#
# So option 1 loses 0.25 of the data, option 2 upscales the same 0.25, by up to 2, and option 3 throws away
# 0.2708 of the average picture, whatever the target. A side of exactly $T$ is large enough.


# %%
def multi_resolution_options(sizes: Int[Tensor, "pictures 2"], target: int) -> dict[str, float]:
    """What discarding, enlarging and cropping would cost on a collection of pictures.

    sizes: height and width of each picture [N, 2], integers; target: side of the training square. Returns
    Python floats: "discarded", the share of pictures whose shorter side is below target; "upscaled", the
    same number, as these are the pictures that option 2 enlarges; "max_upscale", the largest factor by which
    any picture is enlarged, 1 if none is; "cropped_away", the share of its long side that a picture loses to
    a square crop, averaged over all pictures.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.2.
    """
    raise NotImplementedError


# %% [markdown]
# ## The fourth option: tell the truth
#
# SDXL keeps all pictures, enlarges them, crops them, and **tells the model** what it did, in six integers:
#
# $$ (\underbrace{H, W}_{\text{original size}},\; \underbrace{\text{top}, \text{left}}_{\text{crop}},\;
#    \underbrace{T, T}_{\text{target size}}). $$
#
# The blur is still in the training pictures, but now it has an explanation. A model that is told "this was
# 200 pixels wide" can put the blur down to that, and when you ask for an original size of 1024 by 1024, it
# leaves the blur away. Likewise "the crop began 180 pixels from the left" explains half a cat, and asking for
# a crop at (0, 0) gives you a whole one. You ask for circumstances, not for a picture: AT WHAT QUALITY.
#
# Here the target is one square, so its two integers never change. SDXL's last stage trains on many aspect ratios
# of about $1024^2$ pixels, and there they say which one. That is why they are told.
#
# The steps, for a picture of $H$ by $W$:
#
# 1. scale $s = T / \min(H, W)$, so that the shorter side fits;
# 2. the resized picture has $\mathrm{round}(H s)$ by $\mathrm{round}(W s)$ pixels (Python's `round`);
# 3. a square of side $T$ can begin at $H' - T + 1$ rows, the last one included; a random number
#    $u \in [0, 1)$ picks one of them: $\text{top} = \lfloor u_{\text{top}}\,(H' - T + 1) \rfloor$, and
#    likewise left;
# 4. tell: size **before** resizing, crop **in** the resized picture, target.
#
# A picture of 600 by 900 with $T = 512$: $s = 0.853$, resized to 512 by 768. There is one row to begin at,
# so top is 0, and there are 257 columns: $u_{\text{left}} = 0.5$ means $\lfloor 128.5 \rfloor = 128$. The
# model is told `[600, 900, 0, 128, 512, 512]`. A picture of 300 by 200 is enlarged to 768 by 512; with
# $u_{\text{top}} = 0.25$ it is told `[300, 200, 64, 0, 512, 512]`.


# %%
def micro_conditioning_ids(height: int, width: int, target: int, u_top: float, u_left: float) -> list[int]:
    """Resize a picture, choose a square crop, and write down the six numbers that the model is told.

    height, width: size of the picture before anything happens to it; target: side of the square; u_top,
    u_left: random numbers in [0, 1) that choose the crop. Sizes of the resized picture are rounded with
    Python's round, places of the crop are rounded down. Returns six ints: height, width, top, left, target,
    target.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.2, size and crop conditioning.
    """
    raise NotImplementedError


# %% [markdown]
# ## Six integers as waves
#
# A bare 512 is a poor input for a network: too large, and one number for everything. The timestep had the
# same problem, so take the same cure. Each of the six integers $v$ is written as the hands of
# $m = \text{dim}/2$ clocks, from fast to slow, all cosines before all sines:
#
# $$ e(v) = \big[\cos(v\,\omega_0), \dots, \cos(v\,\omega_{m-1}),\;
#    \sin(v\,\omega_0), \dots, \sin(v\,\omega_{m-1})\big], \qquad \omega_i = 10000^{-i/m}. $$
#
# The six embeddings stand **one after the other**, in the order of the ids. Added up, a picture of 512 by 256
# could not be told from one of 256 by 512. With SDXL's $\text{dim} = 256$ that makes $6 \cdot 256 = 1536$
# numbers. (Beware of relatives: the addresses of a DiT have sines first, and some implementations divide by
# $m - 1$.)
#
# With $\text{dim} = 4$ the frequencies are 1 and 0.01, and 512 becomes
# $(\cos 512, \cos 5.12, \sin 512, \sin 5.12) = (-0.997, 0.396, 0.080, -0.918)$.
#
# The angles grow into the thousands, and float32 resolves them to about $10^{-4}$. That is precise enough
# here, and the result is float32 whatever integer type comes in.


# %%
def micro_conditioning_embedding(ids: Int[Tensor, "batch 6"], dim: int = 256) -> Float[Tensor, "batch 6*{dim}"]:
    """Cosines and sines of each of the six integers, one embedding after the other.

    ids [B, 6], integers; dim: length of one embedding, even. Returns float32 [B, 6 * dim]: for each id in
    order its dim/2 cosines, then its dim/2 sines, with frequencies from 1 down to nearly 1/10000.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.2; Vaswani et al. 2017 (arXiv 1706.03762),
    section 3.5.
    """
    raise NotImplementedError


# %% [markdown]
# ## Into the time embedding
#
# Where does a message enter that concerns the whole picture and no place in it? You know such a message: the
# timestep. It becomes one vector, the time embedding, which reaches every residual block. There a linear layer fits it to the
# channels, and it is added to the features. (DiT uses such a vector to scale and shift its norms instead.) SDXL gives the same vector more to carry, the pooled text and the six integers:
#
# $$ \text{emb} = \text{emb}_t + \mathrm{linear}_2\big(\mathrm{SiLU}(\mathrm{linear}_1(
#    [\,p^G,\; e(H), e(W), e(\text{top}), e(\text{left}), e(T), e(T)\,]))\big). $$
#
# Pooled text first, then the waves. **Added** to the time embedding: the network must still know how noisy
# its input is. No layer of the U-Net changes for it, and no attention is involved: all that concerns the
# picture as a whole travels in one vector.
#
# In SDXL the input has $1280 + 6 \cdot 256 = 2816$ numbers, and both layers are 1280 wide, so the whole
# novelty is $2816 \cdot 1280 + 1280 + 1280 \cdot 1280 + 1280 = 5\,245\,440$ parameters: 0.2 % of the U-Net's
# 2.6 billion.


# %%
class SDXLAddedConditioning(nn.Module):
    """Adds what pooled text and micro-conditioning have to say to the time embedding.

    forward: time_emb [B, time_embed_dim], pooled [B, pooled_dim], ids int64 [B, 6] -> [B, time_embed_dim].
    fourier_dim: length of one id's embedding. State keys, Linear with bias: `linear_1` (pooled_dim +
    6 * fourier_dim -> time_embed_dim) and `linear_2` (time_embed_dim -> time_embed_dim).
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), sections 2.1 and 2.2.
    """

    def __init__(self, pooled_dim: int, fourier_dim: int, time_embed_dim: int) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        time_emb: Float[Tensor, "batch time"],
        pooled: Float[Tensor, "batch pooled"],
        ids: Int[Tensor, "batch 6"],
    ) -> Float[Tensor, "batch time"]:
        """time_emb [B, time_embed_dim], pooled [B, pooled_dim], ids [B, 6] -> like time_emb."""
        raise NotImplementedError


# %% [markdown]
# ## Does it work?
#
# A world of one dimension: a "picture" is a row of 16 pixels with one step in it, up or down. Half of the
# pictures were 4 pixels wide and have been enlarged, so their step is blurred. The little network below
# learns to denoise all of them, and your module tells it which are which. Then ask it for an original size of
# 4 and of 16 (it takes some ten seconds).


# %% [markdown]
# ## Hand over to the refiner
#
# One more network, alongside: the refiner, a second U-Net that has been trained for the lowest noise levels
# only, where nothing is left to compose and all is detail. The base model takes the latent from pure noise
# down to a certain noise level, the refiner takes the same latent from there. No decoding in between.
#
# The hand-off is a point on the *noise* axis, not in the count of steps. Of $n$ training timesteps (1000),
# the base keeps the noisiest share `handoff`, which ends at
#
# $$ \text{cutoff} = \mathrm{round}(n - \text{handoff} \cdot n), $$
#
# and does every step with $t \ge \text{cutoff}$; the refiner does those with $t < \text{cutoff}$. So each
# step is done once, by one of them.
#
# Timesteps `[999, 900, 700, 400, 250, 180, 90, 40, 10, 0]` and a hand-off of 0.8: the cutoff is 200, the base
# does five steps (999 to 250) and the refiner does five (180 to 0). Eight and two would be wrong: this list
# looks closely at the end, as many schedules do. With `handoff = 1` the cutoff is 0 and the refiner has
# nothing to do.


# %%
def refiner_split(timesteps: list[int], handoff: float, n_train: int = 1000) -> tuple[list[int], list[int]]:
    """Divide the steps of a sampler between the base model and the refiner.

    timesteps: falling; handoff: share of the noise axis that the base model covers, in (0, 1]; n_train:
    number of training timesteps. The cutoff is rounded with Python's round. Returns the base model's
    timesteps and the refiner's, each in the order given.
    Raises ValueError if handoff is not in (0, 1].
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.5, refinement stage.
    """
    raise NotImplementedError


# %% [markdown]
# ## In, around, alongside
#
# Step back and look at what was done to the U-Net. A change can land in one of three places:
#
# - `"IN"`: it edits the blocks of the U-Net. More attention layers in them, for one.
# - `"AROUND"`: the blocks stay as they are, and something before or behind them is different. A better VAE,
#   for one.
# - `"ALONGSIDE"`: a second network with denoising steps of its own. The refiner is one.
#
# A change is described by a card:
#
# | key | type | meaning |
# |---|---|---|
# | `name` | str | what it is called; says nothing for certain |
# | `edits_unet_blocks` | bool | are blocks of the U-Net different? |
# | `runs_own_denoising_steps` | bool | does it take denoising steps of its own? |
#
# Ask for steps of its own **first**: a network that takes them stands alongside, even if its blocks differ
# from the base model's as well. Then ask for edited blocks. What is left is around.
#
# A card with the name "attention pooling of the prompt" and `False` at both questions lands around, for all
# the "attention" in its name.
#
# Why is this the last stand? Look at what the three places have in common. Nothing in them says how to make
# the model twice as good: which level gets more channels, which block more attention? There is no recipe,
# each U-Net is a house that is renovated room by room. And however good the encoders, text can only be *read*
# by the picture: its tokens enter through cross-attention and never change on the way. Both are limits of the
# house, not of the furniture. The next lesson moves out.


# %%
def where_change_lands(change: dict) -> str:
    """The place of a change, relative to the U-Net.

    change: a dict with the keys name (str), edits_unet_blocks (bool) and runs_own_denoising_steps (bool).
    Returns "ALONGSIDE" if it runs denoising steps of its own, else "IN" if it edits blocks of the U-Net, else
    "AROUND".
    """
    raise NotImplementedError


# %% [markdown]
# ## Five changes
#
# Which changes were there? Do not take the list from a blog; make it. Here are the parts lists of two models, as
# their configurations give them (attention blocks per layer, and how wide a context they read):
#
# | part | Stable Diffusion 1.5 | SDXL |
# |---|---|---|
# | `unet level 0` | 320 channels, 1 block, context 768 | 320 channels, 0 blocks |
# | `unet level 1` | 640 channels, 1 block, context 768 | 640 channels, 2 blocks, context 2048 |
# | `unet level 2` | 1280 channels, 1 block, context 768 | 1280 channels, 10 blocks, context 2048 |
# | `unet level 3` | 1280 channels, 0 blocks | gone |
# | `clip vit-l` | width 768 | width 768 |
# | `openclip vit-bigg` | | width 1280 |
# | `added embedding` | | 2816 inputs: pooled text and six integers |
# | `vae` | 4 channels, trained with batches of 9 | 4 channels, trained with batches of 256 and an average of weights |
# | `refiner` | | takes the last steps |
#
# In code a parts list is a dict from name to card:
#
# | key | type | meaning |
# |---|---|---|
# | `part_of` | str or None | the network that it is a part of, such as `"unet"`; None if it stands for itself |
# | `own_steps` | bool | does it take denoising steps besides those of the base model? |
# | `figures` | dict | what can be counted: channels, blocks, widths |
#
# All parts of one network make *one* change, under the network's name: four levels of the U-Net were rebuilt, but "the
# U-Net has other blocks" is one thing to say. A part that is gone is a change as much as a part that is new, and what is
# as it was is none. Then each change lands somewhere: the blocks of `"unet"` are the base model's, those of any other
# network are not.


# %%
def list_changes(old: dict[str, dict], new: dict[str, dict]) -> dict[str, str]:
    """The changes from one parts list to another, and where each of them lands.

    old, new: from the name of a part to its card, a dict with the keys part_of (str or None), own_steps (bool) and
    figures (dict). All parts of one network agree on own_steps. Returns for each change its place, "IN", "AROUND" or
    "ALONGSIDE", under the name of the network that the part belongs to, or of the part itself if it belongs to none.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), table 1 and sections 2.1 to 2.5.
    """
    raise NotImplementedError


# %% [markdown]
# ## Five channels
#
# By now a diffusion model can be told a great many things. Sort them. There are **five channels**, which
# differ in the question that they answer:
#
# | channel | question |
# |---|---|
# | `WHEN` | how far is the denoising? |
# | `WHAT` | what is to be seen? |
# | `WHERE` | what belongs at which place? |
# | `WHAT-IT-LOOKS-LIKE` | whose looks shall it have? |
# | `AT-WHAT-QUALITY` | what has the picture been through? |
#
# (They are the channels that lesson 7.1.3 read out of weights' names. There they are spelt with underscores,
# here with hyphens.)
#
# And there are **four mechanisms**, which differ in the form that they want the message in:
#
# | mechanism | form of the message |
# |---|---|
# | `adaptive_norm` | one vector for the whole picture, joined with the time embedding |
# | `additive_encoder_features` | a map shaped like the picture; a copy of the encoder makes features of it |
# | `cross_attention` | a list of tokens, read through the base model's own keys and values |
# | `decoupled_cross_attention` | a list of tokens, read through new keys and values beside the old ones |
#
# The course calls the first one adaptive norm for short: DiT makes scale and shift of a norm from this vector, and
# the U-Nets of SD 1.5 and SDXL add it to the features.
#
# Five questions and four forms: some channels share a mechanism, and one channel uses two of them. These are
# the ten signals, in alphabetical order:
#
# `canny_map`, `crop_top_left`, `depth_map`, `original_size`, `pooled_text`, `pose_map`, `reference_image`,
# `target_size`, `text_tokens`, `timestep`
#
# Which channel, which mechanism? For each of them ask first what you learn from it about the picture, then
# whether it is a map, a list, or one vector. (`reference_image` is what an IP-Adapter is given.) The pairing
# is yours to write down.


# %%
def route_conditioning(signal: str) -> tuple[str, str]:
    """The channel and the mechanism of a conditioning signal.

    signal: one of the ten names above. Returns the channel and the mechanism, spelt as in the two tables.
    Raises ValueError for any other name.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952); Zhang et al. 2023 (ControlNet, arXiv 2302.05543);
    Ye et al. 2023 (IP-Adapter, arXiv 2308.06721).
    """
    raise NotImplementedError


# %% [markdown]
# ## Six shapes for every picture
#
# The first two sections about pictures cropped everything to one square. SDXL's last stage does better: it keeps a few
# *buckets*, shapes of about $1024^2$ pixels whose sides are multiples of 64. A picture is resized and cropped to the
# bucket that takes least away from it, and a batch is drawn from one bucket. The target size tells the model which
# one. More buckets crop less, but each must fill its batches, so their number is limited. **Which ones?**
#
# With the ratio of height to width $a$ of the picture and $b$ of the bucket, what is cropped away is
#
# $$ 1 - \min\left(\frac{a}{b}, \frac{b}{a}\right). $$
#
# A picture of 900 by 600 in the bucket of 1024 by 1024 loses a third, in one of 1216 by 832 it loses 2.6 %.
#
# The collections have many squares, photographs of 3:2 and 4:3 both ways, screens of 16:9, all slightly cut, and some
# three in a hundred are panoramas, up to nine times as long as high (or high as long). You may choose at most `count`
# buckets. The criterion, measured with six buckets on pictures of the same collection that you have *not* seen:
#
# - on average at most **0.08** of a picture is cropped away, and
# - at most **one picture in a hundred** loses more than half.
#
# The square alone crops 0.3 away. Each of the two goals alone is easy. Design as you like, and predict the share that is
# cropped away on average: the report shows it beside what was measured. The prediction is not graded.


# %%
def choose_buckets(sizes: Int[Tensor, "pictures 2"], count: int, area: int, multiple: int = 64) -> dict:
    """A few shapes that pictures of one collection are cropped to, with little loss.

    sizes: height and width of some pictures of the collection [N, 2], integers; count: how many buckets you may use;
    area: most pixels of a bucket; multiple: what each side is a multiple of. Returns {"buckets": list of (height, width),
    ints, each with 0.85 area to area pixels; "predicted_loss": the share of a picture that you expect to be cropped
    away on average, a number}.
    Source: Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.3, multi-aspect training.
    """
    raise NotImplementedError


# %% [markdown]
# ## The same numbers as in a library
#
# Are these blocks those of the published code? If diffusers is installed, the next cell makes its modules with random
# weights, loads them into yours, and compares the answers.
