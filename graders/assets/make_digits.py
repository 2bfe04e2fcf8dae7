"""Writes the digits and trains the networks of exercises/assets and graders/assets.

    python graders/assets/make_digits.py digits PATH/digits.csv.gz   # the file in scikit-learn's wheel
    python graders/assets/make_digits.py judges                      # half a minute
    python graders/assets/make_digits.py teacher                     # some minutes
    python graders/assets/make_digits.py report                      # what the judges say of real digits and samples

Every seed is fixed. On one machine and one version of torch, the files come out the same. The figures that this script
prints are in exercises/assets/README.md.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[2]
PUBLIC, PRIVATE = ROOT / "exercises" / "assets", ROOT / "graders" / "assets"
sys.path[:0] = [str(ROOT / "exercises"), str(ROOT / "graders")]

from digits import DigitClassifier, DigitUNet, Judge, every_digit, load_digits  # noqa: E402

HELD_OUT = 50  # of each digit
PUBLIC_SEED, PRIVATE_SEED, TEACHER_SEED = 8, 1998, 722


def write_digits(source: Path) -> None:
    """digits.npz: images with numbers 0 to 16, labels, and which are held out."""
    with gzip.open(source, "rt") as stream:
        table = np.loadtxt(stream, delimiter=",", dtype=np.uint8)
    images, labels = table[:, :64].reshape(-1, 8, 8), table[:, 64]
    np.savez_compressed(PUBLIC / "digits.npz", images=images, labels=labels, held_out=_held_out(labels, PUBLIC_SEED))


def _held_out(labels: np.ndarray, seed: int) -> np.ndarray:
    """Fifty images of each digit, drawn with the seed."""
    chosen = np.zeros(len(labels), dtype=bool)
    generator = np.random.default_rng(seed)
    for digit in range(10):
        chosen[generator.choice(np.flatnonzero(labels == digit), HELD_OUT, replace=False)] = True
    return chosen


def train_judges() -> None:
    """judge.npz from the public split, private_judge.npz from another split with another seed."""
    _, labels, public = every_digit()
    private = torch.from_numpy(_held_out(labels.numpy(), PRIVATE_SEED))
    _train_judge(public, PUBLIC_SEED, PUBLIC / "judge.npz")
    _train_judge(private, PRIVATE_SEED, PRIVATE / "private_judge.npz")


def _train_judge(held_out: Tensor, seed: int, file: Path) -> None:
    images, labels, _ = every_digit()
    train = images[~held_out], labels[~held_out]
    torch.manual_seed(seed)
    model = DigitClassifier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    epochs, batch = 60, 64
    steps = epochs * (len(train[0]) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(train[0]), (batch,))
        x = _varied(train[0][rows])
        loss = F.cross_entropy(model(x), train[1][rows], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    _save(model, file, {"held_out": held_out.numpy()})


def report_judges() -> None:
    """Prints what each judge says of real digits and of what is none."""
    from digits import judge
    from grader_toys.judges import private_judge

    images, labels, _ = every_digit()
    for name, judged, file in (
        ("public", judge(), PUBLIC / "judge.npz"),
        ("private", private_judge(), PRIVATE / "private_judge.npz"),
    ):
        with np.load(file, allow_pickle=False) as stored:
            held_out = torch.from_numpy(stored["held_out"])
        x, y = images[held_out], labels[held_out]
        order = y.argsort(stable=True)
        halves = [order[0::2], order[1::2]]
        floor = Judge(judged.classifier, x[halves[1]], y[halves[1]]).distance(x[halves[0]])
        torch.manual_seed(0)
        mean = images[~held_out].mean(dim=0, keepdim=True)
        of_class = torch.stack([images[~held_out][labels[~held_out] == d].mean(dim=0) for d in range(10)])[y]
        seen = {
            "train": images[~held_out],
            "held out": x,
            "held out, noise 0.2": x + 0.2 * torch.randn_like(x),
            "held out, blurred": F.avg_pool2d(F.pad(x, (1, 1, 1, 1), value=-1.0), 3, 1),
            "mean of each digit": of_class,
            "mean of all": mean.expand_as(x),
            "normal noise": torch.randn_like(x),
            "ones alone": images[labels == 1],
        }
        print(
            f"{name}: held-out accuracy {judged.legible(x, y):.4f}; one half of the held-out to the other {floor:.4f}"
        )
        for what, shown in seen.items():
            legible = f"{judged.legible(shown, y):.3f}" if len(shown) == len(y) else "-"
            print(
                f"  {what}: legible {legible}, distance {judged.distance(shown):.4f}, diversity {judged.diversity(shown):.3f}"
            )


def _varied(x: Tensor) -> Tensor:
    """The images, some moved by a pixel, with other contrast and a little noise."""
    moved = []
    for image in x:
        down, right = (int(torch.randint(-1, 2, (1,))) if torch.rand(1) < 0.3 else 0 for _ in range(2))
        moved.append(F.pad(image, (1, 1, 1, 1), value=-1.0)[:, 1 - down : 9 - down, 1 - right : 9 - right])
    x = torch.stack(moved)
    ink = (x + 1) / 2 * (0.75 + 0.5 * torch.rand(len(x), 1, 1, 1))
    return (ink * 2 - 1).clamp(-1, 1) + 0.15 * torch.rand(len(x), 1, 1, 1) * torch.randn_like(x)


def train_teacher(steps: int = 7_000) -> None:
    """teacher.npz: the velocity of the straight path, class conditional, with 10 % of the labels dropped."""
    torch.manual_seed(TEACHER_SEED)
    images, labels = load_digits("train")
    model = DigitUNet()
    average = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.05)
    for step in range(steps):
        rows = torch.randint(len(images), (64,))
        x0, label = images[rows], labels[rows].clone()
        label[torch.rand(len(rows)) < 0.1] = model.classes
        eps, t = torch.randn_like(x0), torch.rand(len(rows))
        x_t = (1 - t)[:, None, None, None] * x0 + t[:, None, None, None] * eps
        loss = F.mse_loss(model(x_t, t, label), eps - x0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for key, value in model.state_dict().items():
                average[key].lerp_(value, 1 - min(0.999, step / (step + 10)))
        if step % 1000 == 999:
            print(f"step {step + 1}: loss {loss.item():.4f}", flush=True)
    model.load_state_dict(average)
    _save(model, PUBLIC / "teacher.npz")
    report_teacher()


@torch.no_grad()
def sample(model: DigitUNet, labels: Tensor, steps: int, guidance: float, seed: int) -> Tensor:
    """Samples by Euler's method; `guidance` 1 is none."""
    x = torch.randn(len(labels), 1, 8, 8, generator=torch.Generator().manual_seed(seed))
    for k in range(steps):
        t = torch.full((len(labels),), 1 - k / steps)
        v = model(x, t, labels)
        if guidance != 1:
            free = model(x, t)
            v = free + guidance * (v - free)
        x = x - v / steps
    return x


def report_teacher() -> None:
    """Prints how the teacher's samples are judged."""
    from digits import judge, teacher

    model, labels = teacher(), torch.arange(500) % 10
    for steps, guidance in ((30, 1.0), (30, 1.5), (30, 2.0), (30, 3.0), (8, 1.5), (4, 1.5), (2, 1.5), (1, 1.5)):
        x = sample(model, labels, steps, guidance, seed=0)
        judged = judge()
        print(
            f"teacher, {steps} Euler steps, guidance {guidance}: legible {judged.legible(x, labels):.3f}, "
            f"distance {judged.distance(x):.3f}, diversity {judged.diversity(x):.3f}"
        )


def _save(model: nn.Module, file: Path, extra: dict[str, np.ndarray] | None = None) -> None:
    """The weights in half precision, which is enough for them, and needs no pickle."""
    weights = {key: value.numpy().astype(np.float16) for key, value in model.state_dict().items()}
    np.savez_compressed(file, **weights, **(extra or {}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    match sys.argv[1:]:
        case ["digits", source]:
            write_digits(Path(source))
        case ["judges"]:
            train_judges()
        case ["teacher"]:
            train_teacher()
        case ["report"]:
            report_judges()
            report_teacher()
        case _:
            sys.exit(__doc__)
