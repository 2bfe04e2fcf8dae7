# %% [markdown]
# # ControlNet
#
# A trained diffusion model knows how pictures look. It listens to a prompt (WHAT) and to a time (WHEN), but
# you cannot tell it WHERE: put the edge of the roof along *this* line. ControlNet gives it a third ear
# without touching a single one of its weights.
#
# The recipe has three parts. Copy the encoder of the U-Net and train the copy. Show the copy the control
# image, called the hint. Add what the copy has to say to the skip connections of the frozen U-Net, through
# convolutions that start at zero. You will build each part, count its cost, and in the end train a small
# ControlNet that obeys outlines.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $x$, $x_t$ | `x` | image or features `[B, C, H, W]`; the subscript says that it is noisy |
# | $c$ | `hint` | control image `[B, Ch, H, W]`, for example an outline; not the three hints of `grade` |
# | $Z$ | `zero` | zero convolution: 1x1, weight and bias start at 0 |
# | $g = \partial L / \partial y$ | `grad_out` | gradient of the loss with respect to a layer's output |
# | $t \in [0, 1]$ | `t` | time, 0 is data, 1 is noise |
# | $\bar\alpha$ | `alpha_bar` | share of the signal's variance that is left |
# | $\epsilon$ | `eps` | the standard normal noise that a denoiser predicts |
#
# The U-Net of this lesson is `toys.TinyUNet`: an encoder (`conv_in`, `enc1`, `down`, `enc2`), a middle
# (`mid`), and a decoder that reads four skips and the middle. Its `forward` takes a list of five residuals,
# which it adds to these five places. Read it in `exercises/toys.py` before you begin: it is 40 lines (in a
# notebook `TinyUNet??` shows them). You will build with its parts: `time_mlp()` makes the time embedding
# `[B, 32]` of `time_features(t)`, and `TinyBlock(c_in, c_out)` is called as `block(x, temb)` and keeps height
# and width.
#
# No function changes its arguments, and each answers in the dtype of its tensors. (`train_control` may set
# `requires_grad` of the U-Net's parameters; their values stay.)

# %%
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from digits import DigitUNet, judge, load_digits, teacher
from toys import TinyBlock, TinyUNet, alpha_bar_table, time_features, time_mlp

# %% [markdown]
# ## A layer that says nothing
#
# Anything new that you wire into a trained network disturbs it. Random weights add random features, and the
# first thing training does is to repair the damage. A **zero convolution** avoids it: a 1x1 convolution
#
# $$ y_o = b_o + \sum_i W_{oi}\, x_i \quad\text{at each pixel,} $$
#
# with $W = 0$ and $b = 0$ at the start. Both have to be zero: with $W = 0$ and $b = 0.3$ it adds 0.3
# everywhere. It is not a multiplication of the output by zero, and it is not frozen: weight and bias are
# ordinary parameters that begin at an unusual place.
#
# From 3 to 5 channels it has $3 \cdot 5 + 5 = 20$ parameters. "Nothing, then a whisper" is the rule for every
# adapter of this module; this layer is the nothing.

