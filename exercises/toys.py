"""Small models and tables that lessons hand out: import them with `from toys import mlp`.

Names, state keys and numbers are part of the course: graders load weights by these keys.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def time_features(t: Float[Tensor, "batch"], dim: int = 16) -> Float[Tensor, "batch {dim}"]:
    """Sines and cosines of t at dim/2 frequencies from 1 to 100; t is floating, in [0, 1]."""
    frequencies = torch.exp(torch.linspace(0.0, math.log(100.0), dim // 2, dtype=t.dtype, device=t.device))
    angles = t[:, None] * frequencies  # [B, dim/2]
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def time_mlp() -> nn.Sequential:
    """The time embedding of the toys: time_features(t) [B, 16] to [B, 32]."""
    return nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 32))


class TinyBlock(nn.Module):
    """A residual block of two convolutions; the time embedding is added between them."""

    def __init__(self, cin: int, cout: int, tdim: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.temb = nn.Linear(tdim, cout)
        self.norm = nn.GroupNorm(4, cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.skip = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(
        self, x: Float[Tensor, "batch cin height width"], temb: Float[Tensor, "batch tdim"]
    ) -> Float[Tensor, "batch cout height width"]:
        """x [B, cin, H, W], temb [B, tdim] -> [B, cout, H, W]."""
        h = self.conv1(x) + self.temb(temb)[:, :, None, None]  # [B, cout, H, W]
        return self.conv2(F.silu(self.norm(h))) + self.skip(x)


class TinyUNet(nn.Module):
    """A U-Net of two levels with four skips: x [B, C, H, W], t [B] in [0, 1] -> [B, C, H, W]; H and W even.

    `residuals` are five tensors that are added, as ControlNet does it, to skips 0 to 3 and to the middle:
    [B, b, H, W] twice, then [B, 2b, H/2, W/2] three times, with b = base (a multiple of 4).
    """

    def __init__(self, in_channels: int = 1, base: int = 8) -> None:
        super().__init__()
        b = base
        self.time = time_mlp()
        self.conv_in = nn.Conv2d(in_channels, b, 3, padding=1)
        self.enc1 = TinyBlock(b, b)
        self.down = nn.Conv2d(b, 2 * b, 3, stride=2, padding=1)
        self.enc2 = TinyBlock(2 * b, 2 * b)
        self.mid = TinyBlock(2 * b, 2 * b)
        self.dec3 = TinyBlock(4 * b, 2 * b)
        self.dec2 = TinyBlock(4 * b, 2 * b)
        self.up = nn.Conv2d(2 * b, b, 3, padding=1)
        self.dec1 = TinyBlock(2 * b, b)
        self.dec0 = TinyBlock(2 * b, b)
        self.conv_out = nn.Conv2d(b, in_channels, 3, padding=1)

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        t: Float[Tensor, "batch"],
        residuals: list[Tensor] | None = None,
    ) -> Float[Tensor, "batch channels height width"]:
        """Run the encoder, add the residuals if there are any, run the decoder on the skips."""
        temb = self.time(time_features(t))  # [B, 32]
        s0 = self.conv_in(x)  # [B, b, H, W]
        s1 = self.enc1(s0, temb)  # [B, b, H, W]
        s2 = self.down(s1)  # [B, 2b, H/2, W/2]
        s3 = self.enc2(s2, temb)  # [B, 2b, H/2, W/2]
        m = self.mid(s3, temb)  # [B, 2b, H/2, W/2]
        if residuals is not None:
            s0, s1, s2, s3, m = (h + r for h, r in zip((s0, s1, s2, s3, m), residuals, strict=True))
        h = self.dec3(torch.cat([m, s3], dim=1), temb)
        h = self.dec2(torch.cat([h, s2], dim=1), temb)
        h = self.up(F.interpolate(h, scale_factor=2.0, mode="nearest"))  # [B, b, H, W]
        h = self.dec1(torch.cat([h, s1], dim=1), temb)
        h = self.dec0(torch.cat([h, s0], dim=1), temb)
        return self.conv_out(h)


def alpha_bar_table(
    n: int = 100, beta_min: float = 0.1, beta_max: float = 20.0, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "{n}"]:
    """alpha_bar at the times (i + 1)/n of the VP schedule beta(t) = beta_min + t (beta_max - beta_min); it falls."""
    t = (torch.arange(n, dtype=torch.float64) + 1) / n
    return torch.exp(-(beta_min * t + 0.5 * (beta_max - beta_min) * t * t)).to(dtype)


def mlp(din: int = 3, dout: int = 2, width: int = 64, depth: int = 3) -> nn.Sequential:
    """`depth` hidden layers of `width` units with SiLU, then a linear layer: [B, din] -> [B, dout]."""
    layers: list[nn.Module] = []
    size = din
    for _ in range(depth):
        layers += [nn.Linear(size, width), nn.SiLU()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, dout))
