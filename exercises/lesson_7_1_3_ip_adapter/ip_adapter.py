# Your file for the lesson IP-Adapter. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # IP-Adapter
#
# A prompt says what you want in words. Some things are hard to say: this texture, that palette, the look of
# this one photograph. IP-Adapter lets a frozen text-to-image model read a reference picture next to the
# prompt. It adds one thing only, a second pair of key and value projections, and it starts by adding nothing.
#
# You will build that second path, count it, ask when an adapter is silent and when it can learn, tell it
# apart from LoRA and from img2img, and train it while every weight of the base stays as it is, bit for bit.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $B, N, L, M$ | | batch; image features, text tokens, reference tokens for each sample |
# | $Q = x W_Q$ | `q` | queries of the U-Net's features, `[B, N, D]` |
# | $K_t, V_t$ | `k_text`, `v_text` | keys and values of the text, `[B, L, D]` |
# | $K_i, V_i$ | `k_image`, `v_image` | keys and values of the reference picture, `[B, M, D]` |
# | $s$ | `scale` | how much the reference counts |
# | $\bar\alpha$ | `alphas_cumprod` | share of the signal's variance that is left at each timestep; lesson 7.1.1 gave it for one level as `alpha_bar` |
#
# Weights have PyTorch's layout `[out, in]`. All functions leave their arguments as they are and answer in
# their dtype.


# %%
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

# %% [markdown]
# ## From one vector to several tokens
#
# CLIP turns the reference picture into a single vector. Cross-attention reads a *list* of tokens. So one
# linear layer makes $M$ tokens at once, a vector of length $M \cdot C$ that is cut into $M$ pieces of
# length $C$, and a LayerNorm brings each piece to the scale of text tokens.
#
# Several tokens, so that different places of the picture can ask for different aspects: with one token every
# softmax over the reference would be 1, whatever the query.
#
# With $M = 2$, $C = 2$ and the projected vector $(1, 3, 10, 30)$ the tokens are $(1, 3)$ and $(10, 30)$;
# normalised **each by itself** they become $(-1, 1)$ and $(-1, 1)$. Normalise all four numbers together and
# the first token would be nearly constant, crushed by the second.


# %%
class ImageProjection(nn.Module):
    """Context tokens from one CLIP image vector.

    forward: image_embeds [B, clip_dim] -> tokens [B, num_tokens, context_dim]. State keys: `proj` (one
    Linear with bias) and `norm` (a LayerNorm over context_dim).
    Source: Ye et al. 2023 (IP-Adapter, arXiv 2308.06721), section 3.2.
    """

    def __init__(self, clip_dim: int, context_dim: int, num_tokens: int) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(self, image_embeds: Float[Tensor, "batch clip"]) -> Float[Tensor, "batch tokens context"]:
        """image_embeds [B, clip_dim] -> [B, num_tokens, context_dim]."""
        raise NotImplementedError


# %% [markdown]
# ## Two documents, one reader
#
# A reader with a question ($Q$) has two documents before them: the prompt and the reference. They read each
# by itself and add what they found:
#
# $$ \mathrm{out} = \mathrm{softmax}\!\left(\frac{Q K_t^\top}{\sqrt d}\right) V_t
#    + s \cdot \mathrm{softmax}\!\left(\frac{Q K_i^\top}{\sqrt d}\right) V_i, \qquad d = D / \text{heads}. $$
#
# One question, two softmaxes, one sum. The tempting shortcut is to glue the documents together and read once.
# But a softmax hands out a fixed sum of 1, so then every share that the reference gets is taken from the
# prompt. Decoupled, the prompt's shares add up to 1 whatever the reference says, and $s = 0$ gives back
# exactly the old model.
#
# One head, all keys equal (every softmax is a mean): text values 1 and 3, reference values 10 and 20. Text
# reads 2, the reference reads 15; at $s = 0.5$ the sum is $2 + 7.5 = 9.5$. Glued together: $34/4 = 8.5$, and
# no $s$ in sight.