# %%
class ZeroConv2d(nn.Module):
    """A 1x1 convolution whose weight and bias start at zero and train from there.

    in_channels, out_channels: at least 1. The state has the keys `weight` [Cout, Cin, 1, 1] and `bias`
    [Cout] and no others.
    Raises ValueError if a number of channels is less than 1.
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.1.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        if in_channels < 1 or out_channels < 1:
            raise ValueError(f"a convolution from {in_channels} to {out_channels} channels has no weights")
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        ### END SOLUTION

    def forward(self, x: Float[Tensor, "batch cin height width"]) -> Float[Tensor, "batch cout height width"]:
        """x [B, Cin, H, W] -> [B, Cout, H, W]."""
        ### BEGIN SOLUTION
        return F.conv2d(x, self.weight, self.bias)
        ### END SOLUTION


# %% [markdown]
# ## Zero weights, living gradients
#
# Does a layer of zeros learn at all? "The weights are zero, so the gradients are zero" sounds right and is
# wrong. Differentiate $y_o = b_o + \sum_i W_{oi} x_i$ with the upstream gradient $g$ and sum over all places
# (batch and pixels) where a parameter is used:
#
# $$ \frac{\partial L}{\partial W_{oi}} = \sum_{\text{batch, pixels}} g_o\, x_i, \qquad
#    \frac{\partial L}{\partial b_o} = \sum_{\text{batch, pixels}} g_o, \qquad
#    \frac{\partial L}{\partial x_i} = \sum_o W_{oi}\, g_o. $$
#
# The weight's gradient holds $x$ and not $W$. Only the third one holds $W$: at the very first step nothing
# flows *through* the layer to what stands before it. So the zero convolution moves first, and the encoder
# copy behind it wakes up one step later.
#
# One pixel, two inputs $x = (2, -1)$, one output with $g = 3$ and $W = (0, 0)$: the weight's gradient is
# $(6, -3)$, the bias's is $3$, the input's is $(0, 0)$. After one step with rate 0.1 the weight is
# $(-0.6, 0.3)$, and the same $g$ sends $(-1.8, 0.9)$ back to the input.

# %%
def zero_conv_grads(
    weight: Float[Tensor, "cout cin 1 1"],
    x: Float[Tensor, "batch cin height width"],
    grad_out: Float[Tensor, "batch cout height width"],
) -> dict[str, Tensor]:
    """The three gradients of a 1x1 convolution with a bias, for a given upstream gradient.

    weight [O, I, 1, 1]; x [B, I, H, W], the input; grad_out [B, O, H, W], dL/dy. Returns a dict: `weight`
    [O, I, 1, 1], `bias` [O] and `input` [B, I, H, W].
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.1 and its supplement on zero convolutions.
    """
    ### BEGIN SOLUTION
    weight_grad = torch.einsum("bohw,bihw->oi", grad_out, x)  # [O, I]
    return {
        "weight": weight_grad[:, :, None, None],  # [O, I, 1, 1]
        "bias": grad_out.sum(dim=(0, 2, 3)),  # [O]
        "input": torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out),  # [B, I, H, W]
    }
    ### END SOLUTION


# %% [markdown]
# ## Nothing, then a whisper
#
# Now let it speak. Train a zero convolution by plain gradient descent on the mean squared error
#
# $$ L = \frac{1}{n} \sum (y - \text{target})^2, \qquad
#    g = \frac{\partial L}{\partial y} = \frac{2}{n}\,(y - \text{target}), $$
#
# where $n$ counts all elements of $y$: batch, channels and pixels. Record the size of what the layer adds,
# $\sqrt{\operatorname{mean}(y^2)}$, before the first update and after each one.
#
# By hand, with one pixel that is always $x = 1$, target 1 and rate 0.1: $y = W + b$ moves by
# $2 \cdot 0.1 \cdot 2 (1 - y)$ a step, so the curve reads $0,\ 0.4,\ 0.64,\ 0.784$: exactly nothing, then a
# whisper, then a voice. The mean keeps the first whisper low: a sum over a thousand elements would be a
# thousand times as loud.

# %%
def whisper(
    x: Float[Tensor, "batch cin height width"],
    target: Float[Tensor, "batch cout height width"],
    lr: float,
    steps: int,
) -> Float[Tensor, "steps+1"]:
    """The loudness of a zero convolution while gradient descent trains its weight and its bias.

    x [B, I, H, W]; target [B, O, H, W]; lr: step size of plain gradient descent on the mean squared error
    over all elements; steps: number of updates. Returns [steps + 1], in the dtype of x: entry k is the root
    of the mean square of the layer's output on x after k updates, so entry 0 is exactly 0.
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.1.
    """
    ### BEGIN SOLUTION
    weight = x.new_zeros(target.shape[1], x.shape[1], 1, 1)
    bias = x.new_zeros(target.shape[1])
    loudness = [x.new_zeros(())]
    for _ in range(steps):
        y = F.conv2d(x, weight, bias)  # [B, O, H, W]
        grads = zero_conv_grads(weight, x, 2 * (y - target) / y.numel())
        weight = weight - lr * grads["weight"]
        bias = bias - lr * grads["bias"]
        loudness.append(F.conv2d(x, weight, bias).square().mean().sqrt())
    return torch.stack(loudness)  # [steps + 1]
    ### END SOLUTION


# %% tags=["notebook-only"]
import matplotlib.pyplot as plt

picture_x = torch.randn(4, 3, 8, 8)
picture_target = torch.einsum("oi,bihw->bohw", torch.randn(2, 3), picture_x) + 0.5
plt.figure(figsize=(5, 3))
try:
    for rate in (0.05, 0.2, 0.5):
        plt.plot(whisper(picture_x, picture_target, rate, 20), marker=".", label=f"lr = {rate}")
except NotImplementedError:
    plt.close()
    print("Write zero_conv_grads and whisper, then run this cell again: it draws how the voice grows.")
else:
    plt.axhline(picture_target.square().mean().sqrt(), color="grey", linestyle=":", label="target")
    plt.xlabel("updates")
    plt.ylabel("root mean square of the output")
    plt.title("Nothing, then a whisper")
    plt.legend()
    plt.show()

# %% [markdown]
# ## Another way to be quiet: an open experiment
#
# A zero convolution from $d$ to $d$ channels costs $d^2 + d$ numbers. An adapter for a large linear layer cannot afford
# that. LoRA adds $B A x$ instead, with $A$ of shape $[r, d_\text{in}]$ and $B$ of shape $[d_\text{out}, r]$, and starts
# with $B = 0$ and a random $A$: the same rule, silence by a zero that trains, kept in another place.
#
# Which other ways are there? Build one. You get a frozen linear layer whose answer is off by a change of rank 4. Your
# adapter sees the layer's input and adds to its output; the checks train it with Adam (rate 0.01, 200 updates on 256
# samples). From 24 to 32 features you may spend 450 parameters, from 40 to 20 features 500. A full matrix has 768 or
# 800.
#
# **Goals**: at the start it adds exactly 0 to every input; the very first gradient of some parameter is not zero; after
# 200 updates at most 0.2 of the first squared error is left. Before you build it, ask which products of parameters are
# zero at the start, and which of their derivatives.
#
# **Predict first.** Write the share of the first error that you expect to be left into the attribute `guess`, a number.
# It is not graded; the report shows it beside the measured curve.

# %%
class QuietAdapter(nn.Module):
    """An adapter of few parameters beside a frozen linear layer: silent at the start, and able to learn.

    width_in, width_out: the layer's features, at least 8 each; budget: the largest number of trainable parameters, at
    least 8 (width_in + width_out). The attribute `guess` is a Python float (not graded).
    Criterion: exactly 0 before training; a gradient that is not zero in the first backward pass; at most 0.2 of the
    first squared error left after 200 updates of Adam with rate 0.01.
    Source: Hu et al. 2021 (LoRA, arXiv 2106.09685), section 4.1, is one design.
    """

    def __init__(self, width_in: int, width_out: int, budget: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.guess = 0.01
        rank = budget // (width_in + width_out)
        self.a = nn.Parameter(torch.randn(rank, width_in) / width_in**0.5)
        self.b = nn.Parameter(torch.zeros(width_out, rank))
        ### END SOLUTION

    def forward(self, x: Float[Tensor, "n width_in"]) -> Float[Tensor, "n width_out"]:
        """x [N, width_in] -> what is added to the layer's output, [N, width_out]."""
        ### BEGIN SOLUTION
        return x @ self.a.T @ self.b.T
        ### END SOLUTION


