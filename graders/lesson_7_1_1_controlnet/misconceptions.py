"""Wrong answers that we expect in lesson 7.1.1."""

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- zero_conv

edit(
    "zero_conv",
    "default_init",
    """        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(out_channels))""",
    """        fresh = nn.Conv2d(in_channels, out_channels, 1)
        self.weight, self.bias = fresh.weight, fresh.bias""",
    hint="Look at the output before any training step. What must it be so that the frozen model is undisturbed?",
)
edit(
    "zero_conv",
    "bias_left_random",
    "nn.Parameter(torch.zeros(out_channels))",
    "nn.Conv2d(in_channels, out_channels, 1).bias",
    hint="You zeroed one of two parameters. What does the layer output for an all-zero input?",
)


@misconception(
    "zero_conv",
    hint="Zero at the start, yes - but how would the whisper ever begin if these parameters take no gradient?",
)
class frozen_zero(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        if in_channels < 1 or out_channels < 1:
            raise ValueError("too few channels")
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(out_channels), requires_grad=False)

    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias)


edit(
    "zero_conv",
    "multiply_output_by_zero",
    "return F.conv2d(x, self.weight, self.bias)",
    "return 0 * F.conv2d(x, self.weight, self.bias)",
    hint="Your output is zero for every weight. A zero convolution starts at zero because of its weights, "
    "and then leaves it.",
)


@misconception(
    "zero_conv",
    hint="The weight and the bias belong to the module itself. Print the keys of its state: who owns them in your layer?",
)
class in_a_child(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        if in_channels < 1 or out_channels < 1:
            raise ValueError("too few channels")
        self.conv = nn.Conv2d(in_channels, out_channels, 1)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)

    def forward(self, x):
        return self.conv(x)


# ---------------------------------------------------------------- zero_conv_grads


@misconception(
    "zero_conv_grads",
    hint="Zero weights do not mean zero gradients: y = Wx + b, so dy/dW is x, not W.",
)
def all_zero(weight, x, grad_out):
    grads = {
        "weight": torch.einsum("bohw,bihw->oi", grad_out, x)[:, :, None, None],
        "bias": grad_out.sum(dim=(0, 2, 3)),
        "input": torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out),
    }
    return {name: torch.zeros_like(g) for name, g in grads.items()} if (weight == 0).all() else grads


@misconception(
    "zero_conv_grads",
    hint="Autograd sums over batch and pixels; nothing in the formula divides by their number.",
)
def mean_over_pixels(weight, x, grad_out):
    places = x.shape[0] * x.shape[2] * x.shape[3]
    return {
        "weight": torch.einsum("bohw,bihw->oi", grad_out, x)[:, :, None, None] / places,
        "bias": grad_out.mean(dim=(0, 2, 3)),
        "input": torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out),
    }


edit(
    "zero_conv_grads",
    "input_grad_is_upstream",
    'torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out)',
    'torch.einsum("oi,bohw->bihw", torch.ones_like(weight[:, :, 0, 0]), grad_out)',
    hint="The upstream gradient reaches the input only through W. With W = 0, what gets through?",
)
edit(
    "zero_conv_grads",
    "weight_grad_without_x",
    'torch.einsum("bohw,bihw->oi", grad_out, x)',
    'torch.einsum("bohw,bihw->oi", grad_out, torch.ones_like(x))',
    hint="dL/dW[o,i] pairs the upstream gradient of output o with the INPUT channel i.",
)

# ---------------------------------------------------------------- whisper