# %%
def decoupled_attention(
    q: Float[Tensor, "batch queries dim"],
    k_text: Float[Tensor, "batch text dim"],
    v_text: Float[Tensor, "batch text dim"],
    k_image: Float[Tensor, "batch image dim"],
    v_image: Float[Tensor, "batch image dim"],
    num_heads: int,
    scale: float,
) -> Float[Tensor, "batch queries dim"]:
    """Attention to the text plus `scale` times attention to the reference, with the same queries.

    q [B, N, D]; k_text, v_text [B, L, D]; k_image, v_image [B, M, D]; the last axis holds num_heads heads
    side by side. Returns [B, N, D].
    Raises ValueError if D is not a multiple of num_heads.
    Source: Ye et al. 2023 (IP-Adapter, arXiv 2308.06721), section 3.2.2.
    """
    raise NotImplementedError


# %% [markdown]
# ## The layer, silent at first
#
# Now the whole layer. The base brings $W_Q, W_K, W_V$ (no bias) and an output projection (with bias), all
# frozen. The adapter brings $W_K'$ and $W_V'$, which read the reference tokens and are all that is trained.
#
# There is **no** $W_Q'$: one reader. And both new weights start at zero, so that the layer is the old layer
# for any reference: nothing, then a whisper. (Public training code copies $W_K, W_V$ into them instead; here
# we start at zero, as in ControlNet.) Why the reference is silent then: $V_i = 0$, and a mean of zeros is
# zero. Why it can still learn: the gradient of $W_V'$ is made of the shares and the reference, and neither is
# zero. $W_K'$ gets no gradient in the first backward pass, because moving shares between zeros changes
# nothing; it wakes up as soon as $V_i$ has moved.
#
# The sum is formed *before* the output projection, so its bias is added once.
#
# In Stable Diffusion 1.5, a picture of 512 x 512 pixels is a latent of 64 x 64. Where the U-Net works at 16 x 16, the
# shapes of such a layer are
#
# | tensor | shape | why |
# |---|---|---|
# | `x`, $Q$ | `[B, 256, 1280]` | 16 · 16 places, width 1280, eight heads of 160 |
# | text; $K_t, V_t$ | `[B, 77, 768]`; `[B, 77, 1280]` | 77 tokens of CLIP's width 768 |
# | reference; $K_i, V_i$ | `[B, 4, 768]`; `[B, 4, 1280]` | four tokens out of one CLIP vector |
# | shares | `[B, 8, 256, 77]` and `[B, 8, 256, 4]` | one softmax a document, not one over 81 |
# | out | `[B, 256, 1280]` | the picture's places alone |
#
# Who listens to whom? The places of the picture read the text, and they read the reference. Nobody reads the places,
# and text and reference do not hear each other: both leave the layer as they came. Lesson 7.4.3 builds the other way,
# one room in which all of them talk.


# %%
class DecoupledCrossAttention(nn.Module):
    """A frozen cross-attention layer with a trainable second path for reference tokens.

    State keys: to_q (query_dim -> query_dim), to_k, to_v (context_dim -> query_dim), all without bias;
    to_out (query_dim -> query_dim, with bias); to_k_ip, to_v_ip (like to_k, zero at first). Only to_k_ip and
    to_v_ip require gradients.
    Raises ValueError, in forward at the latest, if query_dim is not a multiple of num_heads.
    Source: Ye et al. 2023 (IP-Adapter, arXiv 2308.06721), section 3.2.2; the zeros are this course's choice,
    training code often copies to_k and to_v.
    """

    def __init__(self, query_dim: int, context_dim: int, num_heads: int) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        x: Float[Tensor, "batch queries query"],
        text: Float[Tensor, "batch text context"],
        image: Float[Tensor, "batch image context"] | None = None,
        scale: float = 1.0,
    ) -> Float[Tensor, "batch queries query"]:
        """x [B, N, query_dim], text [B, L, context_dim], image [B, M, context_dim] or None for text alone."""
        raise NotImplementedError


