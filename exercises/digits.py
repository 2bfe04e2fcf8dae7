"""Handwritten digits of 8 x 8 pixels, small networks for them, and a judge of samples.

`from digits import load_digits, DigitUNet, DigitClassifier, Judge, judge, teacher`. The folder `assets` beside this
file has the images and the trained weights; `assets/README.md` gives their source and licence. Names, state keys and
numbers are part of the course: graders load weights by these keys.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from toys import TinyUNet, time_features

ASSETS = Path(__file__).resolve().parent / "assets"
SPLITS = ("train", "held_out")
# Judge.distance from one half of the held-out digits to the other half. Nobody sees a smaller difference.
NOISE_FLOOR = 0.014


def load_digits(split: str = "train") -> tuple[Float[Tensor, "n 1 8 8"], Int64[Tensor, "n"]]:
    """Images with values in [-1, 1] (-1 is paper, 1 is ink) and the digits 0 to 9 that they show.

    split: "train" (1,297 images) or "held_out" (500 images, 50 of each digit); no image is in both.
    Raises ValueError for another split.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}; got {split!r}")
    images, labels, held_out = every_digit()
    kept = held_out if split == "held_out" else ~held_out
    return images[kept], labels[kept]


def every_digit() -> tuple[Float[Tensor, "n 1 8 8"], Int64[Tensor, "n"], Bool[Tensor, "n"]]:
    """All 1,797 images, their digits, and which of them are held out."""
    with np.load(ASSETS / "digits.npz", allow_pickle=False) as stored:
        images, labels, held_out = (torch.from_numpy(stored[key]) for key in ("images", "labels", "held_out"))
    return images.float()[:, None] / 8 - 1, labels.long(), held_out


class DigitUNet(TinyUNet):
    """A `toys.TinyUNet` for digits, which also hears the class that is asked for.

    x [B, 1, 8, 8], t [B] in [0, 1], label [B] int64 -> [B, 1, 8, 8]. The label `classes`, or None, means "no class",
    for classifier-free guidance. `residuals` are five tensors that are added, as ControlNet does it, to skips 0 to 3
    and to the middle: [B, b, 8, 8] twice, then [B, 2b, 4, 4] three times, with b = base (a multiple of 4).
    """

    def __init__(self, base: int = 16, classes: int = 10) -> None:
        super().__init__(1, base)
        self.classes = classes
        self.label = nn.Embedding(classes + 1, 32)

    def forward(
        self,
        x: Float[Tensor, "batch 1 height width"],
        t: Float[Tensor, "batch"],
        label: Int64[Tensor, "batch"] | None = None,
        residuals: list[Tensor] | None = None,
    ) -> Float[Tensor, "batch 1 height width"]:
        """Run the encoder, add the residuals if there are any, run the decoder on the skips."""
        if label is None:
            label = torch.full((x.shape[0],), self.classes, dtype=torch.int64, device=x.device)
        temb = F.silu(self.time(time_features(t)) + self.label(label))  # [B, 32]
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


class DigitClassifier(nn.Module):
    """A small convolutional network that reads a digit: x [B, 1, 8, 8] -> logits [B, 10]."""

    FEATURES = 32

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.hidden = nn.Linear(32 * 4 * 4, self.FEATURES)
        self.head = nn.Linear(self.FEATURES, 10)

    def features(self, x: Float[Tensor, "batch 1 8 8"]) -> Float[Tensor, "batch features"]:
        """What the last layer reads: x [B, 1, 8, 8] -> [B, 32]."""
        h = F.silu(self.conv1(x))  # [B, 16, 8, 8]
        h = F.silu(self.conv2(h))  # [B, 32, 4, 4]
        h = F.silu(self.conv3(h))  # [B, 32, 4, 4]
        return F.silu(self.hidden(h.flatten(1)))  # [B, 32]

    def forward(self, x: Float[Tensor, "batch 1 8 8"]) -> Float[Tensor, "batch 10"]:
        """Logits of the ten digits."""
        return self.head(self.features(x))


