"""Lesson 7.3.2 against things that we did not write: diffusers, peft, torch's own losses, an optimiser, autograd."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..tensors import normal


def schedule() -> Tensor:
    """Stable Diffusion's alphas_cumprod, as its configuration defines it (scaled linear)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float32) ** 2
    return torch.cumprod(1 - betas, dim=0)


@pytest.mark.peers
@pytest.mark.parametrize("timestep", [0, 1, 19, 259, 999])
def test_scalings_are_those_of_the_lcm_scheduler(solution: ModuleType, timestep: int) -> None:
    from diffusers import LCMScheduler

    want = LCMScheduler().get_scalings_for_boundary_condition_discrete(torch.tensor(timestep, dtype=torch.float64))
    got = solution.lcm_boundary_scalings(torch.tensor([timestep]))
    for mine, theirs in zip(got, want, strict=True):
        torch.testing.assert_close(mine.double()[0], torch.as_tensor(theirs).double(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("n_ddim", [50, 40, 10])
def test_pairs_are_those_of_the_official_ddim_solver(solution: ModuleType, n_ddim: int) -> None:
    # The official code's solver: its timesteps, and the step before each, in numpy.
    ratio = 1000 // n_ddim
    steps = (np.arange(1, n_ddim + 1) * ratio).round().astype(np.int64) - 1
    before = np.where(steps - ratio < 0, 0, steps - ratio)
    start, end = solution.lcm_training_pair(torch.arange(n_ddim), 1000, n_ddim)
    assert start.tolist() == steps.tolist()
    assert end.tolist() == before.tolist()


@pytest.mark.peers
@pytest.mark.parametrize("num_steps", [1, 2, 3, 4, 7, 8, 25, 50])
def test_schedule_is_that_of_the_lcm_scheduler(solution: ModuleType, num_steps: int) -> None:
    from diffusers import LCMScheduler

    scheduler = LCMScheduler()
    scheduler.set_timesteps(num_steps, original_inference_steps=50)
    assert solution.lcm_inference_timesteps(num_steps) == scheduler.timesteps.tolist()


@pytest.mark.peers
def test_step_is_that_of_the_ddim_scheduler_with_the_usual_scale(solution: ModuleType) -> None:
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, set_alpha_to_one=False
    )
    scheduler.set_timesteps(50)
    z, cond, uncond = (normal(2, 4, 8, 8, seed=s).float() for s in (1, 2, 3))
    guided = uncond + 8.0 * (cond - uncond)
    want = scheduler.step(guided, 500, z).prev_sample
    ab = scheduler.alphas_cumprod
    got = solution.augmented_pf_ode_step(z, cond, uncond, torch.full((2,), 7.0), ab[[500, 500]], ab[[480, 480]])
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.peers
@pytest.mark.parametrize("dim", [256, 257, 8])
def test_embedding_is_that_of_the_lcm_pipeline(solution: ModuleType, dim: int) -> None:
    from diffusers import LatentConsistencyModelPipeline

    w = torch.tensor([0.0, 3.5, 7.0, 13.0])
    embed = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    want = embed(None, w.double(), embedding_dim=dim, dtype=torch.float64)
    torch.testing.assert_close(solution.guidance_scale_embedding(w, dim), want.float(), rtol=1e-4, atol=2e-4)


@pytest.mark.peers
def test_loss_can_be_put_together_from_two_schedulers(solution: ModuleType) -> None:
    from diffusers import DDIMScheduler, LCMScheduler

    ddim = DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, set_alpha_to_one=False
    )
    ddim.set_timesteps(50)
    ab = ddim.alphas_cumprod.double()
    ddim.alphas_cumprod = ab
    z0, noise = normal(1, 2, 4, 4, seed=1), normal(1, 2, 4, 4, seed=2)
    cond, uncond, w_emb = torch.tensor([0.7]), torch.tensor([-0.2]), torch.tensor([[0.3]])

    def student(z: Tensor, t: Tensor, c: Tensor, e: Tensor) -> Tensor:
        return torch.tanh(0.6 * z + 0.3 * c + e.mean() + t / 1000)

    def target(z: Tensor, t: Tensor, c: Tensor, e: Tensor) -> Tensor:
        return torch.tanh(0.5 * z + 0.4 * c - e.mean() + t / 1000)

    def teacher(z: Tensor, t: Tensor, c: Tensor) -> Tensor:
        return torch.tanh(0.8 * z + c)

    # 500 -> 480, the scheduler's own step of 20.
    t_start, t_end = torch.tensor([500]), torch.tensor([480])
    z_t = ddim.add_noise(z0, noise, t_start)
    e_c, e_u = teacher(z_t, t_start, cond), teacher(z_t, t_start, uncond)
    z_s = ddim.step(e_u + 6.0 * (e_c - e_u), 500, z_t).prev_sample

    def leap(eps: Tensor, z: Tensor, t: int) -> Tensor:
        skip, out = LCMScheduler().get_scalings_for_boundary_condition_discrete(torch.tensor(t, dtype=torch.float64))
        return skip * z + out * (z - (1 - ab[t]).sqrt() * eps) / ab[t].sqrt()

    gap = leap(student(z_t, t_start, cond, w_emb), z_t, 500) - leap(target(z_s, t_end, cond, w_emb), z_s, 480)
    want = (torch.sqrt(gap**2 + 0.001**2) - 0.001).mean()
    w = torch.tensor([5.0], dtype=torch.float64)
    got = solution.lcm_distillation_loss(
        student, target, teacher, z0, noise, cond, uncond, w, w_emb, t_start, t_end, ab
    )
    torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)


