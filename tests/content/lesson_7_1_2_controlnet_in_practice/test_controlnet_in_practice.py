"""The solutions of lesson 7.1.2 against independent references."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

EIGHT = np.ones((3, 3))


def scene(seed: int, height: int = 60, width: int = 80, noise: float = 6.0) -> Tensor:
    """Discs on a slope with grain: whole grey values from 0 to 255, float64."""
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    image = 60 + 0.5 * rows + 0.3 * columns.double()
    for _ in range(4):
        y, x, radius, level = torch.rand(4, generator=generator).tolist()
        disc = (rows - y * height) ** 2 + (columns - x * width) ** 2 <= (6 + 10 * radius) ** 2
        image = torch.where(disc, 100.0 + 155 * level, image)
    grain = torch.randn(height, width, generator=generator, dtype=torch.float64)
    return (image + noise * grain).round().clamp(0, 255)


def test_sobel_gradients_agree_with_scipy(solution: ModuleType) -> None:
    image = scene(0)
    found = solution.sobel_gradients(image)
    along_x, along_y = (ndimage.sobel(image.numpy(), axis=axis, mode="nearest") for axis in (1, 0))
    assert np.array_equal(found["gx"], along_x)
    assert np.array_equal(found["gy"], along_y)
    assert np.allclose(found["mag"], np.hypot(along_x, along_y), rtol=1e-14)


@pytest.mark.parametrize("seed", range(4))
def test_hysteresis_agrees_with_labels_of_scipy(solution: ModuleType, seed: int) -> None:
    mag = torch.rand(40, 50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    low, high = 0.6, 0.97
    labels, _ = ndimage.label(mag.numpy() > low, structure=EIGHT)
    kept = np.isin(labels, np.unique(labels[mag.numpy() > high]))
    assert np.array_equal(solution.hysteresis(mag, low, high), kept)


@pytest.mark.parametrize("sigma", [0.8, 1.5])
def test_canny_blurs_like_scipy(solution: ModuleType, sigma: float) -> None:
    image = scene(1, noise=12.0)
    blurred = torch.from_numpy(ndimage.gaussian_filter(image.numpy(), sigma, mode="nearest", truncate=4.0))
    ours, theirs = solution.canny(image, 30.37, 70.37, sigma), solution.canny(blurred, 30.37, 70.37, 0.0)
    assert (ours != theirs).double().mean() <= 0.002
    assert ours.any()


def test_depth_map_does_not_change_with_scale_and_shift_of_inverse_depth(solution: ModuleType) -> None:
    generator = torch.Generator().manual_seed(2)
    depth = 1 + 8 * torch.rand(9, 12, generator=generator, dtype=torch.float64)
    valid = torch.rand(9, 12, generator=generator) < 0.8
    before, after = solution.depth_to_map(depth, valid), solution.depth_to_map(1 / (3 / depth + 0.7), valid)
    assert torch.allclose(before, after, atol=1e-12)
    inverse = 1 / depth[valid].numpy()
    assert np.allclose(before[0][valid], np.interp(inverse, [inverse.min(), inverse.max()], [0, 1]))


def test_skeleton_mask_agrees_with_distances_to_a_finely_sampled_segment(solution: ModuleType) -> None:
    maps = torch.zeros(2, 20, 31, dtype=torch.float64)
    (ax, ay), (bx, by) = (5, 4), (22, 13)
    maps[0, ay, ax], maps[1, by, bx] = 0.9, 0.8
    found = solution.skeleton_map(maps, [[0, 1]], 2.3, 0.5)
    u = np.linspace(0, 1, 20001)
    points = np.stack([ax + u * (bx - ax), ay + u * (by - ay)])
    rows, columns = np.mgrid[0:20, 0:31]
    distance = np.array([[np.hypot(points[0] - c, points[1] - r).min() for c in range(31)] for r in range(20)])
    assert rows.shape == columns.shape == distance.shape
    assert np.array_equal(found["mask"].numpy() == 1, distance <= 2.3)
    assert found["keypoints"].tolist() == [[5, 4, 0.9], [22, 13, 0.8]]


def test_map_changes_agrees_with_our_tools_on_drawn_scenes(solution: ModuleType) -> None:
    rows, columns = torch.meshgrid(torch.arange(48), torch.arange(64), indexing="ij")
    person = ((rows - 26).abs() <= 12) & ((columns - 30).abs() <= 3)
    coat = ((rows - 26).abs() <= 10) & ((columns - 30).abs() <= 7)
    arm = ((rows - 16).abs() <= 1) & (columns >= 30) & (columns <= 44)
    thing = (rows >= 30) & (rows < 42) & (columns >= 48) & (columns < 58)

    def photograph(figure: Tensor) -> Tensor:
        grey = torch.full((48, 64), 60.0, dtype=torch.float64)
        # The thing is too faint for the high threshold, and strong enough for it once the contrast is doubled.
        return grey.masked_fill(thing, 85.0).masked_fill(figure, 110.0)

    def surfaces(figure: Tensor, distance: float = 5.0) -> Tensor:
        depth = torch.full((48, 64), 9.0, dtype=torch.float64)
        return depth.masked_fill(thing, distance).masked_fill(figure, 3.0)

    def edges(image: Tensor) -> Any:
        return solution.canny(image, 60.37, 150.37, 0.0)

    def near(depth: Tensor) -> Any:
        return solution.depth_to_map(depth, torch.ones(48, 64, dtype=torch.bool))

    plain = photograph(person)
    painted = plain + 50 * ((columns < 20) & (columns % 8 < 4))
    moved = person.roll(6, dims=1)
    after = {
        "repaint_texture": (painted, surfaces(person)),
        "push_object_back": (plain, surfaces(person, 6.5)),
        "raise_arm": (photograph(person | arm), surfaces(person | arm)),
        "baggy_coat": (photograph(person | coat), surfaces(person | coat)),
        "hue_shift_same_luminance": (plain.clone(), surfaces(person)),
        "brighten_uniformly": (plain + 40, surfaces(person)),
        "double_contrast": (2 * plain, surfaces(person)),
        "move_person": (photograph(moved), surfaces(moved)),
    }
    for edit, (image, depth) in after.items():
        assert solution.map_changes("canny", edit) != torch.equal(edges(plain), edges(image)), edit
        assert solution.map_changes("depth", edit) != torch.equal(near(surfaces(person)), near(depth)), edit
        assert solution.map_changes("openpose", edit) == (edit in {"raise_arm", "move_person"}), edit


def test_knob_sweep_is_as_far_off_at_two_as_at_zero(solution: ModuleType) -> None:
    z = torch.randn(12, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    target = torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64)
    found = solution.knob_sweep(z, target, [0.0, 2.0, 1.0], 0.1)
    assert torch.isclose(found["error"][0], found["error"][1])
    assert np.isclose(found["diversity"][0], np.sqrt(z.numpy().var(axis=0).sum()))
    assert found["weakest"] == 1.0


@pytest.mark.parametrize("faults", [["nan"], ["range"], ["blank"], []])
def test_check_control_image_finds_the_fault_that_was_made(solution: ModuleType, faults: list[str]) -> None:
    image = torch.rand(3, 16, 24, generator=torch.Generator().manual_seed(4))
    made = {"nan": image / 0, "range": image + 1, "blank": image * 0}
    assert solution.check_control_image(made[faults[0]] if faults else image, 2, 3, "depth") == faults


def test_classify_pair_agrees_with_numpy(solution: ModuleType) -> None:
    generator = torch.Generator().manual_seed(5)
    a, b = (torch.randn(6, 8, 9, generator=generator, dtype=torch.float64) for _ in range(2))
    found = solution.classify_pair(a, b, 2.3)
    u, v = a.numpy().reshape(6, -1), b.numpy().reshape(6, -1)
    lu, lv = np.linalg.norm(u, axis=0), np.linalg.norm(v, axis=0)
    both = (lu > 2.3) & (lv > 2.3)
    assert np.isclose(found["overlap"], both.sum() / ((lu > 2.3) | (lv > 2.3)).sum())
    assert np.isclose(found["cosine"], (np.einsum("cp,cp->p", u, v) / (lu * lv))[both].mean())


@pytest.mark.parametrize("share", [0.08, 0.2])
def test_tune_edges_meets_a_share_in_a_scene(solution: ModuleType, share: float) -> None:
    image = scene(7, noise=30.0)
    calls = []

    def edges(low: float, high: float) -> Tensor:
        calls.append((low, high))
        found: Tensor = solution.canny(image, low, high, 0.7)
        return found

    found = solution.tune_edges(edges, share)
    assert len(calls) <= 8
    lit = solution.canny(image, found["low"], found["high"], 0.7).double().mean()
    assert abs(float(lit) - share) < 0.02
    halved = solution.canny(image / 2, found["low"], found["high"], 0.7).double().mean()
    assert abs(float(halved) - found["guess"]) < 1e-3  # halved grey values are doubled thresholds


def some_digits(solution: ModuleType) -> tuple[Tensor, Tensor, Tensor]:
    images, labels = solution.load_digits("held_out")
    images, labels = images[::6], labels[::6]
    return images, labels, torch.randn(len(images), 1, 8, 8, generator=torch.Generator().manual_seed(3))


def test_draw_controlled_is_eulers_walk_with_added_residuals(solution: ModuleType) -> None:
    images, labels, start = some_digits(solution)
    images, labels, x = images[:6], labels[:6], start[:6]
    unet, controls, hints = (
        solution.teacher(),
        [solution.edge_control(), solution.ink_control()],
        [solution.edge_map(images), solution.ink_map(images)],
    )
    found = solution.draw_controlled(unet, controls, hints, [0.8, 0.4], x, labels, 4)
    for time in (1.0, 0.75, 0.5, 0.25):
        t = torch.full((6,), time)
        both = [control(x, t, hint) for control, hint in zip(controls, hints, strict=True)]
        x = x - unet(x, t, labels, [0.8 * a + 0.4 * b for a, b in zip(*both, strict=True)]) / 4
    torch.testing.assert_close(found, x, atol=1e-4, rtol=1e-4)


def test_the_table_of_the_trained_knob_is_measured(solution: ModuleType) -> None:
    images, labels, start = some_digits(solution)
    edges = solution.edge_map(images)
    table = {True: ([0.75, 0.83, 0.87], [0.99, 0.99, 0.95]), False: ([0.60, 0.78, 0.85], [0.59, 0.16, 0.04])}
    for agrees, (obedient, read) in table.items():
        prompts = labels if agrees else (labels + 1) % 10
        found = solution.sweep_digits(
            solution.teacher(), solution.edge_control(), start, prompts, edges, [0.5, 1.0, 2.0], 0.0, 10
        )
        assert np.allclose(found["obedient"], obedient, atol=0.05), found
        assert np.allclose(found["read"], read, atol=0.12), found


def test_two_scenes_obey_one_less(solution: ModuleType) -> None:
    images, _, start = some_digits(solution)
    edges, nobody = solution.edge_map(images), torch.full((len(images),), 10)
    obeyed = {
        name: solution.obedience(
            solution.draw_controlled(
                solution.teacher(),
                [solution.edge_control(), solution.ink_control()],
                [edges, solution.ink_map(other)],
                [1.0, 1.0],
                start,
                nobody,
                5,
            ),
            edges,
        )
        for name, other in {"one": images, "two": images.roll(7, dims=0)}.items()
    }
    assert obeyed["one"] > obeyed["two"] + 0.1


@pytest.mark.peers
def test_sobel_gradients_agree_with_opencv(solution: ModuleType) -> None:
    import cv2

    image = scene(6)
    found = solution.sobel_gradients(image)
    for name, order in (("gx", (1, 0)), ("gy", (0, 1))):
        theirs = cv2.Sobel(image.numpy(), cv2.CV_64F, *order, ksize=3, borderType=cv2.BORDER_REPLICATE)
        assert np.array_equal(found[name], theirs)


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("low", "high"), [(30.0, 90.0), (80.37, 200.37), (200.0, 200.0)])
def test_canny_finds_the_edges_of_opencv(solution: ModuleType, seed: int, low: float, high: float) -> None:
    import cv2

    image = scene(seed, noise=float(3 * seed))
    ours = solution.canny(image, low, high, 0.0).numpy()
    theirs = cv2.Canny(image.numpy().astype(np.uint8), low, high, L2gradient=True) > 0
    assert ours.sum() > 50
    assert (ours != theirs).sum() == 0


@pytest.mark.peers
@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("sigma", [0.8, 1.0, 1.5, 2.0])
def test_canny_lies_within_a_pixel_of_scikit_image(solution: ModuleType, sigma: float, seed: int) -> None:
    from skimage import feature

    image = scene(seed)
    ours = solution.canny(image, 40.37, 90.37, sigma).numpy()
    # Their Sobel is not normalised either and their thresholds are taken as they are from a floating image.
    # They place an edge between the pixels across it, by interpolation, so the lines may lie one pixel apart.
    theirs = feature.canny(image.numpy(), sigma, 40.37, 90.37, mode="nearest")
    inner = np.s_[2:-2, 2:-2]  # they never mark the rim
    assert min(ours.sum(), theirs.sum()) > 50
    assert not (ours & ~ndimage.binary_dilation(theirs, EIGHT))[inner].any()
    assert not (theirs & ~ndimage.binary_dilation(ours, EIGHT))[inner].any()


@pytest.mark.peers
def test_key_points_agree_with_scikit_image(solution: ModuleType) -> None:
    from skimage import feature

    maps = torch.rand(5, 17, 23, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    found = solution.skeleton_map(maps, [], 1.0, 0.1)["keypoints"]
    for heat, (x, y, confidence) in zip(maps.numpy(), found.tolist(), strict=True):
        peak = feature.peak_local_max(heat, num_peaks=1, exclude_border=False)[0]
        assert (y, x) == tuple(peak)
        assert confidence == heat[tuple(peak)]


@pytest.mark.peers
def test_combine_controls_agrees_with_diffusers(solution: ModuleType) -> None:
    from diffusers.models.controlnets.controlnet import ControlNetModel
    from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel

    generator = torch.Generator().manual_seed(9)
    outputs = [[torch.randn(2, 4, 6, 6, generator=generator) for _ in range(3)] for _ in range(3)]

    class Fixed(ControlNetModel):
        """Hands over given residuals, scaled as the real one scales its own."""

        def __init__(self, residuals: list[Tensor]) -> None:
            torch.nn.Module.__init__(self)
            self.residuals = residuals

        def forward(self, *args: Any, conditioning_scale: float = 1.0, **kwargs: Any) -> Any:
            scaled = [residual * conditioning_scale for residual in self.residuals]
            return scaled[:-1], scaled[-1]

    scales = [0.4, 1.0, 1.7]
    multi = MultiControlNetModel([Fixed(residuals) for residuals in outputs])
    down, middle = multi(torch.zeros(1), torch.zeros(1), torch.zeros(1), [torch.zeros(1)] * 3, scales)
    ours = solution.combine_controls(outputs, scales)
    assert len(ours) == 3
    for mine, theirs in zip(ours, [*down, middle], strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)
