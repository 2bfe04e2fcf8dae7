"""Two trained controls for the digits' teacher, the maps that they read, and a measure of obedience.

`from digit_controls import edge_map, ink_map, edge_control, ink_control, obedience`. The weights are in
`assets/controls.npz`. Names, state keys and numbers are part of the course.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from toys import time_features

WEIGHTS = Path(__file__).resolve().parent / "assets" / "controls.npz"


def edge_map(images: Float[Tensor, "batch 1 8 8"]) -> Float[Tensor, "batch 1 8 8"]:
    """1 where the brightness changes fast (Sobel), else 0."""
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    slopes = F.conv2d(padded, torch.stack([across, across.T])[:, None])  # [B, 2, 8, 8]
    return (slopes.norm(dim=1, keepdim=True) > 0.5).float()


def ink_map(images: Float[Tensor, "batch 1 8 8"]) -> Float[Tensor, "batch 1 8 8"]:
    """Mean ink of each block of 2 x 2 pixels, from 0 to 1: where the ink is, and no lines."""
    return F.interpolate(F.avg_pool2d((images + 1) / 2, 2), scale_factor=2.0, mode="nearest").clamp(0, 1)


def obedience(images: Float[Tensor, "batch 1 8 8"], edges: Float[Tensor, "batch 1 8 8"]) -> float:
    """Intersection over union of the images' edges and the asked ones: 1 for the same edges; the mean over images."""
    found = edge_map(images)
    both, either = (found * edges).sum(dim=(1, 2, 3)), (found + edges).clamp(max=1).sum(dim=(1, 2, 3))
    return float((both / either.clamp(min=1)).mean())


class MapControl(nn.Module):
    """A light control: it reads the map and the time, and answers with five residuals for a DigitUNet.

    It is no copy of an encoder, because the file should be small. Source: Mou et al. 2023 (T2I-Adapter, 2302.08453).
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        w = width
        self.time = nn.Linear(16, w)
        self.near = nn.ModuleList([nn.Conv2d(1, w, 3, padding=1), nn.Conv2d(w, w, 3, padding=1)])
        self.far = nn.ModuleList([nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), nn.Conv2d(2 * w, 2 * w, 3, padding=1)])
        self.out = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in [(w, 16), (w, 16), *[(2 * w, 32)] * 3])

    def forward(
        self, x: Float[Tensor, "batch 1 8 8"], t: Float[Tensor, "batch"], hint: Float[Tensor, "batch 1 8 8"]
    ) -> list[Tensor]:
        """x [B, 1, 8, 8], t [B], hint [B, 1, 8, 8] -> five residuals; x does not matter to this control."""
        fine = F.silu(self.near[0](hint)) * (1 + self.time(time_features(t)))[:, :, None, None]
        fine = F.silu(self.near[1](fine))  # [B, w, 8, 8]
        coarse = F.silu(self.far[1](F.silu(self.far[0](fine))))  # [B, 2w, 4, 4]
        return [layer(h) for layer, h in zip(self.out, (fine, fine, coarse, coarse, coarse), strict=True)]


def edge_control() -> MapControl:
    """A control that was trained on edge maps; each call gives a new module, frozen and in evaluation mode."""
    return _loaded("edge")


def ink_control() -> MapControl:
    """A control that was trained on ink maps; each call gives a new module, frozen and in evaluation mode."""
    return _loaded("ink")


def _loaded(name: str) -> MapControl:
    module = MapControl()
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        weights = {key: stored[f"{name}.{key}"].astype(np.float32) for key in module.state_dict()}
    module.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    return module.eval().requires_grad_(False)