# %% [markdown]
# ## What the second path costs
#
# In a U-Net each cross-attention layer of width $h$ gets two new matrices of shape $[h, C]$: they read the
# context (width $C$) and write to the hidden width $h$. There is one `ImageProjection` for the whole model:
# a linear layer with bias from the CLIP width to $M \cdot C$, and a LayerNorm with $2C$ numbers.
#
# Stable Diffusion 1.5 has 16 such layers, five of width 320, five of 640, six of 1280, with $C = 768$; CLIP
# gives 1024 numbers, and $M = 4$:
#
# | part | numbers |
# |---|---|
# | K and V: $2 \cdot 768 \cdot (5 \cdot 320 + 5 \cdot 640 + 6 \cdot 1280)$ | 19 169 280 |
# | projection: $1024 \cdot 3072 + 3072$ | 3 148 800 |
# | LayerNorm: $2 \cdot 768$ | 1 536 |
# | together | 22 319 616 |
#
# About 22 million next to a frozen 860 million, trained once and then good for any reference picture.


# %%
def ip_adapter_param_count(hidden_dims: list[int], context_dim: int, clip_dim: int, num_tokens: int) -> int:
    """The number of trainable parameters of an IP-Adapter.

    hidden_dims: width of each cross-attention layer; context_dim: width of the context tokens; clip_dim:
    width of the CLIP image vector; num_tokens: tokens made of it by one ImageProjection.
    Source: Ye et al. 2023 (IP-Adapter, arXiv 2308.06721), section 3.2.
    """
    raise NotImplementedError


# %% [markdown]
# ## Silent, and able to learn?
#
# Three adapters, each with two tensors:
#
# | adapter | adds | tensors |
# |---|---|---|
# | `zero_conv` | $W x + b$ | `weight`, `bias` |
# | `lora` | $B A x$ | `A`, `B` |
# | `ip_adapter` | $\mathrm{softmax}(Q (K z)^\top / \sqrt d)\, V z$ | `K`, `V` |
#
# Set some of them to zero and ask two questions. Is the adapter *silent*: does it add exactly 0? And can it
# *learn*: does the first backward pass give at least one of its tensors a gradient that is not zero? The
# first is about values, the second about derivatives, and zero values are not zero derivatives:
# for $y = w x$ at $w = 0$, $\partial y / \partial w = x$.
#
# A product of two zeros is another matter: at $a = b = 0$ both derivatives of $a b$ vanish, and no step ever
# leaves that point. So LoRA sets one factor to zero, not both. For attention ask: what does a softmax of
# equal logits do?


# %%
def init_status(adapter: str, zeroed: list[str]) -> dict[str, bool]:
    """Whether an adapter with some tensors at zero is silent, and whether it can learn.

    adapter: "zero_conv" (tensors weight, bias), "lora" (A, B) or "ip_adapter" (K, V); zeroed: names of its
    tensors that are exactly zero. The other tensors, input, queries and loss are generic. Returns `silent`
    (it adds exactly 0) and `can_learn` (at least one of its two tensors gets a nonzero gradient at once).
    Raises ValueError for an unknown adapter, or a name that is not one of its tensors.
    Source: Hu et al. 2021 (LoRA, arXiv 2106.09685), section 4.1, for the choice of B = 0.
    """
    raise NotImplementedError


# %% [markdown]
# ## Remove and check
#
# You are handed a checkpoint and its base. What was done to it? Take the adapter away in thought and look at
# what is left.
#
# - **IP-Adapter** leaves the shared weights alone and adds new ones. Remove its keys and the base is back.
# - **LoRA**, once merged, adds no keys. It changed shared weights, by $\Delta W = s B A$: low rank.
# - **A full fine-tune** also changes shared weights, by a $\Delta W$ of any rank.
#
# So: new names, and the rank of what changed. The rank of computed numbers needs care, because rounding
# adds a little of every direction. Count the singular values of $\Delta W$ (in float64) above
# $10^{-4}$ of the largest. Singular values $(2, 0.5, 3 \cdot 10^{-6}, 10^{-6})$: rank 2 for our purpose, 4
# for a purist.
#
# A weight counts as changed if any element differs. One changed weight of high rank makes the whole thing a
# full fine-tune, whatever else is found.


