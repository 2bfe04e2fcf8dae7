"""Other right answers to lesson 7.1.1."""

import copy
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- zero_conv


@alternative("zero_conv")
class a_conv2d_zeroed(nn.Conv2d):
    def __init__(self, in_channels, out_channels):
        if min(in_channels, out_channels) < 1:
            raise ValueError("channels must be at least 1")
        super().__init__(in_channels, out_channels, kernel_size=1)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)


@alternative("zero_conv")
class by_einsum(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        if not (in_channels >= 1 and out_channels >= 1):
            raise ValueError("no channels")
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_channels)))
        self.register_parameter("weight", nn.Parameter(torch.zeros((out_channels, in_channels, 1, 1))))

    def forward(self, x):
        return torch.einsum("oi,bihw->bohw", self.weight.flatten(1), x) + self.bias.view(1, -1, 1, 1)


# ---------------------------------------------------------------- zero_conv_grads


@alternative("zero_conv_grads")
def by_autograd(weight, x, grad_out):
    weight, x = weight.detach().clone().requires_grad_(True), x.detach().clone().requires_grad_(True)
    bias = torch.zeros(weight.shape[0], dtype=weight.dtype, requires_grad=True)
    grads = torch.autograd.grad(F.conv2d(x, weight, bias), [weight, bias, x], grad_out)
    return dict(zip(("weight", "bias", "input"), grads, strict=True))


@alternative("zero_conv_grads")
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


# ---------------------------------------------------------------- whisper


@alternative("whisper")
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


@alternative("whisper")
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


# ---------------------------------------------------------------- init_control_state


@alternative("init_control_state")
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


@alternative("init_control_state")
def from_the_layers(unet_state, skip_channels):
    dtype = next(iter(unet_state.values())).dtype
    zeros = nn.ModuleDict({"zero_hint": ZeroConv2d(skip_channels[0], skip_channels[0])})
    zeros["zero"] = nn.ModuleList([ZeroConv2d(c, c) for c in skip_channels])
    state = dict(zeros.to(dtype).state_dict())
    for prefix in ("mid.", "enc2.", "down.", "enc1.", "conv_in.", "time."):
        state.update({k: v.detach().clone() for k, v in unet_state.items() if k.find(prefix) == 0})
    return state


# ---------------------------------------------------------------- param_role


@alternative("param_role")
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


@alternative("param_role")
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


# ---------------------------------------------------------------- controlnet_budget


@alternative("controlnet_budget")
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


@alternative("controlnet_budget")
def part_by_part(unet_counts, skip_channels, hint_params):
    keys = ["conv_in", "time_embedding", "down_blocks", "mid_block", "up_blocks", "conv_norm_out", "conv_out"]
    counts = [unet_counts[key] for key in keys]
    budget = {"zero": sum(c**2 for c in skip_channels) + sum(skip_channels), "frozen": sum(counts)}
    budget["trainable"] = sum(counts[:4], budget["zero"] + hint_params)
    budget["ratio"] = float(budget["trainable"]) / float(budget["frozen"])
    return budget


# ---------------------------------------------------------------- controlnet_module


@alternative("controlnet_module")
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


@alternative("controlnet_module")
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


# ---------------------------------------------------------------- train_control


@alternative("train_control")
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