# %% [markdown]
# ## Begin from what the U-Net knows
#
# Which half of a U-Net is worth copying? The encoder and the middle turn an image into features that say what
# is where; the decoder turns such features back into an image. The copy has to understand *where*, and its
# result goes into the frozen decoder. So the encoder and the middle are copied, with the time embedding, and
# the decoder is not.
#
# Why not train the U-Net's own encoder? Its decoder has learned what these very features mean. Move the encoder, and
# the decoder reads a language that it was never taught, so it would have to move, too: then all of the model is
# retrained, on the few thousand maps that you have, and may forget what it saw in billions of pictures. Nor is there a
# way back: with a copy, the scale 0 is the old model, and two copies for two kinds of maps can be added up.
#
# | part | starts as |
# |---|---|
# | `time`, `conv_in`, `enc1`, `down`, `enc2`, `mid` | the U-Net's own weights, cloned |
# | `zero.0`, `zero.1`, … : one for each place where a residual is added | zeros |
# | `zero_hint`: between the hint's features and the copy | zeros |
#
# The copy itself is *not* zero: only what connects it to the frozen model is. And it is a clone. A copy that
# shares its memory with the original would train the original.
#
# The zero convolution number $i$ has $c_i \to c_i$ channels, where $c_i$ is the width of skip $i$. The hint's
# features join the first skip, so `zero_hint` has $c_0 \to c_0$. With `[8, 8, 16, 16, 16]` the zeros come to
# $2 \cdot 72 + 3 \cdot 272 = 960$ numbers, and `zero_hint` adds 72.

