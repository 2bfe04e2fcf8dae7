"""Trains the two controls of exercises/digit_controls.py and writes exercises/assets/controls.npz.

    python graders/assets/make_controls.py            # some minutes

Every seed is fixed. The script prints what `exercises/assets/README.md` says about the controls.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "exercises"))

from digit_controls import WEIGHTS, MapControl, edge_control, edge_map, ink_control, ink_map, obedience  # noqa: E402
from digits import DigitUNet, judge, load_digits, teacher  # noqa: E402

STEPS, BATCH, SEED = 450, 64, 712


def train(map_of: Callable[[Tensor], Tensor], seed: int) -> dict[str, np.ndarray]:
    """Weights of a control that was trained on these maps, with half of the prompts empty."""
    torch.manual_seed(seed)
    unet, (images, labels) = teacher(), load_digits("train")
    hints = map_of(images)
    control = MapControl()
    for layer in control.out:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
    optimiser = torch.optim.Adam(control.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        rows = torch.randint(len(images), (BATCH,))
        x0, eps, t = images[rows], torch.randn(BATCH, 1, 8, 8), torch.rand(BATCH)
        label = torch.where(torch.rand(BATCH) < 0.5, 10, labels[rows])
        x_t = x0 + t[:, None, None, None] * (eps - x0)
        loss = F.mse_loss(unet(x_t, t, label, control(x_t, t, hints[rows])), eps - x0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return {key: tensor.numpy().astype(np.float16) for key, tensor in control.state_dict().items()}


@torch.no_grad()
def draw(unet: DigitUNet, control: MapControl, hints: Tensor, labels: Tensor, scale: float) -> Tensor:
    """Ten Euler steps from noise to pictures."""
    x = torch.randn(len(hints), 1, 8, 8, generator=torch.Generator().manual_seed(SEED))
    for k in range(10):
        t = torch.full((len(x),), 1 - k / 10)
        x = x - unet(x, t, labels, [scale * r for r in control(x, t, hints)]) / 10
    return x


def report() -> None:
    """What the controls do on held-out digits: prompts that agree with the map, that contradict it, and none."""
    unet, (images, digits) = teacher(), (part[::3] for part in load_digits("held_out"))
    prompts = {"agrees": digits, "contradicts": (digits + 1) % 10, "none": torch.full_like(digits, 10)}
    for name, control, map_of in (("edge", edge_control(), edge_map), ("ink", ink_control(), ink_map)):
        for said, labels in prompts.items():
            for scale in (0.0, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0):
                drawn = draw(unet, control, map_of(images), labels, scale)
                read = [judge().legible(drawn, labels), judge().legible(drawn, digits), judge().distance(drawn)]
                numbers = " ".join(f"{number:.3f}" for number in (obedience(drawn, edge_map(images)), *read))
                print(f"{name}, prompt {said}, scale {scale}: obedience, prompt read, map's digit, distance: {numbers}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if "report" not in sys.argv:
        trained = {"edge": train(edge_map, SEED), "ink": train(ink_map, SEED + 1)}
        np.savez_compressed(WEIGHTS, **{f"{name}.{k}": v for name, state in trained.items() for k, v in state.items()})
    report()