# %%
def remove_and_check(
    base: dict[str, Float[Tensor, "rows columns"]], loaded: dict[str, Float[Tensor, "rows columns"]], max_rank: int
) -> str:
    """What was done to a base model: "none", "lora", "ip_adapter", "lora+ip_adapter" or "full_finetune".

    base: weights [O, I] by name; loaded: the same names with the same shapes, perhaps changed, and perhaps
    more names (an IP-Adapter's). A changed weight of numerical rank <= max_rank is a merged LoRA's, a higher
    rank a full fine-tune's, which wins over all else. Numerical rank: singular values of the difference above
    1e-4 times the largest, in float64.
    Source: Hu et al. 2021 (LoRA, arXiv 2106.09685), section 4.1, for the low rank.
    """
    raise NotImplementedError


# %% [markdown]
# ## A detour, and a second highway
#
# The same difference, seen from the keys and values. LoRA keeps the one highway and adds a detour,
#
# $$ K_t = \text{text}\,(W_K + s\, B_K A_K)^\top, $$
#
# and likewise for $V_t$: the text itself is now read differently. IP-Adapter leaves $K_t$ and $V_t$ alone and
# builds a second highway beside them, $K_i = \text{image}\, W_K'^\top$ and $V_i = \text{image}\, W_V'^\top$.
# Use both and neither touches the other: the detour is on the text's road only.
#
# With one-dimensional everything, $W_K = 2$, $B_K A_K = 3$, $s = 0.5$, $W_K' = 7$: a text token 1 gets the
# key 3.5, an image token 1 the key 7.


# %%
def kv_paths(
    w_k: Float[Tensor, "dim context"],
    w_v: Float[Tensor, "dim context"],
    text: Float[Tensor, "batch text context"],
    image: Float[Tensor, "batch image context"],
    lora: dict[str, Tensor | float] | None,
    ip: dict[str, Tensor] | None,
) -> dict[str, Float[Tensor, "batch tokens dim"]]:
    """Keys and values of one cross-attention layer with a LoRA, an IP-Adapter, both or neither.

    w_k, w_v [D, C]; text [B, L, C]; image [B, M, C]; lora: A_k, A_v [r, C], B_k, B_v [D, r] and the float
    `scale`, or None; ip: w_k_ip, w_v_ip [D, C], or None. Returns text_k, text_v [B, L, D], and with ip also
    image_k, image_v [B, M, D].
    Source: Hu et al. 2021 (LoRA, arXiv 2106.09685), section 4.1; Ye et al. 2023 (arXiv 2308.06721), section
    3.2.2.
    """
    raise NotImplementedError


# %% [markdown]
# ## IP-Adapter is not img2img
#
# Both take a reference picture, and that is all they share.
#
# | method | the loop starts from | at step | attention gets |
# |---|---|---|---|
# | `txt2img` | pure noise | 0 | text |
# | `img2img` | the reference's **VAE latent**, noised | later | text |
# | `ip_adapter` | pure noise | 0 | text and **CLIP tokens** |
#
# img2img keeps the *layout*: the latent has the reference's pixels in it. IP-Adapter keeps the *meaning*: the
# reference never enters the loop as a latent, so the picture can be composed anew.
#
# For img2img, `strength` says how much of the path is walked. Of $n$ steps the last
# $\min(\lfloor n \cdot \text{strength} \rfloor, n)$ are run, so it starts at index
# $k = n - \min(\lfloor n \cdot \text{strength} \rfloor, n)$, from
#
# $$ x = \sqrt{\bar\alpha_\tau}\; x_\text{ref} + \sqrt{1 - \bar\alpha_\tau}\; \epsilon, \qquad
#    \tau = \text{timesteps}[k]. $$
#
# $\bar\alpha$ has an entry for each of the 1000 training timesteps, and the $k$-th step of sampling stands at
# timestep $\tau$, not at $k$. With $n = 50$, strength 0.8 starts at step 10 and runs 40; strength 1 starts at
# 0, nearly pure noise; strength 0.01 runs none, and the reference comes back as it was.