# %%
def init_control_state(unet_state: dict[str, Tensor], skip_channels: list[int]) -> dict[str, Tensor]:
    """What a ControlNet for this U-Net starts from: cloned encoder and middle, and zero convolutions.

    unet_state: parameters of a U-Net by name, with the prefixes of `TinyUNet`; skip_channels: the width of
    each place where a residual is added. Returns clones of all tensors whose name starts with `time.`,
    `conv_in.`, `enc1.`, `down.`, `enc2.` or `mid.`, then for each width c number i zeros as
    `zero.{i}.weight` [c, c, 1, 1] and `zero.{i}.bias` [c], and the same as `zero_hint.weight` and
    `zero_hint.bias` for the first width. No other keys: the layer `hint_in` keeps its default start. Zeros
    have the dtype of the U-Net; nothing shares memory with it.
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.2.
    """
    ### BEGIN SOLUTION
    copied = ("time.", "conv_in.", "enc1.", "down.", "enc2.", "mid.")
    state = {name: tensor.clone() for name, tensor in unet_state.items() if name.startswith(copied)}
    like = next(iter(unet_state.values()))
    widths = {f"zero.{i}": c for i, c in enumerate(skip_channels)} | {"zero_hint": skip_channels[0]}
    for name, c in widths.items():
        state[f"{name}.weight"] = like.new_zeros(c, c, 1, 1)
        state[f"{name}.bias"] = like.new_zeros(c)
    return state
    ### END SOLUTION


# %% [markdown]
# ## Who is who in a real ControlNet
#
# Now read the real thing. In the library diffusers a Stable Diffusion U-Net and its ControlNet are two modules
# with parameter names such as `down_blocks.0.resnets.1.conv1.weight`. Put the owner in front and each name
# has one role:
#
# | role | who |
# |---|---|
# | `frozen` | everything in the U-Net; it stays in place and never moves |
# | `copied` | `conv_in`, `time_embedding`, `down_blocks`, `mid_block` of the ControlNet |
# | `zero` | its `controlnet_down_blocks`, `controlnet_mid_block`, and the last layer of the hint encoder, `controlnet_cond_embedding.conv_out` |
# | `new` | the rest of the hint encoder `controlnet_cond_embedding`, random at first |
# | `absent` | `up_blocks`, `conv_norm_out`, `conv_out`: the decoder, which a ControlNet does not have |
#
# Names are to be read segment by segment, between the dots: `controlnet.conv_out.weight` is absent, while
# `controlnet.controlnet_cond_embedding.conv_out.weight` is a zero convolution, and
# `controlnet.mid_block…` is not `controlnet.controlnet_mid_block…`.

# %%
def param_role(name: str) -> str:
    """The role of a parameter: "frozen", "copied", "zero", "new" or "absent".

    name: `unet.` or `controlnet.` and then the parameter's name in diffusers. Every name of the U-Net is
    frozen. For a name of the ControlNet the part right after the owner decides, and within the hint encoder
    also the segment after that; "absent" is a part of the U-Net that a ControlNet lacks.
    Raises ValueError for another owner, or for a part of the ControlNet that is neither.
    Source: `diffusers.ControlNetModel.from_unet`; Zhang et al. 2023 (arXiv 2302.05543), section 3.2.
    """
    ### BEGIN SOLUTION
    owner, part, inner = (*name.split("."), "", "")[:3]
    if owner == "unet":
        return "frozen"
    if owner == "controlnet":
        if part in ("conv_in", "time_embedding", "down_blocks", "mid_block"):
            return "copied"
        if part in ("controlnet_down_blocks", "controlnet_mid_block"):
            return "zero"
        if part == "controlnet_cond_embedding":
            return "zero" if inner == "conv_out" else "new"
        if part in ("up_blocks", "conv_norm_out", "conv_out"):
            return "absent"
    raise ValueError(f"no role is known for {name!r}")
    ### END SOLUTION


# %% tags=["notebook-only"]
# The real thing, tiny: a diffusers U-Net and the ControlNet made of it, beside your zero convolution and your roles.
try:
    from diffusers import ControlNetModel, UNet2DConditionModel
except ImportError:
    print("Install diffusers to compare with it: pip install diffusers")