def test_loss_vanishes_for_an_exact_consistency_function(solution: ModuleType) -> None:
    # All data at one point: the noise is known exactly, and every leap lands at that point.
    ab, point = schedule().double(), 0.4

    def exact(z: Tensor, t: Tensor, cond: Tensor, w_emb: Tensor | None = None) -> Tensor:
        level = ab[t].reshape(-1, 1, 1, 1)
        return (z - level.sqrt() * point) / (1 - level).sqrt()

    index = torch.tensor([10, 30, 49])
    start, end = solution.lcm_training_pair(index)
    z0, w = torch.full((3, 2, 4, 4), point, dtype=torch.float64), torch.tensor([0.0, 3.0, 7.0], dtype=torch.float64)
    cond = torch.zeros(3)
    loss = solution.lcm_distillation_loss(
        exact, exact, exact, z0, normal(3, 2, 4, 4), cond, cond, w, normal(3, 2), start, end, ab
    )
    assert loss.item() < 1e-7


def test_adapter_of_stable_diffusion_1_5_at_rank_4(solution: ModuleType) -> None:
    # Query, key, value and output of self- and cross-attention (text width 768) in the 16 transformer blocks.
    shapes = []
    for width, blocks in ((320, 5), (640, 5), (1280, 6)):
        shapes += blocks * (6 * [(width, width)] + 2 * [(width, 768)])
    answer = solution.lora_adapter_size(shapes, 4, 4)
    assert answer["params"] == 797_184
    assert answer["megabytes"] == pytest.approx(3.188736)


def test_size_is_what_two_linear_layers_hold(solution: ModuleType) -> None:
    down, up = nn.Linear(30, 3, bias=False), nn.Linear(3, 50, bias=False)
    held = down.weight.numel() + up.weight.numel()
    assert solution.lora_adapter_size([(50, 30)], 3)["params"] == held


@pytest.mark.peers
def test_merge_is_that_of_peft_with_two_adapters(solution: ModuleType) -> None:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(6, 5, bias=False))
    weight = base[0].weight.detach().clone()
    model = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=["0"]), adapter_name="speed")
    model.add_adapter("style", LoraConfig(r=2, lora_alpha=2, target_modules=["0"]))
    layer = model.base_model.model[0]
    loras = []
    for name, alpha in (("speed", 8), ("style", 2)):
        nn.init.normal_(layer.lora_B[name].weight)
        a, b = layer.lora_A[name].weight.detach().clone(), layer.lora_B[name].weight.detach().clone()
        loras.append({"A": a, "B": b, "alpha": alpha, "scale": 1.0})
    model.base_model.set_adapter(["speed", "style"])
    merged = model.merge_and_unload()[0].weight.detach()
    torch.testing.assert_close(solution.merge_loras(weight, loras), merged, rtol=1e-5, atol=1e-6)