# %%
def prepare_generation(
    method: str,
    ref_latent: Float[Tensor, "batch 4 height width"],
    clip_tokens: Float[Tensor, "batch tokens context"],
    noise: Float[Tensor, "batch 4 height width"],
    alphas_cumprod: Float[Tensor, "1000"],
    timesteps: Int[Tensor, "steps"],
    strength: float,
) -> dict[str, Tensor | int | None]:
    """What the denoising loop starts from: the dict of init_latent, start_index and image_tokens.

    method: "txt2img", "img2img" or "ip_adapter"; ref_latent: the reference's VAE latent; clip_tokens: its
    CLIP tokens; timesteps: descending, long; strength in [0, 1] is read by img2img alone. start_index: the
    first index of timesteps that is run, len(timesteps) if none is (then init_latent is the reference).
    alphas_cumprod is cast to the latent's dtype before any root is taken. image_tokens is None where unused.
    Raises ValueError for an unknown method, and for img2img with strength outside [0, 1].
    Source: Meng et al. 2021 (SDEdit, arXiv 2108.01073), section 3; Ye et al. 2023 (arXiv 2308.06721).
    """
    raise NotImplementedError


# %% [markdown]
# ## What moves when the reference moves? An open experiment
#
# The two methods read the reference through two kinds of encoder. A VAE's latent has the layout: shift the picture by
# eight pixels, and the latent shifts by about one place. CLIP was trained to match pictures with captions, so it says
# what is to be seen, and nearly the same for the shifted picture. Build a small one of each kind, of any design you
# like.
#
# The pictures are 16 x 16: a textured square of 8 x 8 pixels somewhere on a dark canvas, with faint grain. There are
# five textures: stripes that lie, stand or lean, a chequerboard, and plain. Your function gets a batch of them and
# answers with two codes for each picture:
#
# | code | at most | goal |
# |---|---|---|
# | `look` | 16 numbers | the picture whose code is nearest (Euclid) has the same texture: for at least 85 % |
# | `look` | | shift the square, and the code moves by at most 0.4 of the mean distance between two textures' codes |
# | `layout` | 64 numbers | a linear readout, fitted on 320 pictures, finds the square's place in new ones: off by at most 1.8 pixels on average. (Guessing the middle is off by 3.4.) |
#
# There is nothing to train. Ask which operations forget *where*, and which of those still know *what*.
#
# **Predict first.** Return as `guess` how far you expect `look` to move, as a share of that mean distance. It is not
# graded; the report shows it beside the measurement.


# %%
def reference_codes(images: Float[Tensor, "batch 1 16 16"]) -> dict[str, Tensor | float]:
    """Two codes of each picture: what it looks like, and how it is laid out.

    images [B, 1, 16, 16]: textured squares on a dark canvas, values from about 0 to 1.2. Returns look [B, K] with
    K <= 16, layout [B, L] with L <= 64, and guess, a Python float (not graded). A picture's codes depend on that
    picture alone.
    Criterion: the table of the text.
    Source: Radford et al. 2021 (CLIP, arXiv 2103.00020); Rombach et al. 2022 (arXiv 2112.10752), section 3.1.
    """
    raise NotImplementedError


# %% [markdown]
# ## Which channel does a weight read?
#
# A frozen diffusion model can be spoken to on five channels. A plain one hears WHEN and WHAT. ControlNet (lesson 7.1.1)
# made them three, IP-Adapter makes them four, and SDXL (lesson 7.4.1) has a fifth. Each enters at its own place:
#
# | channel | condition | where it enters |
# |---|---|---|
# | `WHEN` | timestep | the time embedding, and a projection in every ResNet block |
# | `WHAT` | prompt | keys and values of cross-attention (`attn2`) |
# | `WHERE` | spatial map | the parts that only a ControlNet has (`controlnet_...`) |
# | `WHAT_IT_LOOKS_LIKE` | reference picture | the image projection, `to_k_ip`, `to_v_ip` |
# | `AT_WHAT_QUALITY` | picture size, crop (SDXL) | the added embedding |
#
# The question is what a weight reads **directly**. Queries of cross-attention read the picture's own
# features; self-attention (`attn1`) reads nothing else; what comes after the attention reads a mixture that is
# already in the features. All these are `NONE`.
#
# Names are read by whole segments between dots: `to_k_ip` is not `to_k`.
#
# Two rows are coarser than the truth. Of the weights that only a ControlNet has, `controlnet_cond_embedding` alone
# reads the map itself; the zero convolutions read the copy's features, and count as `WHERE` because nothing but
# the map's message passes through them. And SDXL's added embedding reads the pooled prompt, too, beside size and
# crop.
#
# The channels are written with underscores here. Lesson 7.4.1 meets the same five with hyphens,
# `WHAT-IT-LOOKS-LIKE`: answer in each lesson in its own spelling.