else:
    tiny = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4, "cross_attention_dim": 12}
    down = {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "attention_head_dim": 4}
    peer_unet = UNet2DConditionModel(**tiny, **down, up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
    peer = ControlNetModel.from_unet(peer_unet, conditioning_embedding_out_channels=(4, 8, 8, 8))
    originals = dict(peer_unet.named_parameters())
    try:
        roles = {name: param_role(f"controlnet.{name}") for name, _ in peer.named_parameters()}
        layer = ZeroConv2d(8, 8)
    except NotImplementedError:
        print("Write ZeroConv2d and param_role, then run this cell again: it compares them with diffusers.")
    else:
        zeros = {name for name, tensor in peer.named_parameters() if not tensor.any() and roles[name] == "zero"}
        copied = {name for name, tensor in peer.named_parameters() if roles[name] == "copied"}
        print(f"{len(zeros)} of {sum(role == 'zero' for role in roles.values())} tensors that you call zero are zero")
        same = sum(torch.equal(dict(peer.named_parameters())[name], originals[name]) for name in copied)
        print(f"{same} of {len(copied)} tensors that you call copied are the U-Net's")
        theirs = peer.controlnet_down_blocks[0]
        nn.init.normal_(theirs.weight)  # as if it were trained
        nn.init.normal_(theirs.bias)
        layer.load_state_dict(theirs.state_dict())
        sample = torch.randn(2, 8, 4, 4)
        print(f"your zero convolution with its weights differs by {(layer(sample) - theirs(sample)).abs().max():.1e}")

# %% [markdown]
# ## What it costs
#
# A ControlNet trains the copied parts, the zero convolutions and the hint encoder. A zero convolution from $c$
# to $c$ channels has $c^2 + c$ parameters: $c^2$ weights and $c$ biases. Everything of the U-Net is frozen,
# and that includes its own encoder: it is copied *and* stays in place.
#
# For Stable Diffusion v1.5 there are 13 places: skips of width $4 \times 320$, $3 \times 640$ and
# $5 \times 1280$, and the middle of width 1280. The zero convolutions have
# $4 \cdot 102\,720 + 3 \cdot 410\,240 + 6 \cdot 1\,639\,680 = 11\,479\,680$ parameters, 3 % of the whole. In
# total 361,279,120 numbers train next to 859,520,964 frozen ones: a ratio of 0.42. The copied encoder and middle alone
# are about 349 million, a ratio of 0.41. The figures "about 300 million, 35 %", which one often reads, are too low.

# %%
def controlnet_budget(
    unet_counts: dict[str, int], skip_channels: list[int], hint_params: int
) -> dict[str, int | float]:
    """How many parameters a ControlNet trains, how many stay frozen, and how they compare.

    unet_counts: parameters of the U-Net by part, with the keys `conv_in`, `time_embedding`, `down_blocks`,
    `mid_block`, `up_blocks`, `conv_norm_out` and `conv_out`; skip_channels: the width of each zero
    convolution that adds a residual; hint_params: the whole hint encoder, its own last zero layer included.
    Returns a dict: `trainable` (copied, zero and hint), `frozen` (the U-Net), `zero` (the zero
    convolutions, without the hint encoder's) and `ratio`, trainable over frozen, a float.
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.2.
    """
    ### BEGIN SOLUTION
    copied = sum(unet_counts[part] for part in ("conv_in", "time_embedding", "down_blocks", "mid_block"))
    zero = sum(c * c + c for c in skip_channels)
    trainable = copied + zero + hint_params
    frozen = sum(unet_counts.values())
    return {"trainable": trainable, "frozen": frozen, "zero": zero, "ratio": trainable / frozen}
    ### END SOLUTION


# %% tags=["notebook-only"]
plt.figure(figsize=(6, 1.8))
left = 0.0
for part, millions in {"copied encoder and middle": 348.7, "zero convolutions": 11.5, "hint encoder": 1.1}.items():
    plt.barh("ControlNet, trains", millions, left=left, label=part)
    left += millions
plt.barh("U-Net, frozen", 859.5, color="lightgrey")
plt.xlabel("million parameters, Stable Diffusion v1.5")
plt.legend(fontsize="small", loc="upper right")
plt.show()

# %% [markdown]
# ## The second encoder
#
# Put the parts together for `TinyUNet`. The copy sees the noisy image *plus* the hint, and the hint, too,
# enters through a zero convolution:
#
# $$ s_0 = \text{conv\_in}(x) + Z_\text{hint}\big(\text{silu}(\text{hint\_in}(c))\big), $$
#
# then the encoder runs as in the U-Net: $s_1 = \text{enc1}(s_0)$, $s_2 = \text{down}(s_1)$,
# $s_3 = \text{enc2}(s_2)$, $m = \text{mid}(s_3)$, where the blocks also take the time embedding
# `self.time(time_features(t))`. The answer is five residuals, one for each place that the U-Net adds to:
#
# $$ r_i = \text{scale} \cdot Z_i(f_i), \qquad (f_0, \dots, f_4) = (s_0, s_1, s_2, s_3, m). $$
#
# | residual | channels | size |
# |---|---|---|
# | 0, 1 | $b$ | $H \times W$ |
# | 2, 3, 4 | $2b$ | $H/2 \times W/2$ |
#
# Here $b$ is `base`. The volume knob `scale` turns the residuals: at 0 the U-Net is alone again. At the start
# all $Z$ are zero, so the frozen U-Net's output does not change by a single bit, whatever the hint. WHEN comes
# through $t$, WHERE through the hint.

# %%
class TinyControlNet(nn.Module):
    """A ControlNet for `TinyUNet`: a second encoder that sees the hint and answers with five residuals.

    in_channels: channels of the image; hint_channels: of the hint; base: width of the first level, a
    multiple of 4. The children `time`, `conv_in`, `enc1`, `down`, `enc2` and `mid` are as in TinyUNet.
    `hint_in` is a 3x3 convolution with padding 1 from hint_channels to base, `zero_hint` is a zero
    convolution from base to base, and `zero.0` to `zero.4` are zero convolutions of the widths of the
    residuals. There are no other parameters.
    Source: Zhang et al. 2023 (arXiv 2302.05543), equations (2) and (3).
    """

    def __init__(self, in_channels: int, hint_channels: int, base: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        b = base
        self.time = time_mlp()
        self.conv_in = nn.Conv2d(in_channels, b, 3, padding=1)
        self.enc1 = TinyBlock(b, b)
        self.down = nn.Conv2d(b, 2 * b, 3, stride=2, padding=1)
        self.enc2 = TinyBlock(2 * b, 2 * b)
        self.mid = TinyBlock(2 * b, 2 * b)
        self.hint_in = nn.Conv2d(hint_channels, b, 3, padding=1)
        self.zero_hint = ZeroConv2d(b, b)
        self.zero = nn.ModuleList(ZeroConv2d(c, c) for c in (b, b, 2 * b, 2 * b, 2 * b))
        ### END SOLUTION

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        t: Float[Tensor, "batch"],
        hint: Float[Tensor, "batch hint_channels height width"],
        scale: float = 1.0,
    ) -> list[Tensor]:
        """x [B, C, H, W], t [B], hint [B, Ch, H, W] -> the list of the five residuals."""
        ### BEGIN SOLUTION
        temb = self.time(time_features(t))  # [B, 32]
        s0 = self.conv_in(x) + self.zero_hint(F.silu(self.hint_in(hint)))  # [B, b, H, W]
        s1 = self.enc1(s0, temb)  # [B, b, H, W]
        s2 = self.down(s1)  # [B, 2b, H/2, W/2]
        s3 = self.enc2(s2, temb)  # [B, 2b, H/2, W/2]
        m = self.mid(s3, temb)  # [B, 2b, H/2, W/2]
        return [scale * zero(f) for zero, f in zip(self.zero, (s0, s1, s2, s3, m), strict=True)]
        ### END SOLUTION


# %% [markdown]
# ## Teach it to obey an outline
#
# Everything is in place; train it. The loss is the denoiser's own: noise a clean image,
#
# $$ x_t = \sqrt{\bar\alpha}\,x_0 + \sqrt{1-\bar\alpha}\;\epsilon, \qquad
#    L = \operatorname{mean}\big(\text{unet}(x_t, t, \text{residuals}) - \epsilon\big)^2, $$
#
# and let the ControlNet see the outline of the *same* image. The gradient runs backwards through the frozen
# decoder into the residuals: frozen means that its weights do not move, not that no gradient passes.
#
# Why does the hint help? At high noise the picture is nearly drowned, and the U-Net alone must guess where
# the shape is. The outline tells it, so the noise can be told from the shape. And give the trained model the
# outline of *another* image: it will obey, and be wrong. The checks measure both on images that it has not
# seen, after 80 updates on 512 images (public) and after 120 updates on 1024 images (hidden). With the right
# outline the error must fall below 0.7 of the error of the U-Net alone. With another image's outline it must be
# more than 1.5 times the error with the right one.
#
# The recipe: `TinyControlNet(1, 1, 8)`, started from `init_control_state` with the widths
# `[8, 8, 16, 16, 16]` (`hint_in` keeps its default start). In each update draw 64 images with their hints, and
# for each image $j$ uniformly in 0…99; $\bar\alpha$ is entry $j$ of `alpha_bar_table()` and $t = (j+1)/100$.
# Adam with learning rate 3e-3. At 1e-3 it gets little more than half as far in so few updates.

# %%
def train_control(
    unet: TinyUNet,
    images: Float[Tensor, "count 1 16 16"],
    hints: Float[Tensor, "count 1 16 16"],
    steps: int,
    seed: int,
) -> dict[str, Tensor]:
    """Train a ControlNet for a frozen U-Net that predicts noise; return its state.

    unet: a trained TinyUNet(1, 8), no parameter of which may change; images [N, 1, 16, 16] in [-1, 1];
    hints [N, 1, 16, 16], 0 or 1: the outline of each image; steps: optimiser updates, 0 returns the start;
    seed: of all randomness. Train with Adam at learning rate 3e-3 and batches of 64, on noise levels j
    uniform in 0..99 with t = (j + 1)/100, with gradients through the frozen U-Net. Returns the state dict of
    a `TinyControlNet(1, 1, 8)`. Limit: 15 s on one CPU thread for 120 steps.
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.3.
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    control = TinyControlNet(1, 1, 8)
    control.load_state_dict(init_control_state(unet.state_dict(), [8, 8, 16, 16, 16]), strict=False)
    unet.requires_grad_(False)
    optimiser = torch.optim.Adam(control.parameters(), lr=3e-3)
    table = alpha_bar_table()  # [100]
    for _ in range(steps):
        rows = torch.randint(len(images), (64,))
        j = torch.randint(len(table), (64,))
        alpha_bar = table[j].view(-1, 1, 1, 1)  # [B, 1, 1, 1]
        eps = torch.randn(64, *images.shape[1:])
        x_t = alpha_bar.sqrt() * images[rows] + (1 - alpha_bar).sqrt() * eps  # [B, 1, 16, 16]
        t = (j + 1) / len(table)  # [B]
        loss = F.mse_loss(unet(x_t, t, control(x_t, t, hints[rows])), eps)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return control.state_dict()
    ### END SOLUTION


# %% tags=["notebook-only"]
demo_rows, demo_columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
demo_mask = ((demo_rows - 7) ** 2 + (demo_columns - 9) ** 2 <= 16).float()
demo_outline = demo_mask + F.max_pool2d(-demo_mask[None], 3, 1, 1)[0]
demo_noise = torch.randn(16, 16)
panels = {"hint": demo_outline}
for demo_j in (19, 39, 69):
    demo_level = alpha_bar_table()[demo_j]
    noisy = demo_level.sqrt() * (2 * demo_mask - 1) + (1 - demo_level).sqrt() * demo_noise
    panels[f"x_t at t = {(demo_j + 1) / 100:.1f}"] = noisy
fig, axes = plt.subplots(1, 4, figsize=(9, 2.5))
for ax, (title, panel) in zip(axes, panels.items(), strict=True):
    ax.imshow(panel, cmap="gray")
    ax.set_title(title)
    ax.axis("off")
fig.suptitle("What the U-Net sees, and what only the ControlNet sees")
plt.show()

# %% [markdown]
# ## Draw along these lines
#
# Now something to look at: handwritten digits of 8 x 8 pixels, and a U-Net that draws them. `teacher()` of `digits`
# is a `DigitUNet`: it knows the ten digits as prompts (label 10 means "no prompt") and answers with the *velocity* of
# the straight path (more about it in lesson 7.2.2),
#
# $$ x_t = (1 - t)\,x_0 + t\,\epsilon, \qquad v = \epsilon - x_0, $$
#
# so a picture is drawn by walking from noise, $t = 1$, to $t = 0$: ten times $x \leftarrow x - v / 10$. It takes the same
# five residuals as `TinyUNet`: 16, 16, 32, 32, 32 channels, the last three at 4 x 4. The map is the edge map of a digit,
# which the next cell makes.
#
# Give it an ear for edges. The design is yours: a copy of its encoder as above, or anything else that answers with five
# residuals. What you hand over is a function `control(x, t, label, hint)`. The checks draw unseen digits along their
# edge maps and ask for three things, in the order in which you would see them happen:
#
# | when | what |
# |---|---|
# | after 0 updates | **silent**: all residuals are exactly 0 |
# | after 10 updates | **a whisper**: the velocity has changed, but by less than 0.2 of its size |
# | after 120 updates | **obeyed**: without a prompt, the edges of what is drawn share at least 0.62 of the asked ones (intersection over union; the U-Net alone reaches 0.43), and the judge reads at least 0.5 of the drawings as the map's digit (alone 0.1). With the map's digit as the prompt, at least 0.9 |
#
# A hint that lies beside a prompt is easily ignored in training: the prompt says much already. Zhang et al. replace half of
# the prompts by empty ones for this reason (section 3.3). The exercise has 60 s of processor time for two trainings; one
# of 120 updates with 64 images takes about 3 s. There is no time to be timid with the learning rate.

# %%
def edge_map(images: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """1 where the brightness changes fast (Sobel), else 0."""
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    slopes = F.conv2d(padded, torch.stack([across, across.T])[:, None])  # [B, 2, H, W]
    return (slopes.norm(dim=1, keepdim=True) > 0.5).float()


# %% tags=["solution-only"]
class _DigitControl(nn.Module):
    """The encoder and the middle of a DigitUNet, with an ear for the hint."""

    def __init__(self) -> None:
        super().__init__()
        b = 16
        self.time = time_mlp()
        self.label = nn.Embedding(11, 32)
        self.conv_in = nn.Conv2d(1, b, 3, padding=1)
        self.enc1 = TinyBlock(b, b)
        self.down = nn.Conv2d(b, 2 * b, 3, stride=2, padding=1)
        self.enc2 = TinyBlock(2 * b, 2 * b)
        self.mid = TinyBlock(2 * b, 2 * b)
        self.hint_in = nn.Conv2d(1, b, 3, padding=1)
        self.zero_hint = ZeroConv2d(b, b)
        self.zero = nn.ModuleList(ZeroConv2d(c, c) for c in (b, b, 2 * b, 2 * b, 2 * b))

    def forward(self, x: Tensor, t: Tensor, label: Tensor, hint: Tensor) -> list[Tensor]:
        temb = F.silu(self.time(time_features(t)) + self.label(label))  # [B, 32]
        s0 = self.conv_in(x) + self.zero_hint(F.silu(self.hint_in(hint)))
        s1 = self.enc1(s0, temb)
        s2 = self.down(s1)
        s3 = self.enc2(s2, temb)
        features = (s0, s1, s2, s3, self.mid(s3, temb))
        return [zero(f) for zero, f in zip(self.zero, features, strict=True)]


# %%
def digit_control(
    unet: DigitUNet,
    images: Float[Tensor, "count 1 8 8"],
    labels: Int64[Tensor, "count"],
    hints: Float[Tensor, "count 1 8 8"],
    steps: int,
    seed: int,
) -> Callable[[Tensor, Tensor, Tensor, Tensor], list[Tensor]]:
    """Train a control branch for a frozen DigitUNet and return it as a function.

    unet: predicts the velocity, no parameter of it may change; images [N, 1, 8, 8] in [-1, 1], labels [N] from 0 to 9,
    hints [N, 1, 8, 8], the images' edge maps; steps: optimiser updates, 0 returns the start; seed: of all randomness.
    Returns control(x, t, label, hint) -> five residuals, for x [B, 1, 8, 8], t [B] in [0, 1], label [B] (10 is no
    prompt), hint [B, 1, 8, 8]. Criterion: the table of the text. Limit: 60 s of processor time for all checks.
    Source: Zhang et al. 2023 (arXiv 2302.05543), sections 3.2 and 3.3.
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    control = _DigitControl()
    shared = {name: tensor for name, tensor in unet.state_dict().items() if name in control.state_dict()}
    control.load_state_dict(shared, strict=False)  # copies the numbers
    optimiser = torch.optim.Adam(control.parameters(), lr=6e-3)
    for _ in range(steps):
        rows = torch.randint(len(images), (64,))
        x0, hint = images[rows], hints[rows]
        prompt = torch.where(torch.rand(64) < 0.5, 10, labels[rows])  # half of them are empty
        t, eps = torch.rand(64), torch.randn(64, 1, 8, 8)
        share = t[:, None, None, None]
        x_t = (1 - share) * x0 + share * eps
        loss = F.mse_loss(unet(x_t, t, prompt, control(x_t, t, prompt, hint)), eps - x0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return control
    ### END SOLUTION


# %% tags=["notebook-only"]
drawer, (pictures, asked) = teacher(), load_digits("train")
unseen, unseen_labels = load_digits("held_out")
maps = edge_map(unseen[::50])  # ten maps
rows_of_pictures = {"the digits of the maps": unseen[::50], "their edge maps": maps}
try:
    controls = {n: digit_control(drawer, pictures, asked, edge_map(pictures), n, 0) for n in (0, 60, 120)}
except NotImplementedError:
    print("Write digit_control, then run this cell again: it draws digits along edge maps, without a prompt.")
else:
    start = torch.randn(len(maps), 1, 8, 8)
    nobody = torch.full((len(maps),), 10)
    with torch.no_grad():
        for updates, control in controls.items():
            drawn = start
            for k in range(10):
                t = torch.full((len(maps),), 1 - k / 10)
                drawn = drawn - drawer(drawn, t, nobody, control(drawn, t, nobody, maps)) / 10
            read = judge().legible(drawn, unseen_labels[::50])
            rows_of_pictures[f"after {updates} updates (the judge reads {read:.0%} as the map's digit)"] = drawn
    fig, axes = plt.subplots(len(rows_of_pictures), 1, figsize=(7, 6))
    for ax, (title, row) in zip(axes, rows_of_pictures.items(), strict=True):
        ax.imshow(torch.cat(list(row[:, 0]), dim=1), cmap="gray_r")
        ax.set_title(title, fontsize=9)
        ax.axis("off")
    plt.tight_layout()
    plt.show()