edit(
    "whisper",
    "random_start",
    """    weight = x.new_zeros(target.shape[1], x.shape[1], 1, 1)
    bias = x.new_zeros(target.shape[1])
    loudness = [x.new_zeros(())]""",
    """    fresh = nn.Conv2d(x.shape[1], target.shape[1], 1).to(x.dtype)
    weight, bias = fresh.weight.detach(), fresh.bias.detach()
    loudness = [F.conv2d(x, weight, bias).square().mean().sqrt()]""",
    hint="Nothing first: entry 0 must be exactly 0.",
)
edit(
    "whisper",
    "recorded_after_update",
    "return torch.stack(loudness)",
    """    y = F.conv2d(x, weight, bias)
    grads = zero_conv_grads(weight, x, 2 * (y - target) / y.numel())
    y = F.conv2d(x, weight - lr * grads["weight"], bias - lr * grads["bias"])
    return torch.stack([*loudness[1:], y.square().mean().sqrt()])""",
    hint="Entry k is the contribution AFTER k updates, so entry 0 is before any.",
)
edit(
    "whisper",
    "sum_loss",
    "2 * (y - target) / y.numel()",
    "2 * (y - target)",
    hint="The loss is the mean over all elements; a sum makes the first whisper a shout.",
)
edit(
    "whisper",
    "bias_not_trained",
    'bias = bias - lr * grads["bias"]',
    "bias = bias + 0",
    hint="Both the weight and the bias learn.",
)

edit(
    "whisper",
    "mean_over_samples",
    "2 * (y - target) / y.numel()",
    "2 * (y - target) / len(y)",
    hint="The mean runs over all elements of the output: channels and pixels count as well as samples.",
)
edit(
    "whisper",
    "two_forgotten",
    "2 * (y - target) / y.numel()",
    "(y - target) / y.numel()",
    hint="Differentiate the square: an exponent comes down as a factor.",
)

# ---------------------------------------------------------------- init_control_state

edit(
    "init_control_state",
    "copies_decoder_too",
    "state = {name: tensor.clone() for name, tensor in unet_state.items() if name.startswith(copied)}",
    "state = {name: tensor.clone() for name, tensor in unet_state.items()}",
    hint="Which half of the U-Net knows WHERE things are before the decoder uses it? Only the encoder and middle "
    "are copied.",
)
edit(
    "init_control_state",
    "aliases_frozen_tensors",
    "tensor.clone()",
    "tensor",
    hint="Train the copy and you would train the original: these are the same memory. Clone them.",
)
edit(
    "init_control_state",
    "copy_starts_at_zero",
    "tensor.clone()",
    "torch.zeros_like(tensor)",
    hint="Only the connecting convolutions start at zero; the copy starts from the ORIGINAL weights.",
)
edit(
    "init_control_state",
    "random_copy",
    "tensor.clone()",
    "0.1 * torch.randn_like(tensor)",
    hint="A freshly initialised encoder throws away what the U-Net knows about images.",
)

edit(
    "init_control_state",
    "prefix_without_dot",
    "name.startswith(copied)",
    'name.startswith(("time", "conv_in", "enc1", "down", "enc2", "mid"))',
    hint="`down` is a part and `downs` is another one: a part's name ends at the dot.",
)
edit(
    "init_control_state",
    "zeros_in_float32",
    "like = next(iter(unet_state.values()))",
    "like = torch.zeros(())",
    hint="Fresh zeros are float32, whatever the U-Net is. Take the dtype from one of its tensors.",
)

# ---------------------------------------------------------------- param_role

edit(
    "param_role",
    "decoder_is_copied",
    'return "absent"',
    'return "copied"',
    hint="ControlNet has no decoder: its features are ADDED to the frozen decoder's skips.",
)
edit(
    "param_role",
    "copy_is_frozen",
    'return "copied"',
    'return "frozen"',
    hint="The original is frozen; the copy is the part that trains.",
)
edit(
    "param_role",
    "everything_in_controlnet_is_new",
    'return "copied"',
    'return "new"',
    hint="Compare controlnet.down_blocks.* with unet.down_blocks.* right after construction: equal or different?",
)
edit(
    "param_role",
    "hint_encoder_has_no_zero_layer",
    'return "zero" if inner == "conv_out" else "new"',
    'return "new"',
    hint="The last layer of the hint encoder starts at zero too, so that the copy first sees exactly the U-Net's "
    "features.",
)