# %%
def channel_of(param_name: str) -> str:
    """The condition that a weight reads directly, from its diffusers name (without an owner in front).

    WHEN: first segment time_embedding, or any segment time_emb_proj. WHAT_IT_LOOKS_LIKE: a segment to_k_ip
    or to_v_ip, or first segment encoder_hid_proj. WHERE: a first segment that begins with controlnet_.
    AT_WHAT_QUALITY: first segment add_embedding. WHAT: which weights of attn2 read the prompt? NONE: the
    rest.
    Source: Ye et al. 2023 (arXiv 2308.06721); Podell et al. 2023 (SDXL, arXiv 2307.01952), section 2.2.
    """
    raise NotImplementedError


# %% [markdown]
# ## Probe the channels
#
# Names can lie; behaviour cannot. To find out which channels a model listens to, change one input at a time
# and see whether the answer moves. One at a time: put the others back before you try the next, or you
# will blame the prompt for what the timestep did. And *moves* means by more than a tolerance, at the element
# that moves most: a ControlNet may move a single corner.
#
# A change that is the same for every element has a blind spot: a LayerNorm subtracts the mean of each token, and
# with it the change. So let the change differ from element to element.
#
# If the largest changes are 0.3 for `t`, $10^{-6}$ for `text`, 0 for `hint`, 0.2 for `image`, then with a
# tolerance of $10^{-3}$ the answer is `["WHEN", "WHAT_IT_LOOKS_LIKE"]`.


# %%
def probe_channels(model: Callable[..., Tensor], inputs: dict[str, Float[Tensor, "..."]], tol: float) -> list[str]:
    """The channels that a model listens to, in the order WHEN, WHAT, WHERE, WHAT_IT_LOOKS_LIKE.

    model: called as model(**inputs), returns a tensor; inputs: floating tensors x, t (WHEN), text (WHAT),
    hint (WHERE), image (WHAT_IT_LOOKS_LIKE). A channel counts if a change of order 1 in its input alone,
    which differs from element to element, moves some element of the output by more than tol.
    Source: Ye et al. 2023 (IP-Adapter, arXiv 2308.06721) and Zhang et al. 2023 (ControlNet, arXiv 2302.05543).
    """
    raise NotImplementedError


# %% [markdown]
# ## Four channels, one network
#
# Now compose them. Build a small network that hears all four: the time and the text always, the map and the reference
# if they are given, each of these two with a knob of its own. Nothing of its inside is asked for. What is asked for are
# the properties that make channels *composable*:
#
# 1. **Nothing first**: in a fresh network map and reference change nothing, bit for bit; time and text are heard.
# 2. **Then a whisper**: already then, the first backward pass gives some parameter of the map's path a gradient that is
#    not zero, and some of the reference's path.
# 3. **Heard**: with other weights all four channels move the output.
# 4. **A way back**: a knob at 0, or the condition left out, gives the same numbers bit for bit, whatever the other
#    channel says at the time.
# 5. **A knob of its own**: one knob does nothing to the other channel. At 0.5 the output is neither that of 0 nor of 1.
#
# Number 4 is where a shared softmax fails: a reference of zeros is not the same as no reference. Note what is *not*
# asked for. The reference's contribution may depend on the map, because the queries that read it have heard the map.
# Channels that can be removed one by one need not have effects that simply add up.