class Judge:
    """Numbers about samples, by a classifier that was trained on digits and by digits that were held out from it.

    `images` and `labels` are the held-out digits.
    """

    def __init__(
        self,
        classifier: DigitClassifier,
        images: Float[Tensor, "n 1 8 8"],
        labels: Int64[Tensor, "n"],
    ) -> None:
        self.classifier = classifier.eval().requires_grad_(False)
        self.labels = labels
        real = self._seen(images)  # [n, F], float64
        # In these units the real digits have the spread 1: the sum of the variances of their features.
        self._unit = (real - real.mean(dim=0)).square().sum(dim=1).mean().sqrt()
        self._real = real / self._unit

    @torch.no_grad()
    def legible(self, images: Float[Tensor, "n 1 8 8"], labels: Int64[Tensor, "n"]) -> float:
        """Share of the images that the classifier reads as the digit that was asked for, from 0 to 1."""
        return float((self.classifier(images.float()).argmax(dim=1) == labels).double().mean())

    def distance(self, images: Float[Tensor, "n 1 8 8"], labels: Int64[Tensor, "n"] | None = None) -> float:
        """Frechet distance of the images' features to those of held-out digits: 0 or more, 0 for the same digits.

        Both sets are described by mean and covariance, and the distance is that of the two normal laws. The unit is
        the spread of real digits. With `labels`, the held-out digits count as often as their class is in `labels`.
        Source: Heusel et al. 2017 (arXiv 1706.08500), with this classifier instead of Inception.
        """
        ours = self.features(images)
        if labels is None:
            weights = torch.ones(len(self._real), dtype=torch.float64)
        else:
            asked = torch.bincount(labels, minlength=10).double()  # [10]
            weights = (asked / torch.bincount(self.labels, minlength=10))[self.labels]
        return frechet(*_moments(ours, torch.ones(len(ours), dtype=torch.float64)), *_moments(self._real, weights))

    def diversity(self, images: Float[Tensor, "n 1 8 8"], labels: Int64[Tensor, "n"] | None = None) -> float:
        """Mean distance of two images' features, divided by that of real digits; about 1 for real ones, 0 for copies.

        All ten digits must be asked for equally often, as they are among the real ones. With `labels`, only images of
        one digit are compared with each other, so ten pictures, each repeated, have the diversity 0.
        """
        ours = self.features(images)
        if labels is None:
            return float(_mean_distance(ours) / _mean_distance(self._real))
        pairs = [(ours[labels == d], self._real[self.labels == d]) for d in labels.unique()]
        shares = [_mean_distance(one) / _mean_distance(real) for one, real in pairs if len(one) > 1]
        return float(torch.stack(shares).mean())

    def features(self, images: Float[Tensor, "n 1 8 8"]) -> Float[Tensor, "n features"]:
        """Features of the images in the judge's units, in float64: [N, 1, 8, 8] -> [N, 32]."""
        return self._seen(images) / self._unit

    @torch.no_grad()
    def _seen(self, images: Float[Tensor, "n 1 8 8"]) -> Float[Tensor, "n features"]:
        return self.classifier.features(images.float()).double()


def frechet(
    mean_a: Float[Tensor, "dim"],
    covariance_a: Float[Tensor, "dim dim"],
    mean_b: Float[Tensor, "dim"],
    covariance_b: Float[Tensor, "dim dim"],
) -> float:
    """Squared Frechet distance of two normal laws: |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)).

    Infinite if a number is not finite.
    """
    if not all(bool(part.isfinite().all()) for part in (mean_a, covariance_a)):
        return float("inf")
    values, vectors = torch.linalg.eigh(covariance_b)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    # (C_a C_b)^(1/2) has the trace of this symmetric root.
    common = torch.linalg.eigvalsh(root @ covariance_a @ root).clamp(min=0).sqrt().sum()
    apart = (mean_a - mean_b).square().sum() + covariance_a.trace() + covariance_b.trace() - 2 * common
    return max(float(apart), 0.0)


def _moments(features: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    share = weights / weights.sum()
    mean = share @ features
    centred = features - mean
    return mean, (share[:, None] * centred).T @ centred


def _mean_distance(features: Tensor) -> Tensor:
    n = len(features)
    return torch.cdist(features, features).sum() / (n * (n - 1))


def load_weights(module: nn.Module, file: Path) -> nn.Module:
    """The module with the weights of an .npz file, frozen and in evaluation mode."""
    with np.load(file, allow_pickle=False) as stored:
        module.load_state_dict({key: torch.from_numpy(stored[key]).float() for key in module.state_dict()})
    return module.eval().requires_grad_(False)


@cache
def judge() -> Judge:
    """The public judge: what criteria of the lessons are announced in."""
    return read_judge(ASSETS / "judge.npz")


def read_judge(file: Path) -> Judge:
    """Judge with the weights of an .npz file, and with the digits that the file calls held out from it."""
    with np.load(file, allow_pickle=False) as stored:
        held_out = torch.from_numpy(stored["held_out"])
    classifier = DigitClassifier()
    load_weights(classifier, file)
    images, labels, _ = every_digit()
    return Judge(classifier, images[held_out], labels[held_out])


def teacher() -> DigitUNet:
    """A trained flow: the velocity of x_t = (1 - t) x0 + t eps, for each digit and for no class (label 10 or None).

    Each call gives a new network, frozen and in evaluation mode.
    """
    network = DigitUNet()
    load_weights(network, ASSETS / "teacher.npz")
    return network