@misconception(
    "param_role",
    hint="A part's name may contain another part's name. Compare the whole segment between the dots.",
)
def parts_by_substring(name):
    owner, _, rest = name.partition(".")
    if owner == "unet":
        return "frozen"
    if owner != "controlnet":
        raise ValueError(name)
    if "cond_embedding" in rest:
        return "zero" if "conv_out" in rest else "new"
    if "controlnet_" in rest:
        return "zero"
    if any(part in rest for part in ("up_blocks", "conv_norm_out", "conv_out")):
        return "absent"
    if any(part in rest for part in ("conv_in", "time_embedding", "down_blocks", "mid_block")):
        return "copied"
    raise ValueError(name)


# ---------------------------------------------------------------- controlnet_budget

edit(
    "controlnet_budget",
    "whole_unet_copied",
    'sum(unet_counts[part] for part in ("conv_in", "time_embedding", "down_blocks", "mid_block"))',
    "sum(unet_counts.values())",
    hint="Only the encoder half and the middle are copied; that is why it is about a third and not 100%.",
)
edit(
    "controlnet_budget",
    "zero_conv_without_bias",
    "c * c + c",
    "c * c",
    hint="A 1x1 convolution from c to c channels has c*c weights and c biases.",
)
edit(
    "controlnet_budget",
    "ratio_of_total",
    "trainable / frozen",
    "trainable / (trainable + frozen)",
    hint="The ratio asked for is trainable / frozen U-Net.",
)
edit(
    "controlnet_budget",
    "copied_part_not_frozen",
    "frozen = sum(unet_counts.values())",
    "frozen = sum(unet_counts.values()) - copied",
    hint="The U-Net's own encoder stays in place, frozen: it still counts.",
)

edit(
    "controlnet_budget",
    "hint_encoder_is_free",
    "trainable = copied + zero + hint_params",
    "trainable = copied + zero",
    hint="The hint encoder is new: nobody has trained it before.",
)

# ---------------------------------------------------------------- controlnet_module

edit(
    "controlnet_module",
    "random_zero_convs",
    "nn.ModuleList(ZeroConv2d(c, c) for c in (b, b, 2 * b, 2 * b, 2 * b))",
    "nn.ModuleList(nn.Conv2d(c, c, 1) for c in (b, b, 2 * b, 2 * b, 2 * b))",
    hint="Before training, adding your residuals must leave the frozen U-Net's output unchanged.",
)
edit(
    "controlnet_module",
    "hint_not_silenced",
    "self.zero_hint(F.silu(self.hint_in(hint)))",
    "F.silu(self.hint_in(hint)) + 0 * self.zero_hint(F.silu(self.hint_in(hint)))",
    hint="The hint, too, enters through a zero convolution: at first the copy sees exactly what the U-Net sees.",
)
edit(
    "controlnet_module",
    "hint_replaces_image",
    "self.conv_in(x) + self.zero_hint(F.silu(self.hint_in(hint)))",
    "0 * self.conv_in(x) + self.zero_hint(F.silu(self.hint_in(hint)))",
    hint="The copy sees the noisy image PLUS the encoded hint, not the hint alone.",
)
edit(
    "controlnet_module",
    "hint_ignored",
    "self.zero_hint(F.silu(self.hint_in(hint)))",
    "0 * self.zero_hint(F.silu(self.hint_in(hint)))",
    hint="Change the hint: your residuals do not change. Where does WHERE come in?",
)
edit(
    "controlnet_module",
    "scale_on_hint",
    """self.zero_hint(F.silu(self.hint_in(hint)))  # [B, b, H, W]
        s1 = self.enc1(s0, temb)  # [B, b, H, W]
        s2 = self.down(s1)  # [B, 2b, H/2, W/2]
        s3 = self.enc2(s2, temb)  # [B, 2b, H/2, W/2]
        m = self.mid(s3, temb)  # [B, 2b, H/2, W/2]
        return [scale * zero(f)""",
    """scale * self.zero_hint(F.silu(self.hint_in(hint)))
        s1 = self.enc1(s0, temb)
        s2 = self.down(s1)
        s3 = self.enc2(s2, temb)
        m = self.mid(s3, temb)
        return [zero(f)""",
    hint="The volume knob is on the residuals (the output), not on the hint.",
)