def test_merged_weight_acts_as_base_plus_branches(solution: ModuleType) -> None:
    weight, x = normal(5, 7), normal(3, 7, seed=1)
    loras = [{"A": normal(r, 7, seed=r), "B": normal(5, r, seed=9 + r), "alpha": 3.0, "scale": 0.5 * r} for r in (2, 3)]
    want = F.linear(x, weight)
    for lora in loras:
        want = want + lora["scale"] * 3.0 / len(lora["A"]) * F.linear(F.linear(x, lora["A"]), lora["B"])
    torch.testing.assert_close(F.linear(x, solution.merge_loras(weight, loras)), want)


def test_optimum_is_where_an_optimiser_ends(solution: ModuleType) -> None:
    candidates, probs = normal(5, 3), torch.softmax(normal(5, seed=1), dim=0)
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([x], line_search_fn="strong_wolfe", tolerance_grad=1e-12)

    def risk(at: Tensor) -> Tensor:
        return (probs * torch.cdist(candidates, at[None])[:, 0] ** 2).sum()

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = risk(x)
        value.backward()
        return value

    optimiser.step(closure)
    answer = solution.sharpness_problem(candidates, probs)
    torch.testing.assert_close(answer["mse_optimal"], x.detach(), rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(answer["risk_optimal"], risk(x.detach()))
    torch.testing.assert_close(answer["risk_best_candidate"], min(risk(c) for c in candidates))
    nearest = torch.cdist(candidates, x.detach()[None]).min()
    torch.testing.assert_close(answer["distance_to_nearest"], nearest, rtol=1e-6, atol=1e-7)


def test_hinge_is_torchs_embedding_hinge(solution: ModuleType) -> None:
    real, fake = [normal(6), normal(2, 5, seed=1)], [normal(6, seed=2), normal(2, 5, seed=3)]
    heads = []
    for r, f in zip(real, fake, strict=True):
        # With label -1 the embedding hinge is max(0, margin - x).
        heads.append(F.hinge_embedding_loss(r, -torch.ones_like(r)) + F.hinge_embedding_loss(-f, -torch.ones_like(f)))
    torch.testing.assert_close(solution.add_discriminator_loss(real, fake), sum(heads) / 2)


def test_generator_gradient_in_closed_form(solution: ModuleType) -> None:
    x, noise = normal(3, 2, 4, 4).requires_grad_(True), normal(3, 2, 4, 4, seed=1)
    alpha = torch.tensor([0.9, 0.5, 0.2], dtype=torch.float64)
    sigma, level = (1 - alpha**2).sqrt(), torch.tensor([1, 2, 3])

    def teacher(noisy: Tensor, s: Tensor) -> Tensor:
        return torch.tanh(noisy) / s.reshape(-1, 1, 1, 1)

    answer = solution.add_generator_loss(x, teacher, lambda sample: [0.5 * sample], noise, level, alpha, sigma)
    a, b = alpha.reshape(-1, 1, 1, 1), sigma.reshape(-1, 1, 1, 1)
    goal = teacher(a * x.detach() + b * noise, level)
    want = (-0.5 + 2 * 2.5 * a * (x.detach() - goal)) / x.numel()
    (got,) = torch.autograd.grad(answer["loss"], x)
    torch.testing.assert_close(got, want)


def test_the_speed_file_is_noise_to_a_stranger_who_draws_the_same(solution: ModuleType) -> None:
    """The last two rows of the table: the teacher's jump gains by the file, and that of the reordered teacher loses."""
    from blindgrade.checks import Rng
    from digits import load_digits, teacher

    file = Path(__file__).parents[3] / "exercises" / Path(__file__).parent.name / "public_checks.py"
    spec = importlib.util.spec_from_file_location("public_checks_of_7_3_2", file)
    assert spec is not None
    assert spec.loader is not None
    public = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(public)

    rng = Rng(0)
    start, asked = public.starts_of_digits(rng)
    guide, stranger = teacher(), public.reordered(teacher(), rng)
    t = torch.full((len(start),), 0.5)
    assert torch.allclose(stranger(start, t, asked), guide(start, t, asked), atol=1e-4)

    adapters = solution.train_speed_lora(teacher(), *load_digits("train"), 80, 0)["adapters"]
    plain = {k: {**lora, "strength": lora["scale"] * lora["alpha"] / len(lora["A"])} for k, lora in adapters.items()}
    assert public.relative_miss(guide, plain, start, asked)[0] == pytest.approx(0.44, abs=0.06)
    assert public.relative_miss(stranger, plain, start, asked)[0] > 1.1
