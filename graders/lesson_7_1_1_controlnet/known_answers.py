"""Known right and wrong answers to lesson 7.1.1."""

import copy
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("zero_conv")
wrong("default_init", "        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1))\n        self.bias = nn.Parameter(torch.zeros(out_channels))", "        fresh = nn.Conv2d(in_channels, out_channels, 1)\n        self.weight, self.bias = fresh.weight, fresh.bias",
      hint="Look at the output before any training step. What must it be so that the frozen model is undisturbed?")
wrong("bias_left_random", "nn.Parameter(torch.zeros(out_channels))", "nn.Conv2d(in_channels, out_channels, 1).bias",
      hint="You zeroed one of two parameters. What does the layer output for an all-zero input?")


@wrong(hint="Zero at the start, yes - but how would the whisper ever begin if these parameters take no gradient?")
class frozen_zero(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        if in_channels < 1 or out_channels < 1:
            raise ValueError("too few channels")
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, 1, 1), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(out_channels), requires_grad=False)

    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias)


wrong("multiply_output_by_zero", "return F.conv2d(x, self.weight, self.bias)", "return 0 * F.conv2d(x, self.weight, self.bias)",
      hint="Your output is zero for every weight. A zero convolution starts at zero because of its weights, and then leaves it.")


@wrong(hint="The weight and the bias belong to the module itself. Print the keys of its state: who owns them in your layer?")
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


@right
class a_conv2d_zeroed(nn.Conv2d):
    def __init__(self, in_channels, out_channels):
        if min(in_channels, out_channels) < 1:
            raise ValueError("channels must be at least 1")
        super().__init__(in_channels, out_channels, kernel_size=1)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)


@right
class by_einsum(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        if not (in_channels >= 1 and out_channels >= 1):
            raise ValueError("no channels")
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_channels)))
        self.register_parameter("weight", nn.Parameter(torch.zeros((out_channels, in_channels, 1, 1))))

    def forward(self, x):
        return torch.einsum("oi,bihw->bohw", self.weight.flatten(1), x) + self.bias.view(1, -1, 1, 1)


exercise("zero_conv_grads")


@wrong(hint="Zero weights do not mean zero gradients: y = Wx + b, so dy/dW is x, not W.")
def all_zero(weight, x, grad_out):
    grads = {
        "weight": torch.einsum("bohw,bihw->oi", grad_out, x)[:, :, None, None],
        "bias": grad_out.sum(dim=(0, 2, 3)),
        "input": torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out),
    }
    return {name: torch.zeros_like(g) for name, g in grads.items()} if (weight == 0).all() else grads


@wrong(hint="Autograd sums over batch and pixels; nothing in the formula divides by their number.")
def mean_over_pixels(weight, x, grad_out):
    places = x.shape[0] * x.shape[2] * x.shape[3]
    return {
        "weight": torch.einsum("bohw,bihw->oi", grad_out, x)[:, :, None, None] / places,
        "bias": grad_out.mean(dim=(0, 2, 3)),
        "input": torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out),
    }


wrong("input_grad_is_upstream", 'torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out)', 'torch.einsum("oi,bohw->bihw", torch.ones_like(weight[:, :, 0, 0]), grad_out)',
      hint="The upstream gradient reaches the input only through W. With W = 0, what gets through?")
wrong("input_grad_is_grad_out", 'torch.einsum("oi,bohw->bihw", weight[:, :, 0, 0], grad_out)', "grad_out",
      hint="The upstream gradient reaches the input only through W, so it has as many channels as the input. With W = 0, what gets through?")
wrong("weight_grad_without_x", 'torch.einsum("bohw,bihw->oi", grad_out, x)', 'torch.einsum("bohw,bihw->oi", grad_out, torch.ones_like(x))',
      hint="dL/dW[o,i] pairs the upstream gradient of output o with the INPUT channel i.")


@right
def by_autograd(weight, x, grad_out):
    weight, x = weight.detach().clone().requires_grad_(True), x.detach().clone().requires_grad_(True)
    bias = torch.zeros(weight.shape[0], dtype=weight.dtype, requires_grad=True)
    grads = torch.autograd.grad(F.conv2d(x, weight, bias), [weight, bias, x], grad_out)
    return dict(zip(("weight", "bias", "input"), grads, strict=True))