edit(
    "controlnet_module",
    "scale_before_the_zero_convolution",
    "scale * zero(f)",
    "zero(scale * f)",
    hint="At scale 0 the residuals must vanish, but a trained zero convolution of zeros still gives its bias.",
)

# ---------------------------------------------------------------- train_control

edit(
    "train_control",
    "unet_not_frozen",
    """    unet.requires_grad_(False)
    optimiser = torch.optim.Adam(control.parameters(), lr=3e-3)""",
    "    optimiser = torch.optim.Adam([*control.parameters(), *unet.parameters()], lr=3e-3)",
    hint="The original U-Net changed. Freeze it: only the copy and the zero convolutions train.",
)
edit(
    "train_control",
    "hint_dropped",
    "control(x_t, t, hints[rows])",
    "control(x_t, t, torch.zeros_like(hints[rows]))",
    hint="Your network never saw the hint in training, so it cannot use it.",
)
edit(
    "train_control",
    "lr_zero",
    "lr=3e-3",
    "lr=0.0",
    hint="Nothing moved: the loss at the end equals the loss at step 0.",
)
edit(
    "train_control",
    "hint_of_another_image",
    "control(x_t, t, hints[rows])",
    "control(x_t, t, hints[rows.roll(1)])",
    hint="Each hint must belong to the image it is trained with.",
)
edit(
    "train_control",
    "copy_from_scratch",
    "    control.load_state_dict(init_control_state(unet.state_dict(), [8, 8, 16, 16, 16]), strict=False)\n",
    "",
    hint="Compare your encoder with the U-Net's after 0 updates: a ControlNet begins from what the U-Net knows.",
)
edit(
    "train_control",
    "copy_stays_frozen",
    "torch.optim.Adam(control.parameters(), lr=3e-3)",
    'torch.optim.Adam([p for n, p in control.named_parameters() if n.startswith(("zero", "hint_in"))], lr=3e-3)',
    hint="The original is frozen, the copy is not: it has to learn what the hint means. Is it in your optimiser?",
)
edit(
    "train_control",
    "hint_in_starts_at_zero",
    "    unet.requires_grad_(False)\n",
    """    nn.init.zeros_(control.hint_in.weight)
    nn.init.zeros_(control.hint_in.bias)
    unet.requires_grad_(False)
""",
    hint="Two silent layers in a row never wake: the gradient of each holds the other. Leave hint_in its default start.",
)
edit(
    "train_control",
    "no_square_roots",
    "alpha_bar.sqrt() * images[rows] + (1 - alpha_bar).sqrt() * eps",
    "alpha_bar * images[rows] + (1 - alpha_bar) * eps",
    hint="alpha_bar is a share of the variance, so image and noise get the square roots of the two shares.",
)
edit(
    "train_control",
    "predicts_the_image",
    "control(x_t, t, hints[rows])), eps)",
    "control(x_t, t, hints[rows])), images[rows])",
    hint="The frozen U-Net predicts the noise, and so must the U-Net with its ControlNet.",
)
edit(
    "train_control",
    "copy_sees_clean_image",
    "control(x_t, t, hints[rows])",
    "control(images[rows], t, hints[rows])",
    hint="In sampling there is no clean image to look at: the copy sees what the U-Net sees, the noisy one.",
)
edit(
    "train_control",
    "seed_unused",
    "    torch.manual_seed(seed)\n",
    "",
    hint="Train twice with the same seed: the same images and the same noise should be drawn.",
)