# %%
class FourChannels(nn.Module):
    """A small network that hears WHEN, WHAT, WHERE and WHAT_IT_LOOKS_LIKE, with a knob for each of the last two.

    width: features of the picture's tokens and of the map's, a multiple of 4; context: width of the text's and the
    reference's tokens. The five properties of the text hold, in float32, the third and the last two for any weights.
    Source: Zhang et al. 2023 (arXiv 2302.05543) and Ye et al. 2023 (arXiv 2308.06721), on adding to a frozen model.
    """

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        raise NotImplementedError

    def forward(
        self,
        x: Float[Tensor, "batch places width"],
        t: Float[Tensor, "batch"],
        text: Float[Tensor, "batch text context"],
        hint: Float[Tensor, "batch places width"] | None = None,
        image: Float[Tensor, "batch image context"] | None = None,
        where: float = 1.0,
        look: float = 1.0,
    ) -> Float[Tensor, "batch places width"]:
        """x, hint [B, N, width], t [B], text [B, L, context], image [B, M, context]; where, look: the two knobs."""
        raise NotImplementedError


# %% [markdown]
# ## One volume knob, two wirings
#
# Guidance, ControlNet and IP-Adapter all have a knob $s$. Turn it to 0 and the condition is gone; turn it up
# and it gets louder. The wiring differs in one point: what the signal *is*.
#
# $$ \text{ControlNet, IP-Adapter: } \text{base} + s \cdot \text{signal}, \qquad
#    \text{guidance: } \text{base} + s \cdot (\text{signal} - \text{base}). $$
#
# A ControlNet's residual and a reference's attention output are differences already: what to add. In
# classifier-free guidance the signal is a whole prediction, the one with the prompt, and `base` the one
# without. So at $s = 1$ guidance gives the conditional prediction itself. With base 2 and signal 5, $s = 7.5$:
# guidance 24.5, an adapter 39.5.


# %%
def volume_knob(
    kind: str, base: Float[Tensor, "..."], signal: Float[Tensor, "..."], scale: float
) -> Float[Tensor, "..."]:
    """Turn a condition's volume to `scale`.

    kind: "cfg" (base is the unconditional, signal the conditional prediction), "controlnet" (signal is the
    residual) or "ip_adapter" (signal is the image path's output); base and signal have one shape. Returns a
    tensor like base.
    Raises ValueError for another kind.
    Source: Ho & Salimans 2022 (classifier-free guidance, arXiv 2207.12598), section 3.2.
    """
    raise NotImplementedError


# %% [markdown]
# ## Train the second path
#
# The proof that it works: a layer, its base frozen, learns to follow reference pictures that it has never
# seen. Nothing of the base may move, not by a bit: that is what lets an adapter, trained once, be plugged into
# every fine-tune of the same model, and what makes $s = 0$ an exact way back.
#
# Start from the given state, train `to_k_ip` and `to_v_ip` at $s = 1$ on the mean squared error, and return
# the whole state. Use Adam with learning rate $10^{-2}$ and batches of 64 samples, drawn anew in each step: the
# same rows of `x`, `text`, `image` and `target`. In the first step only the values move (the keys' gradient is
# zero); from the second on, both.


# %%
def train_ip_adapter(
    state: dict[str, Tensor],
    x: Float[Tensor, "n queries query"],
    text: Float[Tensor, "n text context"],
    image: Float[Tensor, "n image context"],
    target: Float[Tensor, "n queries query"],
    num_heads: int,
    steps: int,
    seed: int,
) -> dict[str, Tensor]:
    """Train the image path of a DecoupledCrossAttention and return its full state dict.

    state: where to start (a state_dict, which stays as it is); x, target [S, N, query_dim], S samples; text
    [S, L, context_dim]; image [S, M, context_dim]; steps: updates; seed: for what you draw at random. Only
    to_k_ip and to_v_ip are trained, by Adam with learning rate 1e-2 on F.mse_loss at scale 1; all other
    tensors come back bit for bit.
    Source: Ye et al. 2023 (IP-Adapter, arXiv 2308.06721), section 3.2.2.
    """
    raise NotImplementedError