@right
def by_matrix_products(weight, x, grad_out):
    places = x.permute(1, 0, 2, 3).reshape(x.shape[1], -1)
    upstream = grad_out.permute(1, 0, 2, 3).reshape(grad_out.shape[1], -1)
    back = weight[..., 0, 0].T @ upstream
    batch, cin, height, width = x.shape
    return {
        "input": back.reshape(cin, batch, height, width).permute(1, 0, 2, 3),
        "weight": (upstream @ places.T).reshape(weight.shape),
        "bias": upstream.sum(dim=1),
    }


exercise("whisper")
wrong("random_start", "    weight = x.new_zeros(target.shape[1], x.shape[1], 1, 1)\n    bias = x.new_zeros(target.shape[1])\n    loudness = [x.new_zeros(())]", "    fresh = nn.Conv2d(x.shape[1], target.shape[1], 1).to(x.dtype)\n    weight, bias = fresh.weight.detach(), fresh.bias.detach()\n    loudness = [F.conv2d(x, weight, bias).square().mean().sqrt()]",
      hint="Nothing first: entry 0 must be exactly 0.")
wrong("recorded_after_update", "return torch.stack(loudness)", "    y = F.conv2d(x, weight, bias)\n    grads = zero_conv_grads(weight, x, 2 * (y - target) / y.numel())\n    y = F.conv2d(x, weight - lr * grads[\"weight\"], bias - lr * grads[\"bias\"])\n    return torch.stack([*loudness[1:], y.square().mean().sqrt()])",
      hint="Entry k is the contribution AFTER k updates, so entry 0 is before any.")
wrong("sum_loss", "2 * (y - target) / y.numel()", "2 * (y - target)",
      hint="The loss is the mean over all elements; a sum makes the first whisper a shout.")
wrong("bias_not_trained", 'bias = bias - lr * grads["bias"]', "bias = bias + 0",
      hint="Both the weight and the bias learn.")
wrong("mean_over_samples", "2 * (y - target) / y.numel()", "2 * (y - target) / len(y)",
      hint="The mean runs over all elements of the output: channels and pixels count as well as samples.")
wrong("two_forgotten", "2 * (y - target) / y.numel()", "(y - target) / y.numel()",
      hint="Differentiate the square: an exponent comes down as a factor.")


@right
def with_torch_optim(x, target, lr, steps):
    layer = nn.Conv2d(x.shape[1], target.shape[1], 1).to(x.dtype)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimiser = torch.optim.SGD(layer.parameters(), lr=lr)
    curve = []
    for k in range(steps + 1):
        y = layer(x)
        curve.append(y.detach().pow(2).mean().sqrt())
        if k < steps:
            optimiser.zero_grad()
            F.mse_loss(y, target).backward()
            optimiser.step()
    return torch.stack(curve)


@right
def as_one_matrix(x, target, lr, steps):
    cin, cout = x.shape[1], target.shape[1]
    places = x.double().movedim(1, -1).reshape(-1, cin)
    places = torch.cat([places, torch.ones_like(places[:, :1])], dim=1)
    wanted = target.double().movedim(1, -1).reshape(-1, cout)
    matrix = torch.zeros(cin + 1, cout, dtype=torch.float64)
    curve = torch.zeros(steps + 1, dtype=x.dtype)
    for k in range(1, steps + 1):
        matrix -= lr * 2 / wanted.numel() * places.T @ (places @ matrix - wanted)
        curve[k] = (places @ matrix).square().mean().sqrt()
    return curve


exercise("quiet_adapter")
wrong("both_zero", "torch.randn(rank, width_in) / width_in**0.5", "torch.zeros(rank, width_in)",
      hint="In a product of two factors, the gradient of each holds the other. What does the first step see if both are zero?")
wrong("both_random", "torch.zeros(width_out, rank)", "torch.randn(width_out, rank) / rank**0.5",
      hint="Nothing first: before training the frozen layer's answer must be untouched. Which factor has to wait at zero?")


@wrong(hint="Count the parameters: a matrix of its own from every input to every output is over the budget.")
class full_matrix(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.0
        self.weight = nn.Parameter(torch.zeros(width_out, width_in))

    def forward(self, x):
        return x @ self.weight.T




@wrong(hint="A constant zero stays zero, and so does every gradient behind it. The zero must be a number that can train.")
class multiplied_by_zero(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.5
        rank = budget // (width_in + width_out)
        self.down = nn.Linear(width_in, rank, bias=False)
        self.up = nn.Linear(rank, width_out, bias=False)

    def forward(self, x):
        return 0.0 * self.up(self.down(x))


fails("rank_one", "rank = budget // (width_in + width_out)", "rank = 1")
fails("one_factor_never_trains", "self.a = nn.Parameter(torch.randn(rank, width_in) / width_in**0.5)", "self.register_buffer('a', torch.randn(rank, width_in) / width_in**0.5)")


@fails
class part_of_the_input(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.3
        self.weight = nn.Parameter(torch.zeros(width_out, budget // (2 * width_out)))

    def forward(self, x):
        return x[:, : self.weight.shape[1]] @ self.weight.T


@right
class the_other_factor(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.1
        rank = budget // (width_in + width_out)
        self.down = nn.Linear(width_in, rank, bias=False)
        self.up = nn.Linear(rank, width_out, bias=False)
        nn.init.zeros_(self.down.weight)

    def forward(self, x):
        return self.up(self.down(x))


@right
class behind_a_gate(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.05
        rank = (budget - 1) // (width_in + width_out)
        self.down = nn.Parameter(torch.randn(rank, width_in) / width_in**0.5)
        self.up = nn.Parameter(torch.randn(width_out, rank) / rank**0.5)
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.gate * F.linear(F.linear(x, self.down), self.up)


@right
class one_gate_for_each_direction(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.0
        rank = budget // (width_in + width_out + 1)
        self.down = nn.Parameter(torch.randn(rank, width_in) / width_in**0.5)
        self.up = nn.Parameter(torch.randn(width_out, rank) / rank**0.5)
        self.gates = nn.Parameter(torch.zeros(rank))

    def forward(self, x):
        return torch.einsum("ni,ri,r,or->no", x, self.down, self.gates, self.up)


@right
class bottleneck(nn.Module):
    def __init__(self, width_in, width_out, budget):
        super().__init__()
        self.guess = 0.2
        width = (budget - width_out) // (width_in + width_out + 1)
        self.down, self.up = nn.Linear(width_in, width), nn.Linear(width, width_out)
        for parameter in self.up.parameters():
            parameter.data.zero_()

    def forward(self, x):
        return self.up(F.silu(self.down(x)))


exercise("init_control_state")
wrong("copies_decoder_too", "state = {name: tensor.clone() for name, tensor in unet_state.items() if name.startswith(copied)}", "state = {name: tensor.clone() for name, tensor in unet_state.items()}",
      hint="Which half of the U-Net knows WHERE things are before the decoder uses it? Only the encoder and middle are copied.")
wrong("aliases_frozen_tensors", "tensor.clone()", "tensor",
      hint="Train the copy and you would train the original: these are the same memory. Clone them.")
wrong("copy_starts_at_zero", "tensor.clone()", "torch.zeros_like(tensor)",
      hint="Only the connecting convolutions start at zero; the copy starts from the ORIGINAL weights.")
wrong("random_copy", "tensor.clone()", "0.1 * torch.randn_like(tensor)",
      hint="A freshly initialised encoder throws away what the U-Net knows about images.")
wrong("prefix_without_dot", "name.startswith(copied)", 'name.startswith(("time", "conv_in", "enc1", "down", "enc2", "mid"))',
      hint="`down` is a part and `downs` is another one: a part's name ends at the dot.")
wrong("zeros_in_float32", "like = next(iter(unet_state.values()))", "like = torch.zeros(())",
      hint="Fresh zeros are float32, whatever the U-Net is. Take the dtype from one of its tensors.")


@right
def by_first_segment(unet_state, skip_channels):
    parts = {"time", "conv_in", "enc1", "down", "enc2", "mid"}
    state = copy.deepcopy(OrderedDict((k, v) for k, v in unet_state.items() if k.split(".")[0] in parts))
    dtype = next(iter(state.values())).dtype
    for i in range(len(skip_channels)):
        c = skip_channels[i]
        state["zero." + str(i) + ".weight"] = torch.zeros((c, c, 1, 1), dtype=dtype)
        state["zero." + str(i) + ".bias"] = torch.zeros(c, dtype=dtype)
    state["zero_hint.weight"] = torch.zeros((skip_channels[0], skip_channels[0], 1, 1), dtype=dtype)
    state["zero_hint.bias"] = torch.zeros(skip_channels[0], dtype=dtype)
    return state


@right
def from_the_layers(unet_state, skip_channels):
    dtype = unet_state["conv_in.weight"].dtype  # every U-Net has this layer
    zeros = nn.ModuleDict({"zero_hint": ZeroConv2d(skip_channels[0], skip_channels[0])})
    zeros["zero"] = nn.ModuleList([ZeroConv2d(c, c) for c in skip_channels])
    state = dict(zeros.to(dtype).state_dict())
    for prefix in ("mid.", "enc2.", "down.", "enc1.", "conv_in.", "time."):
        state.update({k: v.detach().clone() for k, v in unet_state.items() if k.find(prefix) == 0})
    return state


exercise("param_role")
wrong("decoder_is_copied", 'return "absent"', 'return "copied"',
      hint="ControlNet has no decoder: its features are ADDED to the frozen decoder's skips.")
wrong("copy_is_frozen", 'return "copied"', 'return "frozen"',
      hint="The original is frozen; the copy is the part that trains.")
wrong("everything_in_controlnet_is_new", 'return "copied"', 'return "new"',
      hint="Compare controlnet.down_blocks.* with unet.down_blocks.* right after construction: equal or different?")
wrong("hint_encoder_has_no_zero_layer", 'return "zero" if inner == "conv_out" else "new"', 'return "new"',
      hint="The last layer of the hint encoder starts at zero too, so that the copy first sees exactly the U-Net's features.")
wrong("up_blocks_are_copied", '"down_blocks", "mid_block"):\n            return "copied"', '"down_blocks", "mid_block", "up_blocks"):\n            return "copied"',
      hint="Encoder and middle are copied. The up blocks are the decoder, which a ControlNet does not have.")


@wrong(hint="A part's name may contain another part's name. Compare the whole segment between the dots.")
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


@right
def by_table(name):
    table = dict.fromkeys(("conv_in", "time_embedding", "down_blocks", "mid_block"), "copied")
    table |= dict.fromkeys(("controlnet_down_blocks", "controlnet_mid_block"), "zero")
    table |= dict.fromkeys(("up_blocks", "conv_norm_out", "conv_out"), "absent")
    owner, _, rest = name.partition(".")
    if owner == "unet":
        return "frozen"
    part, _, tail = rest.partition(".")
    if owner != "controlnet" or part not in {*table, "controlnet_cond_embedding"}:
        raise ValueError(name)
    if part in table:
        return table[part]
    return "zero" if tail.partition(".")[0] == "conv_out" else "new"


@right
def by_matching(name):
    match name.split("."):
        case ["unet", *_]:
            return "frozen"
        case ["controlnet", "conv_in" | "time_embedding" | "down_blocks" | "mid_block", *_]:
            return "copied"
        case ["controlnet", "controlnet_cond_embedding", "conv_out", *_]:
            return "zero"
        case ["controlnet", "controlnet_cond_embedding", *_]:
            return "new"
        case ["controlnet", "controlnet_down_blocks" | "controlnet_mid_block", *_]:
            return "zero"
        case ["controlnet", "up_blocks" | "conv_norm_out" | "conv_out", *_]:
            return "absent"
    raise ValueError("unknown owner or part")


exercise("controlnet_budget")
wrong("whole_unet_copied", 'sum(unet_counts[part] for part in ("conv_in", "time_embedding", "down_blocks", "mid_block"))', "sum(unet_counts.values())",
      hint="Only the encoder half and the middle are copied; that is why it is about a third and not 100%.")
wrong("zero_conv_without_bias", "c * c + c", "c * c",
      hint="A 1x1 convolution from c to c channels has c*c weights and c biases.")
wrong("ratio_of_total", "trainable / frozen", "trainable / (trainable + frozen)",
      hint="The ratio asked for is trainable / frozen U-Net.")
wrong("copied_part_not_frozen", "frozen = sum(unet_counts.values())", "frozen = sum(unet_counts.values()) - copied",
      hint="The U-Net's own encoder stays in place, frozen: it still counts.")
wrong("hint_encoder_is_free", "trainable = copied + zero + hint_params", "trainable = copied + zero",
      hint="The hint encoder is new: nobody has trained it before.")


@right
def by_subtraction(unet_counts, skip_channels, hint_params):
    decoder = unet_counts["up_blocks"] + unet_counts["conv_norm_out"] + unet_counts["conv_out"]
    total = 0
    for part in unet_counts:
        total += unet_counts[part]
    zero = 0
    for c in skip_channels:
        zero += c * (c + 1)
    trainable = total - decoder + zero + hint_params
    return dict(ratio=trainable / total, zero=zero, frozen=total, trainable=trainable)


@right
def part_by_part(unet_counts, skip_channels, hint_params):
    keys = ["conv_in", "time_embedding", "down_blocks", "mid_block", "up_blocks", "conv_norm_out", "conv_out"]
    counts = [unet_counts[key] for key in keys]
    budget = {"zero": sum(c**2 for c in skip_channels) + sum(skip_channels), "frozen": sum(counts)}
    budget["trainable"] = sum(counts[:4], budget["zero"] + hint_params)
    budget["ratio"] = float(budget["trainable"]) / float(budget["frozen"])
    return budget


exercise("controlnet_module")
wrong("random_zero_convs", "nn.ModuleList(ZeroConv2d(c, c) for c in (b, b, 2 * b, 2 * b, 2 * b))", "nn.ModuleList(nn.Conv2d(c, c, 1) for c in (b, b, 2 * b, 2 * b, 2 * b))",
      hint="Before training, adding your residuals must leave the frozen U-Net's output unchanged.")
wrong("hint_not_silenced", "self.zero_hint(F.silu(self.hint_in(hint)))", "F.silu(self.hint_in(hint)) + 0 * self.zero_hint(F.silu(self.hint_in(hint)))",
      hint="The hint, too, enters through a zero convolution: at first the copy sees exactly what the U-Net sees.")
wrong("hint_replaces_image", "self.conv_in(x) + self.zero_hint(F.silu(self.hint_in(hint)))", "0 * self.conv_in(x) + self.zero_hint(F.silu(self.hint_in(hint)))",
      hint="The copy sees the noisy image PLUS the encoded hint, not the hint alone.")
wrong("hint_ignored", "self.zero_hint(F.silu(self.hint_in(hint)))", "0 * self.zero_hint(F.silu(self.hint_in(hint)))",
      hint="Change the hint: your residuals do not change. Where does WHERE come in?")
wrong("scale_on_hint", "self.zero_hint(F.silu(self.hint_in(hint)))  # [B, b, H, W]\n        s1 = self.enc1(s0, temb)  # [B, b, H, W]\n        s2 = self.down(s1)  # [B, 2b, H/2, W/2]\n        s3 = self.enc2(s2, temb)  # [B, 2b, H/2, W/2]\n        m = self.mid(s3, temb)  # [B, 2b, H/2, W/2]\n        return [scale * zero(f)", "scale * self.zero_hint(F.silu(self.hint_in(hint)))\n        s1 = self.enc1(s0, temb)\n        s2 = self.down(s1)\n        s3 = self.enc2(s2, temb)\n        m = self.mid(s3, temb)\n        return [zero(f)",
      hint="The volume knob is on the residuals (the output), not on the hint.")
wrong("scale_before_the_zero_convolution", "scale * zero(f)", "zero(scale * f)",
      hint="At scale 0 the residuals must vanish, but a trained zero convolution of zeros still gives its bias.")
wrong("scale_unused", "[scale * zero(f)", "[zero(f)", hint="`scale` multiplies each of the five residuals: 0 silences them.")


@wrong(hint="`scale` multiplies the five residuals, not the hint on its way in.")
class scale_on_hint_image(TinyControlNet):
    def forward(self, x, t, hint, scale=1.0):
        return super().forward(x, t, scale * hint, 1.0)


@wrong(hint="`scale` multiplies the five residuals, and nothing on the hint's way in.")
class scale_on_hint_and_residuals(TinyControlNet):
    def forward(self, x, t, hint, scale=1.0):
        temb = self.time(time_features(t))
        s0 = self.conv_in(x) + scale * self.zero_hint(F.silu(self.hint_in(hint)))
        s1 = self.enc1(s0, temb)
        s2 = self.down(s1)
        s3 = self.enc2(s2, temb)
        m = self.mid(s3, temb)
        return [scale * zero(f) for zero, f in zip(self.zero, (s0, s1, s2, s3, m), strict=True)]


@wrong(hint="`zero_hint` and `zero.0` to `zero.4` all start at zero: weight and bias.")
class nothing_is_silent(TinyControlNet):
    def __init__(self, in_channels, hint_channels, base):
        super().__init__(in_channels, hint_channels, base)
        for layer in (self.zero_hint, *self.zero):
            nn.init.normal_(layer.weight, std=0.1)


@right
class out_of_a_unet(nn.Module):
    def __init__(self, in_channels, hint_channels, base):
        super().__init__()
        unet = TinyUNet(in_channels, base)
        for part in ("time", "conv_in", "enc1", "down", "enc2", "mid"):
            self.add_module(part, getattr(unet, part))
        self.hint_in = nn.Conv2d(hint_channels, base, kernel_size=3, padding="same")
        self.zero_hint = ZeroConv2d(base, base)
        self.zero = nn.Sequential(*[ZeroConv2d(base * k, base * k) for k in (1, 1, 2, 2, 2)])

    def forward(self, x, t, hint, scale=1.0):
        temb = self.time(time_features(t))
        features = [self.conv_in(x).add(self.zero_hint(nn.functional.silu(self.hint_in(hint))))]
        features.append(self.enc1(features[0], temb))
        features.append(self.down(features[1]))
        features.append(self.enc2(features[2], temb))
        features.append(self.mid(features[3], temb))
        return [self.zero[i](feature) * scale for i, feature in enumerate(features)]


@right
class zeroed_convolutions(nn.Module):
    def __init__(self, in_channels, hint_channels, base):
        super().__init__()
        self.zero = nn.ModuleList()
        for width in [base] * 2 + [2 * base] * 3:
            self.zero.append(self._silent(width))
        self.zero_hint = self._silent(base)
        self.hint_in = nn.Conv2d(hint_channels, base, 3, 1, 1)
        self.mid = TinyBlock(2 * base, 2 * base)
        self.enc2 = TinyBlock(2 * base, 2 * base)
        self.down = nn.Conv2d(base, 2 * base, 3, stride=2, padding=1)
        self.enc1 = TinyBlock(base, base)
        self.conv_in = nn.Conv2d(in_channels, base, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 32))

    @staticmethod
    def _silent(width):
        layer = nn.Conv2d(width, width, 1)
        for parameter in layer.parameters():
            nn.init.constant_(parameter, 0.0)
        return layer

    def forward(self, x, t, hint, scale=1.0):
        temb = self.time(time_features(t))
        encoded = self.hint_in(hint)
        h = self.conv_in(x) + self.zero_hint(encoded * torch.sigmoid(encoded))
        residuals = [self.zero[0](h)]
        h = self.enc1(h, temb)
        residuals.append(self.zero[1](h))
        h = self.down(h)
        residuals.append(self.zero[2](h))
        h = self.enc2(h, temb)
        residuals.append(self.zero[3](h))
        residuals.append(self.zero[4](self.mid(h, temb)))
        return tuple(scale * r for r in residuals)


exercise("train_control")
wrong("unet_not_frozen", "    unet.requires_grad_(False)\n    optimiser = torch.optim.Adam(control.parameters(), lr=3e-3)", "    optimiser = torch.optim.Adam([*control.parameters(), *unet.parameters()], lr=3e-3)",
      hint="The original U-Net changed. Freeze it: only the copy and the zero convolutions train.")
wrong("hint_dropped", "control(x_t, t, hints[rows])", "control(x_t, t, torch.zeros_like(hints[rows]))",
      hint="Your network never saw the hint in training, so it cannot use it.")
wrong("lr_zero", "lr=3e-3", "lr=0.0", hint="Nothing moved: the loss at the end equals the loss at step 0.")
wrong("hint_of_another_image", "control(x_t, t, hints[rows])", "control(x_t, t, hints[rows.roll(1)])",
      hint="Each hint must belong to the image it is trained with.")
wrong("copy_from_scratch", "    control.load_state_dict(init_control_state(unet.state_dict(), [8, 8, 16, 16, 16]), strict=False)\n", "",
      hint="Compare your encoder with the U-Net's after 0 updates: a ControlNet begins from what the U-Net knows.")
wrong("copy_stays_frozen", "torch.optim.Adam(control.parameters(), lr=3e-3)", 'torch.optim.Adam([p for n, p in control.named_parameters() if n.startswith(("zero", "hint_in"))], lr=3e-3)',
      hint="The original is frozen, the copy is not: it has to learn what the hint means. Is it in your optimiser?")
wrong("hint_in_starts_at_zero", "    unet.requires_grad_(False)\n", "    nn.init.zeros_(control.hint_in.weight)\n    nn.init.zeros_(control.hint_in.bias)\n    unet.requires_grad_(False)\n",
      hint="Two silent layers in a row never wake: the gradient of each holds the other. Leave hint_in its default start.")
wrong("no_square_roots", "alpha_bar.sqrt() * images[rows] + (1 - alpha_bar).sqrt() * eps", "alpha_bar * images[rows] + (1 - alpha_bar) * eps",
      hint="alpha_bar is a share of the variance, so image and noise get the square roots of the two shares.")
wrong("predicts_the_image", "control(x_t, t, hints[rows])), eps)", "control(x_t, t, hints[rows])), images[rows])",
      hint="The frozen U-Net predicts the noise, and so must the U-Net with its ControlNet.")
wrong("copy_sees_clean_image", "control(x_t, t, hints[rows])", "control(images[rows], t, hints[rows])",
      hint="In sampling there is no clean image to look at: the copy sees what the U-Net sees, the noisy one.")
wrong("seed_unused", "    torch.manual_seed(seed)\n", "",
      hint="Train twice with the same seed: the same images and the same noise should be drawn.")
fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 4):")
fails("small_rate", "lr=3e-3", "lr=3e-5")
fails("large_rate", "lr=3e-3", "lr=0.3")


@right
def with_a_generator_and_epochs(unet, images, hints, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 17)
        control = TinyControlNet(1, 1, 8)
    state = control.state_dict()
    state.update(init_control_state(unet.state_dict(), [8, 8, 16, 16, 16]))
    control.load_state_dict(state)
    optimiser = torch.optim.Adam(control.parameters(), lr=3e-3)
    levels = alpha_bar_table()[:, None, None, None]
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < 64:
            order = torch.cat([order, torch.randperm(images.shape[0], generator=generator)])
        rows, order = order[:64], order[64:]
        j = torch.randint(0, 100, (len(rows),), generator=generator)
        eps = torch.randn(images[rows].shape, generator=generator)
        x_t = levels[j].sqrt() * images[rows] + torch.sqrt(1 - levels[j]) * eps
        t = (j.float() + 1) / 100
        loss = (unet(x_t, t, control(x_t, t, hints[rows])) - eps).square().mean()
        names, parameters = zip(*control.named_parameters(), strict=True)
        for parameter, grad in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = grad
        optimiser.step()
    return {name: tensor.detach().clone() for name, tensor in control.state_dict().items()}


exercise("digit_control")
wrong("loud_from_the_start", "    control.load_state_dict(shared, strict=False)  # copies the numbers\n", "    control.load_state_dict(shared, strict=False)\n    for zero in control.zero:\n        nn.init.normal_(zero.weight, std=0.1)\n",
      hint="Before the first update the U-Net must draw exactly what it drew without you. Which layers decide it?")
wrong("unet_not_frozen", "torch.optim.Adam(control.parameters(), lr=6e-3)", "torch.optim.Adam([*control.parameters(), *unet.requires_grad_(True).parameters()], lr=6e-3)",
      hint="The U-Net changed. Only the branch may learn; the gradient passes through the U-Net and moves nothing in it.")
wrong("hint_dropped", "control(x_t, t, prompt, hint)", "control(x_t, t, prompt, torch.zeros_like(hint))",
      hint="Your branch never saw an edge in training, so it cannot follow one.")
wrong("predicts_the_noise", "eps - x0)", "eps)",
      hint="This U-Net answers with a velocity, from data to noise. What is the derivative of x_t with respect to t?")
wrong("velocity_backwards", "eps - x0)", "x0 - eps)",
      hint="t grows from data to noise, so the velocity points from the image to the noise.")
fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 4):")
fails("small_rate", "lr=6e-3", "lr=1e-4")
fails("large_rate", "lr=6e-3", "lr=0.3")
fails("hint_of_another_image", "x0, hint = images[rows], hints[rows]", "x0, hint = images[rows], hints[rows.roll(1)]")


@right
def small_and_light(unet, images, labels, hints, steps, seed):
    """Reads the map alone, as a T2I-Adapter does (arXiv 2302.08453)."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed + 1)
    near = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.SiLU(), nn.Conv2d(32, 32, 3, padding=1), nn.SiLU())
    far = nn.Sequential(nn.Conv2d(32, 64, 3, 2, 1), nn.SiLU(), nn.Conv2d(64, 64, 3, padding=1), nn.SiLU())
    clock = nn.Linear(16, 32)
    out = nn.ModuleList(ZeroConv2d(i, o) for i, o in ((32, 16), (32, 16), (64, 32), (64, 32), (64, 32)))

    def control(x, t, label, hint):
        fine = near(hint) * (1 + clock(time_features(t)))[:, :, None, None]
        coarse = far(fine)
        return [zero(f) for zero, f in zip(out, (fine, fine, coarse, coarse, coarse), strict=True)]

    parameters = [p for part in (near, far, clock, out) for p in part.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=6e-3, weight_decay=1e-4)
    for _ in range(steps):
        rows = torch.randint(len(images), (64,), generator=generator)
        t = torch.rand(64, generator=generator)
        eps = torch.randn(64, 1, 8, 8, generator=generator)
        x_t = torch.lerp(images[rows], eps, t.view(-1, 1, 1, 1))
        label = labels[rows].masked_fill(torch.rand(64, generator=generator) < 0.5, 10)
        error = unet(x_t, t, label, control(x_t, t, label, hints[rows])) - (eps - images[rows])
        grads = torch.autograd.grad(error.square().mean(), parameters)
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = grad
        optimiser.step()
    return control


@right
def copied_by_deepcopy(unet, images, labels, hints, steps, seed):
    torch.manual_seed(seed)
    twin = copy.deepcopy(unet).requires_grad_(True)
    ear = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.SiLU(), ZeroConv2d(16, 16))
    zeros = nn.ModuleList(ZeroConv2d(c, c) for c in (16, 16, 32, 32, 32))
    copied = [twin.time, twin.label, twin.conv_in, twin.enc1, twin.down, twin.enc2, twin.mid]

    def control(x, t, label, hint):
        mood = F.silu(twin.time(time_features(t)) + twin.label(label))
        found = [twin.conv_in(x) + ear(hint)]
        found.append(twin.enc1(found[-1], mood))
        found.append(twin.down(found[-1]))
        found.append(twin.enc2(found[-1], mood))
        found.append(twin.mid(found[-1], mood))
        return [zero(f) for zero, f in zip(zeros, found, strict=True)]

    parameters = [p for part in (*copied, ear, zeros) for p in part.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=6e-3)
    for step in range(steps):
        rows = torch.randperm(len(images))[:64]
        t = torch.rand(64)
        eps = torch.randn_like(images[rows])
        x_t = images[rows] + t[:, None, None, None] * (eps - images[rows])
        label = torch.full((64,), 10) if step % 2 else labels[rows]
        loss = (unet(x_t, t, label, control(x_t, t, label, hints[rows])) - eps + images[rows]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return control
