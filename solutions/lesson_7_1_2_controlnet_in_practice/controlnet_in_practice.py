# %% [markdown]
# # ControlNet in Practice
#
# A ControlNet follows the map that it is given. So most of the craft lies outside the network: how the map is
# made, whether it is any good, how loud it may speak, and what happens when two maps speak at once.
#
# You will build the three classic preprocessors far enough to know what each one sees and what it is blind to:
# edges (Canny, complete), depth (what MiDaS hands over), and pose (what becomes of OpenPose's heat maps). Then
# you check maps before you use them, turn the volume knob, and add ControlNets up. In the end you do both with
# trained controls that draw digits.
#
# **Notation**, the same in all exercises:
#
# | symbol | in code | meaning |
# |---|---|---|
# | $I$ | `img` | a grey image `[H, W]`; rows are $y$ (down), columns are $x$ (to the right) |
# | $g_x, g_y$ | `gx`, `gy` | change of brightness along the columns and along the rows |
# | $m = \sqrt{g_x^2 + g_y^2}$ | `mag` | strength of the change |
# | $\sigma$ | `sigma` | standard deviation of a Gaussian blur, in pixels |
# | $s$ | `scale`, `scales` | conditioning scale: how loud a control speaks |
# | $r_i$ | `outputs[n][i]` | what ControlNet $n$ adds to the U-Net's skip connection $i$; the last is the middle |
#
# A pixel's place is written (row, column) where we index a tensor, and $(x, y)$ = (column, row) where we do
# geometry. All functions leave their arguments as they are, and floating results have the arguments' dtype.

# %%
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from digit_controls import edge_control, edge_map, ink_control, ink_map, obedience
from digits import DigitUNet, judge, load_digits, teacher

# %% tags=["notebook-only"]
import matplotlib.pyplot as plt


def demo_scene() -> Tensor:
    """A disc before a striped wall, grey values 0 to 255."""
    rows, columns = torch.meshgrid(torch.arange(80.0), torch.arange(120.0), indexing="ij")
    wall = 90 + 25 * ((columns // 8) % 2) + 0.4 * rows
    disc = (columns - 62) ** 2 + (rows - 42) ** 2 <= 24**2
    return torch.where(disc, 200.0, wall).round().double()


plt.figure(figsize=(5, 3))
plt.imshow(demo_scene(), cmap="gray", vmin=0, vmax=255)
plt.title("The scene of this lesson's pictures")
plt.axis("off")
plt.show()

# %% [markdown]
# ## How fast does brightness change?
#
# An edge is a place where brightness changes fast. Sobel measures the change along $x$ with a small stencil:
# right column minus left column, the middle row counted twice, which smooths along the edge while it
# differentiates across it:
#
# $$ K_x = \begin{pmatrix} -1 & 0 & 1 \\ -2 & 0 & 2 \\ -1 & 0 & 1 \end{pmatrix}, \qquad K_y = K_x^\top,
#    \qquad m = \sqrt{g_x^2 + g_y^2}. $$
#
# The stencil is laid on the image as it stands, without turning it round (cross-correlation, which is what
# `conv2d` computes): brightness that grows to the right gives $g_x > 0$. At the rim, the outermost pixels are
# repeated (replicate border). Pad with zeros instead, and a white sheet of paper gets a black frame with an
# edge all around it.
#
# Worked: a step from 0 to 10 between two columns gives $g_x = (1 + 2 + 1) \cdot 10 = 40$ in both columns next
# to the step, and $g_y = 0$. A ramp that grows by 1 a column gives $g_x = 4 \cdot 2 = 8$ inside.


# %%
def sobel_gradients(img: Float[Tensor, "height width"]) -> dict[str, Float[Tensor, "height width"]]:
    """The Sobel gradients of a grey image and their magnitude.

    img [H, W], any floating dtype. Returns the keys gx (change along the columns), gy (along the rows) and
    mag, each [H, W]: not normalised, with the border replicated.
    Source: Duda & Hart 1973, "Pattern Classification and Scene Analysis", p. 271 (after Sobel & Feldman).
    """
    ### BEGIN SOLUTION
    kernel_x = torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=img.dtype, device=img.device)
    kernels = torch.stack([kernel_x, kernel_x.T])[:, None]  # [2, 1, 3, 3]
    padded = F.pad(img[None, None], (1, 1, 1, 1), mode="replicate")  # [1, 1, H + 2, W + 2]
    gx, gy = F.conv2d(padded, kernels)[0]  # [H, W] each
    return {"gx": gx, "gy": gy, "mag": (gx**2 + gy**2).sqrt()}
    ### END SOLUTION


# %% [markdown]
# ## Thin lines
#
# The step above lit up two columns. A line should be one pixel wide, so keep a pixel only where it is the
# strongest *across* the edge (non-maximum suppression). Across is the direction of the gradient: compare each
# pixel with its two neighbours on that line, and with nobody else. Along the edge a stronger neighbour is
# welcome.
#
# On a pixel grid there are four lines to choose from. Neighbours are given as (dy, dx), $y$ points down, and
# outside the image $m$ counts as 0:
#
# | gradient | neighbours $a$, $b$ | keep if |
# |---|---|---|
# | $\lvert g_y\rvert < \lvert g_x\rvert \tan 22.5°$ | left (0,-1), right (0,+1) | $m > a$ and $m \ge b$ |
# | $\lvert g_y\rvert > \lvert g_x\rvert \tan 67.5°$ | up (-1,0), down (+1,0) | $m > a$ and $m \ge b$ |
# | between, $g_x$, $g_y$ of one sign | (-1,-1), (+1,+1) | $m > a$ and $m > b$ |
# | between, opposite signs | (-1,+1), (+1,-1) | $m > a$ and $m > b$ |
#
# Strict on one side and not on the other: of the two columns with $m = 40$ the left one stays and the right
# one goes. Strict on both sides would lose the edge, strict on neither would keep it two pixels wide. (The
# diagonal rule *is* strict on both sides; that is OpenCV's habit, and we follow it.)
#
# With $g_x = 3$, $g_y = 1$: $1 < 3 \cdot 0.414 = 1.24$, so this pixel looks left and right. With
# $g_x = g_y = 3$ it looks along the diagonal from the upper left to the lower right: brightness grows to the
# right and *down*.


# %%
def thin_edges(
    gx: Float[Tensor, "height width"], gy: Float[Tensor, "height width"]
) -> Float[Tensor, "height width"]:
    """The gradient's magnitude where it is largest across the edge, 0 elsewhere.

    gx, gy [H, W], float64. Returns [H, W], float64, thinned by the rule of the table above.
    Source: Canny 1986, "A computational approach to edge detection"; tie rule as in OpenCV's Canny.
    """
    ### BEGIN SOLUTION
    height, width = gx.shape
    mag = (gx**2 + gy**2).sqrt()
    padded = F.pad(mag, (1, 1, 1, 1))  # [H + 2, W + 2], zeros outside

    def neighbour(dy: int, dx: int) -> Tensor:
        return padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]

    along_x = (mag > neighbour(0, -1)) & (mag >= neighbour(0, 1))
    along_y = (mag > neighbour(-1, 0)) & (mag >= neighbour(1, 0))
    down_right = (mag > neighbour(-1, -1)) & (mag > neighbour(1, 1))
    up_right = (mag > neighbour(-1, 1)) & (mag > neighbour(1, -1))

    flat = gy.abs() < gx.abs() * math.tan(math.pi / 8)
    steep = gy.abs() > gx.abs() * math.tan(3 * math.pi / 8)
    diagonal = torch.where(gx * gy > 0, down_right, up_right)
    keep = torch.where(flat, along_x, torch.where(steep, along_y, diagonal))
    return torch.where(keep, mag, 0.0)
    ### END SOLUTION


# %% [markdown]
# ## Two thresholds
#
# One threshold cannot be right. Set it high, and a long outline breaks where its contrast fades; set it low,
# and the wall is full of crumbs. Canny takes two. Pixels above `high` are edges. Pixels above `low` are edges
# *if they hang together* with one: through a chain of neighbours, all above `low`, of any length, where the
# eight pixels around a pixel are its neighbours.
#
# With `low = 1`, `high = 3`, the row `2 2 4 0 2 2` becomes `1 1 1 0 0 0`: the first two are linked to the 4,
# the last two to nobody. Both comparisons are strict: a pixel of exactly 1 links nothing.


# %%
def hysteresis(mag: Float[Tensor, "height width"], low: float, high: float) -> Bool[Tensor, "height width"]:
    """The pixels above low that are linked to a pixel above high.

    mag [H, W]. Returns a bool mask [H, W]: pixels > low in an 8-connected chain, of pixels > low, that holds
    a pixel > high.
    Raises ValueError if low > high.
    Source: Canny 1986, "A computational approach to edge detection", on thresholding with hysteresis.
    """
    ### BEGIN SOLUTION
    if low > high:
        raise ValueError(f"low must not be above high, but {low} > {high}")
    weak = mag > low
    linked = mag > high
    while True:
        around = F.max_pool2d(linked[None].to(mag.dtype), kernel_size=3, stride=1, padding=1)[0] > 0
        grown = around & weak  # one pixel further along every chain
        if torch.equal(grown, linked):
            return linked
        linked = grown
    ### END SOLUTION


# %% [markdown]
# ## Canny
#
# Now in order: blur, gradients, thin, link. The blur goes first because noise has gradients too, and often the
# steepest. It is a Gaussian, whose weights add up to 1,
#
# $$ w_k \propto e^{-k^2 / 2\sigma^2}, \qquad k = -R, \dots, R, \qquad R = \lfloor 4\sigma + 0.5 \rfloor, $$
#
# applied along the rows and along the columns in turn, with the border replicated. For $\sigma = 1$ that is
# $R = 4$ and nine weights, the middle one 0.399. With $\sigma = 0$ nothing is blurred.
#
# The thresholds live on the scale of the gradients of an image from 0 to 255: a step of 10 grey values has
# $m = 40$. An upright step from 0 to 255 has 1020, a diagonal one 1082, and no pattern of pixels has more than
# $255\sqrt{20} = 1140$. Thin before you link: a link may not run through pixels that will not be there in the
# end.


# %%
def canny(
    img: Float[Tensor, "height width"], low: float, high: float, sigma: float
) -> Bool[Tensor, "height width"]:
    """Canny's edges of a grey image.

    img [H, W], float64, 0 to 255; low, high: thresholds on the Sobel magnitude of the blurred image; sigma >= 0: blur
    in pixels, none at 0. Returns a bool mask [H, W], in which lines are one pixel wide and every line has a strong
    pixel.
    Raises ValueError if low > high.
    Source: Canny 1986, "A computational approach to edge detection".
    """
    ### BEGIN SOLUTION
    if sigma > 0:
        radius = int(4 * sigma + 0.5)
        offset = torch.arange(-radius, radius + 1, dtype=img.dtype)
        weights = torch.exp(-(offset**2) / (2 * sigma**2))  # [2 R + 1]
        weights = weights / weights.sum()
        padded = F.pad(img[None, None], (radius,) * 4, mode="replicate")
        img = F.conv2d(F.conv2d(padded, weights[None, None, None, :]), weights[None, None, :, None])[0, 0]
    gradients = sobel_gradients(img)
    return hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)
    ### END SOLUTION


# %% tags=["notebook-only"]
try:
    edge_maps = {f"sigma = {s}": canny(demo_scene(), 60, 150, s) for s in (0.0, 1.0, 3.0)}
except NotImplementedError:
    print("Write the four functions above, then run this cell again: it draws three edge maps.")
else:
    figure, axes = plt.subplots(1, 3, figsize=(11, 3))
    for panel, (name, edges) in zip(axes, edge_maps.items(), strict=True):
        panel.imshow(edges, cmap="gray")
        panel.set_title(name)
        panel.axis("off")
    plt.show()

# %% [markdown]
# ## How many lines? An open experiment
#
# The same two thresholds draw a forest in one photograph and nothing in the next. A user does not think in
# gradients; they say "a light sketch, 8 % of the pixels" or "every line, 20 %". Find the thresholds for them.
# You are given the detector as a function of its two thresholds, for one picture that you do not see.
#
# **Goal**: the share of lit pixels misses the wanted share by at most 0.015. **Budget**: 8 runs of the detector.
# **Rule**: `high` is 2 to 3 times `low`, the ratio that Canny recommends. Any way of searching is welcome.
# Before you write it, look at what a threshold does: how far apart are 20 and 40 on this scale, and how far
# 800 and 820? The checks ask for shares from 0.08 to 0.2 on pictures whose contrast fades from one side to the
# other.
#
# **Predict first.** The picture is printed too pale: every grey value is halved, the thresholds stay. Return as
# `guess` the share that you expect then. It is not graded; the report shows it beside the measurement.


# %%
def tune_edges(edges: Callable[[float, float], Bool[Tensor, "height width"]], share: float) -> dict[str, float]:
    """Thresholds at which an edge detector lights the wanted share of a picture.

    edges: edges(low, high) runs Canny on one picture, grey values 0 to 255, and returns a bool mask [H, W]; share:
    the wanted share of lit pixels, 0.08 to 0.2. Returns low, high and guess, Python floats: 2 to 3 times low is
    high; guess is the share that you expect at the same thresholds once every grey value is halved (not graded).
    Criterion: the share at (low, high) is within 0.015 of `share`, after at most 8 calls of edges.
    Source: Canny 1986, "A computational approach to edge detection", on the ratio of the two thresholds.
    """
    ### BEGIN SOLUTION
    # More threshold, fewer lines: halve the interval. Contrast is a matter of ratios, so halve it in the logarithm.
    faint, strong = math.log(2), math.log(1140)
    for _ in range(7):
        middle = (faint + strong) / 2
        lit = edges(0.4 * math.exp(middle), math.exp(middle)).double().mean().item()
        faint, strong = (middle, strong) if lit > share else (faint, middle)
    high = math.exp((faint + strong) / 2)
    low = 0.4 * high
    # Halved grey values have halved gradients: as if both thresholds were doubled.
    guess = edges(2 * low, 2 * high).double().mean().item()
    return {"low": low, "high": high, "guess": guess}
    ### END SOLUTION


# %% tags=["notebook-only"]
try:
    shares = (0.08, 0.13, 0.2)
    grainy = demo_scene() + 12 * torch.randn(80, 120, dtype=torch.float64)
    tuned = [tune_edges(lambda low, high: canny(grainy, low, high, 0.7), share) for share in shares]
    drawings = [canny(grainy, found["low"], found["high"], 0.7) for found in tuned]
except NotImplementedError:
    print("Write canny and tune_edges, then run this cell again: it draws a light sketch and a full drawing.")
else:
    figure, axes = plt.subplots(1, 3, figsize=(11, 3))
    for panel, share, edges in zip(axes, shares, drawings, strict=True):
        panel.imshow(edges, cmap="gray")
        panel.set_title(f"wanted {share:.0%}, lit {edges.double().mean():.1%}")
        panel.axis("off")
    plt.show()

# %% [markdown]
# ## Depth, near is bright
#
# MiDaS looks at one photograph and says how near things are. Its answer is *inverse* depth, and only up to an
# unknown scale and shift: $a/d + b$ with $a > 0$. So the map that a depth ControlNet was trained on has
# neither metres nor an origin. It is the inverse depth, stretched to $[0, 1]$ in each image:
#
# $$ \text{map} = \frac{1/d - \min 1/d}{\max 1/d - \min 1/d}. $$
#
# Minimum and maximum are taken over the *valid* pixels. Sensors leave holes, and a hole may hold anything: 0,
# a negative number, infinity, NaN. Holes become 0 in the map and have no say in the range. The result is
# repeated to three channels, because a ControlNet takes an RGB picture.
#
# Depths of 1, 2 and 4 metres have inverses 1, 0.5, 0.25, so the map reads 1, 0.333, 0: the metre between 1
# and 2 matters twice as much as the two metres behind. Where all valid pixels are equally deep, there is no
# range to stretch, and the map is 0.


# %%
def depth_to_map(
    depth: Float[Tensor, "height width"], valid: Bool[Tensor, "height width"]
) -> Float[Tensor, "3 height width"]:
    """A depth image in metres as the picture that a depth ControlNet expects.

    depth [H, W]; valid, bool [H, W]: where depth can be trusted (elsewhere it may be anything). Returns
    [3, H, W] in [0, 1], near is bright, three equal channels, 0 at the other pixels and 0 throughout if all
    valid depths are equal.
    Raises ValueError if no pixel is valid, or if a valid pixel's depth is not positive.
    Source: Ranftl et al. 2020 (MiDaS, arXiv 1907.01341): inverse depth up to scale and shift.
    """
    ### BEGIN SOLUTION
    if not valid.any():
        raise ValueError("no pixel is valid")
    if (depth[valid] <= 0).any():
        raise ValueError("a valid pixel has a depth that is not positive")
    inverse = 1 / depth[valid]  # [number of valid pixels]
    nearness = inverse - inverse.min()
    if nearness.max() > 0:
        nearness = nearness / nearness.max()
    grey = torch.zeros_like(depth)
    grey[valid] = nearness
    return grey.repeat(3, 1, 1)  # [3, H, W]
    ### END SOLUTION


# %% [markdown]
# ## A skeleton from heat maps
#
# OpenPose's network gives one heat map for each joint: how sure it is, at each pixel, that the joint is there.
# The joint is the pixel with the highest value (the first in reading order if several share it), and the value
# is its confidence. A joint whose confidence is below `min_conf` was not seen: it becomes $(0, 0, 0)$ and
# nothing is drawn to it.
#
# Joints are points $(x, y)$: column first. Between two seen joints $p$ and $q$ a limb is drawn: all pixels
# whose distance to the *segment* from $p$ to $q$ is at most `radius`. For a pixel $c$ the nearest point of the
# segment is
#
# $$ p + u\,(q - p), \qquad u = \frac{(c - p) \cdot (q - p)}{|q - p|^2} \ \text{ limited to } [0, 1]. $$
#
# Without the limits the limb would be an endless line. If $p = q$, the segment is a point and the limb a disc.
# (What a real pose ControlNet reads is a colour picture, with a colour for each limb. One mask has the geometry.)
#
# Worked: $p = (2, 1)$, $q = (6, 1)$, and the pixel at column 8, row 1. $u = 6 \cdot 4 / 16 = 1.5$, limited to
# 1, so the nearest point is $q$ and the distance is 2. The pixel at column 4, row 3 has $u = 0.5$ and distance
# 2 as well.


# %%
def skeleton_map(
    heatmaps: Float[Tensor, "joints height width"], limbs: list[list[int]], radius: float, min_conf: float
) -> dict[str, Tensor]:
    """Joints of one person from their heat maps, and the limbs between them as a picture.

    heatmaps [K, H, W]; limbs: pairs of joints, counted from 0; radius in pixels. Returns keypoints [K, 3],
    each (column x, row y, confidence) of the heat map's first maximum in row-major order, or (0, 0, 0) if
    that confidence is below min_conf; and mask [H, W], 1.0 at the pixels that are no further than radius from
    a limb with both ends seen, else 0.0. Both have the dtype of heatmaps.
    Source: Cao et al. 2017 (OpenPose, arXiv 1611.08050), section 2, on confidence maps.
    """
    ### BEGIN SOLUTION
    _, height, width = heatmaps.shape
    confidence, place = heatmaps.flatten(1).max(dim=1)  # [K], [K]
    seen = confidence >= min_conf
    x, y = (place % width).to(heatmaps.dtype), (place // width).to(heatmaps.dtype)
    keypoints = torch.stack([x, y, confidence], dim=1) * seen[:, None]  # [K, 3]

    rows = torch.arange(height, dtype=heatmaps.dtype)
    columns = torch.arange(width, dtype=heatmaps.dtype)
    pixels = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)  # [H, W, 2] as (x, y)
    mask = torch.zeros(height, width, dtype=torch.bool)
    for a, b in limbs:
        if not (seen[a] and seen[b]):
            continue
        start, along = keypoints[a, :2], keypoints[b, :2] - keypoints[a, :2]  # [2] each
        length_squared = (along**2).sum().clamp(min=1)  # joints sit on pixels: 0 only if the ends are equal
        u = (((pixels - start) @ along) / length_squared).clamp(0, 1)  # [H, W]
        nearest = start + u[..., None] * along  # [H, W, 2]
        mask |= (pixels - nearest).norm(dim=-1) <= radius
    return {"keypoints": keypoints, "mask": mask.to(heatmaps.dtype)}
    ### END SOLUTION


# %% tags=["notebook-only"]
sketch = {"head": (60, 12), "hip": (60, 45), "left hand": (35, 30), "right hand": (88, 18)}
rows, columns = torch.meshgrid(torch.arange(80.0), torch.arange(120.0), indexing="ij")
blobs = [torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 30) for x, y in sketch.values()]
try:
    drawn = skeleton_map(torch.stack(blobs), [[0, 1], [0, 2], [0, 3]], radius=2.2, min_conf=0.5)
except NotImplementedError:
    print("Write skeleton_map, then run this cell again: it draws heat maps and the limbs between them.")
else:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    axes[0].imshow(torch.stack(blobs).amax(dim=0), cmap="magma")
    axes[0].set_title("heat maps, the largest at each pixel")
    axes[1].imshow(drawn["mask"], cmap="gray")
    axes[1].set_title("the control map")
    plt.show()

# %% [markdown]
# ## What does each map see?
#
# A control map is a filter: what it drops, the prompt may decide; what it keeps, the prompt has to live with.
# So choose the map by what should stay. Edit a photograph, run the preprocessor again, and ask: *did the map
# change?* Three filters:
#
# - **canny** sees grey values that change from pixel to pixel, and compares with fixed thresholds.
# - **depth** sees where surfaces are. Here a depth camera measures it. (MiDaS has nothing but the photograph: from
#   equal pixels it makes equal maps, wherever the surfaces are.)
# - **openpose** sees where a person's joints are.
#
# And eight edits:
#
# | edit | what happens |
# |---|---|
# | `repaint_texture` | stripes are painted on a flat wall |
# | `push_object_back` | an object moves away from the camera, all grey values stay as they were |
# | `raise_arm` | the person raises an arm |
# | `baggy_coat` | the person puts on a wide coat; the joints stay where they are |
# | `hue_shift_same_luminance` | colours turn, grey values stay |
# | `brighten_uniformly` | the same number is added to every grey value, nothing is clipped |
# | `double_contrast` | every grey value is doubled; the thresholds stay |
# | `move_person` | the person steps to the side |
#
# Reason from what the filter computes. Adding a constant, for example, leaves every difference as it is. In the
# notebook, the cell after the exercise runs your own tools on drawn scenes and compares.


# %%
def map_changes(preprocessor: str, edit: str) -> bool:
    """Whether the control map of a photograph with a person changes by an edit of the photograph.

    preprocessor: canny, depth or openpose; edit: one of the table's eight.
    Raises ValueError for any other preprocessor or edit.
    Source: Zhang et al. 2023 (ControlNet, arXiv 2302.05543), section 4, lists such condition maps.
    """
    ### BEGIN SOLUTION
    # For each edit, the preprocessors whose map changes.
    seen_by = {
        "repaint_texture": {"canny"},  # paint has edges, no depth and no joints
        "push_object_back": {"depth"},  # grey values and joints stay
        "raise_arm": {"canny", "depth", "openpose"},
        "baggy_coat": {"canny", "depth"},  # a new outline and a new surface over the same joints
        "hue_shift_same_luminance": set(),
        "brighten_uniformly": set(),  # differences of grey values stay
        "double_contrast": {"canny"},  # differences double, the thresholds do not
        "move_person": {"canny", "depth", "openpose"},
    }
    if preprocessor not in {"canny", "depth", "openpose"}:
        raise ValueError(f"no preprocessor is called {preprocessor!r}")
    if edit not in seen_by:
        raise ValueError(f"no edit is called {edit!r}")
    return preprocessor in seen_by[edit]
    ### END SOLUTION


# %% tags=["notebook-only"]
# Six of the edits, drawn, with your own canny and depth_to_map: does your table say what your tools do?
rows, columns = torch.meshgrid(torch.arange(48), torch.arange(64), indexing="ij")
person = ((rows - 26).abs() <= 12) & ((columns - 30).abs() <= 3)
arm = ((rows - 16).abs() <= 1) & (columns >= 30) & (columns <= 44)
coat = ((rows - 26).abs() <= 10) & ((columns - 30).abs() <= 7)
thing = (rows >= 30) & (rows < 42) & (columns >= 48) & (columns < 58)


def photograph(figure: Tensor) -> Tensor:
    """Grey values: a person and a pale thing before a wall."""
    return torch.full((48, 64), 60.0).double().masked_fill(thing, 85.0).masked_fill(figure, 110.0)


def depths(figure: Tensor, distance: float = 5.0) -> Tensor:
    """Metres from the camera."""
    return torch.full((48, 64), 9.0).double().masked_fill(thing, distance).masked_fill(figure, 3.0)


plain, stripes = photograph(person), 50 * ((columns < 20) & (columns % 8 < 4))
edited = {
    "repaint_texture": (plain + stripes, depths(person)),
    "push_object_back": (plain, depths(person, 6.5)),
    "raise_arm": (photograph(person | arm), depths(person | arm)),
    "baggy_coat": (photograph(person | coat), depths(person | coat)),
    "brighten_uniformly": (plain + 40, depths(person)),
    "double_contrast": (2 * plain, depths(person)),
}
everywhere = torch.ones(48, 64, dtype=torch.bool)
try:
    lines = {edit: canny(grey, 60.0, 150.0, 0.0) for edit, (grey, _) in edited.items()}
    nearness = {edit: depth_to_map(metres, everywhere)[0] for edit, (_, metres) in edited.items()}
    before = canny(plain, 60.0, 150.0, 0.0), depth_to_map(depths(person), everywhere)[0]
    said = {edit: (map_changes("canny", edit), map_changes("depth", edit)) for edit in edited}
except NotImplementedError:
    print("Write canny, depth_to_map and map_changes, then run this cell again: it checks your table by your tools.")
else:
    figure, axes = plt.subplots(2, len(edited), figsize=(13, 4.8))
    for top, bottom, edit in zip(*axes, edited, strict=True):
        moved = not torch.equal(lines[edit], before[0]), not torch.equal(nearness[edit], before[1])
        for panel, shown, tool, changed, claimed in zip(
            (top, bottom), (lines[edit], nearness[edit]), ("canny", "depth"), moved, said[edit], strict=True
        ):
            panel.imshow(shown, cmap="gray")
            verbs = ["changes" if yes else "stays" for yes in (changed, claimed)]
            panel.set_title(f"{tool} {verbs[0]}\nyou say: {verbs[1]}", fontsize=8)
            panel.axis("off")
        bottom.text(0.5, -0.15, edit, transform=bottom.transAxes, ha="center")
    plt.tight_layout()
    plt.show()

# %% [markdown]
# ## Garbage in, garbage out
#
# When a ControlNet "does not work", look at the map first. The usual faults take a few lines to find. Report
# all that apply, in this order:
#
# | fault | when |
# |---|---|
# | `nan` | some value is NaN or infinite; then report this alone |
# | `channels` | the first axis is not 3 |
# | `size` | height or width is not 8 times the latent's: the map lives in pixels |
# | `range` | a value lies outside $[0, 1]$ |
# | `blank` | largest minus smallest value is below 0.001 |
#
# An edge map is white lines on black, so for `kind = "canny"`, unless the map is blank, look also for
#
# | fault | when |
# |---|---|
# | `not_binary` | some value lies strictly between 0.05 and 0.95 |
# | `too_sparse` | less than 0.5 % of all values are above 0.5 |
# | `too_dense` | more than 30 % are |
#
# A depth map is grey and dense by nature: any other kind has no further rules. For a latent of 64 x 96 a map
# of `[3, 512, 768]` has the right size, and among its 1,179,648 values at least 5,899 should be lit.


# %%
def check_control_image(
    img: Float[Tensor, "channels height width"], latent_h: int, latent_w: int, kind: str
) -> list[str]:
    """The faults of a control map, in the order of the tables above; an empty list if it is fine.

    img [C, H, W], should be [3, 8 latent_h, 8 latent_w] with values in [0, 1]; kind: "canny" or any other
    name. Shares are shares of all C H W values.
    Source: the thresholds are this course's; the factor 8 is that of Rombach et al. 2022 (arXiv 2112.10752).
    """
    ### BEGIN SOLUTION
    if not img.isfinite().all():
        return ["nan"]
    channels, height, width = img.shape
    blank = bool(img.max() - img.min() < 1e-3)
    faults = {
        "channels": channels != 3,
        "size": (height, width) != (8 * latent_h, 8 * latent_w),
        "range": bool(((img < 0) | (img > 1)).any()),
        "blank": blank,
    }
    if kind == "canny" and not blank:
        share = (img > 0.5).double().mean().item()
        faults["not_binary"] = bool(((img > 0.05) & (img < 0.95)).any())
        faults["too_sparse"] = share < 0.005
        faults["too_dense"] = share > 0.3
    return [fault for fault, applies in faults.items() if applies]
    ### END SOLUTION


# %% [markdown]
# ## The volume knob
#
# The conditioning scale $s$ multiplies what the ControlNet adds. Strip the picture down to points: without
# control the model would draw $z_n$, one point for each seed, and the control pulls them all towards one
# target $c$ (the map's demand):
#
# $$ x_n(s) = z_n + s\,(c - z_n). $$
#
# At $s = 0$ the map is ignored, at $s = 1$ obeyed to the letter, and past 1 the points fly *through* the
# target to the other side. Two numbers tell the tradeoff, with $|\cdot|^2$ summed over the dimensions:
#
# $$ \text{error} = \sqrt{\operatorname{mean}_n |x_n - c|^2}, \qquad
#    \text{diversity} = \sqrt{\operatorname{mean}_n |x_n - \bar x|^2}, $$
#
# where $\bar x$ is the samples' own mean. Insert $x_n$: $x_n - c = (1 - s)(z_n - c)$, so the error is
# $|1 - s|$ times that at $s = 0$, and so is the diversity. With error 2 at $s = 0$, the sweep reads
#
# | $s$ | 0.3 | 0.5 | 0.7 | 1.0 | 1.5 | 2.0 |
# |---|---|---|---|---|---|---|
# | error | 1.4 | 1.0 | 0.6 | 0 | 1.0 | 2.0 |
#
# In this toy the pull is linear in $s$, so at 2.0 the result is as far off as without any control; what a real
# network does there, you have to measure. So take the *weakest* scale whose error you can
# bear: with `max_error = 0.7` that is 0.7, and all the diversity it leaves is yours.
#
# Two more knobs of a diffusion model trade the same two things. Look at what is left at 0, and at 1:
#
# | knob | 0 | 1 | beyond 1 |
# |---|---|---|---|
# | conditioning scale $s$ | no map | the map as loud as in training | louder than it ever was in training |
# | guidance scale (CFG) | no prompt | the prediction with the prompt | further away from the one without it |
# | img2img `strength` | the reference itself | the reference forgotten | does not exist |
#
# The first two add $s$ times a difference. `strength` turns the other way: more strength is *less* reference.
#
# Which scale do people use? The paper's own tool has one slider from 0 to 2 that stands at 1. In the library
# diffusers the default is 1.0, and the card of its own Canny ControlNet for SDXL says 0.5, "recommended for good
# generalization". "Between 0.7 and 1.0" is a rule of thumb of users, not a result of the paper.


# %%
def knob_sweep(
    z: Float[Tensor, "samples dim"], target: Float[Tensor, "dim"], scales: list[float], max_error: float
) -> dict[str, Tensor | float]:
    """Error and diversity at each conditioning scale, and the weakest scale that obeys.

    z [N, D]: samples without control; target [D]; scales in any order; max_error: the largest error that
    counts as obeying. Returns error [S] and diversity [S] in the order of scales, and weakest, the smallest
    scale (a Python float) whose error is at most max_error.
    Raises ValueError if no scale obeys.
    Source: a model of the conditioning scale of ControlNet (Zhang et al. 2023, arXiv 2302.05543).
    """
    ### BEGIN SOLUTION
    s = torch.tensor(scales, dtype=z.dtype)[:, None, None]  # [S, 1, 1]
    x = z + s * (target - z)  # [S, N, D]
    error = ((x - target) ** 2).sum(dim=2).mean(dim=1).sqrt()  # [S]
    own_mean = x.mean(dim=1, keepdim=True)  # [S, 1, D]
    diversity = ((x - own_mean) ** 2).sum(dim=2).mean(dim=1).sqrt()  # [S]
    obeying = [scale for scale, e in zip(scales, error.tolist(), strict=True) if e <= max_error]
    if not obeying:
        raise ValueError(f"no scale has an error of at most {max_error}")
    return {"error": error, "diversity": diversity, "weakest": float(min(obeying))}
    ### END SOLUTION


# %% tags=["notebook-only"]
torch.manual_seed(0)
knobs = [0.3, 0.5, 0.7, 1.0, 1.5, 2.0]
try:
    sweep = knob_sweep(torch.randn(200, 2), torch.tensor([2.0, 1.0]), knobs, max_error=1.0)
except NotImplementedError:
    print("Write knob_sweep, then run this cell again: it draws the tradeoff.")
else:
    plt.figure(figsize=(5, 3))
    plt.plot(knobs, sweep["error"], "o-", label="error")
    plt.plot(knobs, sweep["diversity"], "s-", label="diversity")
    plt.axvline(sweep["weakest"], color="grey", linestyle=":", label="weakest that obeys")
    plt.xlabel("conditioning scale")
    plt.legend()
    plt.show()

# %% [markdown]
# ## Several controls at once
#
# Each ControlNet hands over one residual for each skip connection, and the last for the middle block. Several
# of them are simply *added*, each with a knob of its own:
#
# $$ r_i = \sum_n s_n\, r_i^{(n)}. $$
#
# The scales need not sum to 1, for this is no average: two ControlNets at scale 1 give 1 + 1. A ControlNet at
# scale 0 might as well not be there. With residuals 2 and 10, scales 1 and 0.5, the sum is 7.


# %%
def combine_controls(
    outputs: list[list[Float[Tensor, "..."]]], scales: list[float]
) -> list[Float[Tensor, "..."]]:
    """The residuals of several ControlNets as one list.

    outputs[n][i]: residual i of ControlNet n; the residuals of one i are shaped alike. scales[n]: the scale of
    ControlNet n. Returns a list of new tensors, one for each residual, the middle one last.
    Raises ValueError if there is no ControlNet, if outputs and scales are not equally many, or if the
    ControlNets have different numbers of residuals.
    Source: diffusers, MultiControlNetModel; Zhang et al. 2023 (arXiv 2302.05543), on composing controls.
    """
    ### BEGIN SOLUTION
    if not outputs:
        raise ValueError("there is no ControlNet")
    if len(outputs) != len(scales):
        raise ValueError(f"{len(outputs)} ControlNets need as many scales, not {len(scales)}")
    if len({len(residuals) for residuals in outputs}) > 1:
        raise ValueError("the ControlNets have different numbers of residuals")
    return [
        torch.stack([scale * residual for scale, residual in zip(scales, same_place, strict=True)]).sum(dim=0)
        for same_place in zip(*outputs, strict=True)
    ]
    ### END SOLUTION


# %% tags=["notebook-only"]
# The same sum in the library diffusers: two tiny ControlNets with random weights, and your combine_controls.
try:
    from diffusers import ControlNetModel
    from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
except ImportError:
    print("Install diffusers to compare with it: pip install diffusers")
else:
    torch.manual_seed(0)
    sizes = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4, "cross_attention_dim": 12}
    blocks = {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "attention_head_dim": 4}
    hint_widths = {"conditioning_embedding_out_channels": (4, 8, 8, 8)}
    peers = [ControlNetModel(**sizes, **blocks, **hint_widths).eval() for _ in range(2)]
    for peer in peers:
        for parameter in peer.parameters():  # a fresh ControlNet is silent
            torch.nn.init.normal_(parameter, std=0.1)
    latent, prompt, maps = torch.randn(1, 4, 8, 8), torch.randn(1, 3, 12), list(torch.rand(2, 1, 3, 64, 64))
    with torch.no_grad():
        alone = [peer(latent, 500, prompt, hint, 1.0, return_dict=False) for peer, hint in zip(peers, maps, strict=True)]
        skips, middle = MultiControlNetModel(peers)(latent, 500, prompt, maps, [0.7, 1.3], return_dict=False)
        try:
            ours = combine_controls([[*down, mid] for down, mid in alone], [0.7, 1.3])
        except NotImplementedError:
            print("Write combine_controls, then run this cell again: it compares with MultiControlNetModel.")
        else:
            gap = max((a - b).abs().max().item() for a, b in zip(ours, [*skips, middle], strict=True))
            print(f"{len(ours)} residuals, the largest difference to diffusers is {gap:.1e}")

# %% [markdown]
# ## Do two controls get along?
#
# Adding works well when the controls speak about different places, or agree where they meet. To find out, look
# at one residual of each. A place $(y, x)$ is *active* where the L2 norm of its $C$ values exceeds `tau`. Then
#
# $$ \text{overlap} = \frac{|A \cap B|}{|A \cup B|}, \qquad
#    \text{cosine} = \operatorname{mean}_{A \cap B} \frac{a \cdot b}{|a|\,|b|}, $$
#
# where $A$ and $B$ are the active places, and $a$, $b$ the two $C$-vectors at a place. Both are 0 where there
# is nothing to count. The verdict:
#
# | verdict | when |
# |---|---|
# | `disjoint` | overlap < 0.1: they hardly meet |
# | `conflicting` | else, cosine < 0: where they meet they push in opposite directions |
# | `reinforcing` | else |
#
# Worked: $A$ has 6 places, $B$ has 4, they share 2. Then the union has 8, and the overlap is 0.25. With $(3, 4)$
# and $(4, 3)$ at one shared place and $(1, 0)$ and $(-1, 0)$ at the other, the cosines are 0.96 and $-1$, their
# mean is $-0.02$: conflicting, if only just. The cosine does not care how loud the two speak.


# %%
def classify_pair(
    res_a: Float[Tensor, "channels height width"], res_b: Float[Tensor, "channels height width"], tau: float
) -> dict[str, float | str]:
    """Whether two ControlNets' residuals for the same place in the U-Net get along.

    res_a, res_b [C, H, W]; tau >= 0: a place is active where its norm over the channels is above tau. Returns
    overlap and cosine, Python floats, and verdict: "disjoint", "conflicting" or "reinforcing".
    Source: a diagnostic of this course, with the Jaccard index and the cosine similarity.
    """
    ### BEGIN SOLUTION
    norm_a, norm_b = res_a.norm(dim=0), res_b.norm(dim=0)  # [H, W] each
    active_a, active_b = norm_a > tau, norm_b > tau
    both, either = active_a & active_b, active_a | active_b
    overlap = both.sum().item() / either.sum().item() if either.any() else 0.0
    products = (res_a * res_b).sum(dim=0)  # [H, W]
    cosine = (products[both] / (norm_a[both] * norm_b[both])).mean().item() if both.any() else 0.0
    if overlap < 0.1:
        verdict = "disjoint"
    elif cosine < 0:
        verdict = "conflicting"
    else:
        verdict = "reinforcing"
    return {"overlap": overlap, "cosine": cosine, "verdict": verdict}
    ### END SOLUTION


# %% [markdown]
# ## A trained control, and another beside it
#
# Enough of points and arrows: draw. `digits.teacher()` is a small U-Net that draws handwritten digits of 8 x 8 pixels.
# It predicts the velocity of the straight path from a digit (time 0) to noise (time 1), so a picture is drawn by walking
# back from noise in $n$ equal steps:
#
# $$ x \leftarrow x - \tfrac1n\, v(x, t), \qquad t = 1,\ 1 - \tfrac1n,\ \dots,\ \tfrac1n. $$
#
# Its prompt is a label, 0 to 9, and 10 is no prompt. `digit_controls` has two controls that were trained for it:
# `edge_control()` reads edge maps (where brightness changes), `ink_control()` reads ink maps (how much ink is in each
# block of 2 x 2 pixels, a cousin of a depth map). Both are called as `control(x, t, hint)` and answer with five
# residuals, which the U-Net takes as `unet(x, t, label, residuals)`. They are light controls, without a copy of the
# encoder, so that their file stays small; to you they look like ControlNets.
#
# In each step ask every control at the same $x$ and $t$, add up what they say, each as loud as its scale, and let the
# U-Net hear the sum.


# %%
def draw_controlled(
    unet: DigitUNet,
    controls: list[Callable[[Tensor, Tensor, Tensor], list[Tensor]]],
    hints: list[Float[Tensor, "batch 1 8 8"]],
    scales: list[float],
    start: Float[Tensor, "batch 1 8 8"],
    labels: Int64[Tensor, "batch"],
    steps: int,
) -> Float[Tensor, "batch 1 8 8"]:
    """Digits that are drawn from noise with any number of controls, each with a map and a scale of its own.

    controls[n](x, t, hints[n]) gives control n's residuals, for t [B]; scales[n]: its scale; start: noise, which
    stays as it is; labels [B]: prompts; steps: number of equal steps from time 1 to 0. Returns [B, 1, 8, 8]. Without
    any control the U-Net draws alone. No gradient is needed.
    Source: Zhang et al. 2023 (arXiv 2302.05543), section 3.4, on composing controls; the path is lesson 7.2.2's.
    """
    ### BEGIN SOLUTION
    x = start
    with torch.no_grad():
        for k in range(steps):
            t = torch.full((len(x),), 1 - k / steps)  # [B]
            said = [control(x, t, hint) for control, hint in zip(controls, hints, strict=True)]
            residuals = combine_controls(said, scales) if said else None
            x = x - unet(x, t, labels, residuals) / steps
    return x
    ### END SOLUTION


# %% tags=["notebook-only"]
held_out, held_out_labels = load_digits("held_out")
first, second = held_out[5::50], held_out[5::50].roll(1, dims=0)  # ten digits, and another digit for each
begin, no_prompt = torch.randn(10, 1, 8, 8), torch.full((10,), 10)
two = [edge_control(), ink_control()]
try:
    stacked = {
        "the scene": first,
        "edges of the scene": draw_controlled(teacher(), two[:1], [edge_map(first)], [1.0], begin, no_prompt, 10),
        "edges and ink of the scene": draw_controlled(
            teacher(), two, [edge_map(first), ink_map(first)], [1.0, 1.0], begin, no_prompt, 10
        ),
        "edges of the scene, ink of another": draw_controlled(
            teacher(), two, [edge_map(first), ink_map(second)], [1.0, 1.0], begin, no_prompt, 10
        ),
        "the other scene": second,
    }
except NotImplementedError:
    print("Write draw_controlled, then run this cell again: it stacks two controls on one scene and on two.")
else:
    figure, axes = plt.subplots(len(stacked), 1, figsize=(7, 6))
    for panel, (name, drawn) in zip(axes, stacked.items(), strict=True):
        panel.imshow(torch.cat(list(drawn[:, 0]), dim=1), cmap="gray_r")
        panel.set_title(f"{name}: obedience to the scene's edges {obedience(drawn, edge_map(first)):.2f}", fontsize=9)
        panel.axis("off")
    plt.tight_layout()
    plt.show()

# %% [markdown]
# ## Six scales, measured
#
# Now turn the knob of the trained edge control on digits that neither it nor the teacher has seen. For each scale, draw
# from the *same* noise and ask two judges: `obedience(images, edges)` compares the edges of what was drawn with the
# asked ones (intersection over union), and `judge().legible(images, labels)` is the share that a classifier reads as
# the prompt. Once the prompt agrees with the map, once it asks for another digit. Our measurement (167 digits, ten
# steps):
#
# | scale | 0.3 | 0.5 | 0.7 | 1.0 | 1.5 | 2.0 |
# |---|---|---|---|---|---|---|
# | prompt agrees: obedience | 0.68 | 0.75 | 0.79 | 0.83 | 0.86 | 0.87 |
# | prompt agrees: read as the prompt | 0.99 | 0.99 | 0.99 | 0.99 | 0.95 | 0.95 |
# | prompt contradicts: obedience | 0.50 | 0.60 | 0.69 | 0.78 | 0.83 | 0.85 |
# | prompt contradicts: read as the prompt | 0.91 | 0.59 | 0.30 | 0.16 | 0.07 | 0.04 |
#
# This knob does not fly through its target as the points did: louder is more obedient, up to 2.0, and the prompt pays.
# Where map and prompt agree, the range from 0.7 to 1.0 of the rule of thumb is a good one: below it obedience is given
# away, above it the digits become harder to read. Where they contradict each other there is no such range, and you have
# to say which of the two you want. (A map that is loud only in the first or the last steps, which pipelines offer as
# well, gives no better bargain with this model; we tried.)


# %%
def sweep_digits(
    unet: DigitUNet,
    control: Callable[[Tensor, Tensor, Tensor], list[Tensor]],
    start: Float[Tensor, "batch 1 8 8"],
    labels: Int64[Tensor, "batch"],
    edges: Float[Tensor, "batch 1 8 8"],
    scales: list[float],
    wanted: float,
    steps: int,
) -> dict[str, list[float] | float]:
    """What a trained control's scale trades, on drawings that all begin with the same noise.

    start: noise; labels: prompts; edges: the maps; scales in any order; wanted: an obedience; steps as in
    draw_controlled. Returns obedient (one number for each scale), read (the share of the drawings that `judge()` reads
    as their labels, for each scale), and chosen, the scale at which most of them are read among those whose obedience
    is at least `wanted`; of several such scales, the smallest.
    Raises ValueError if no scale is obedient enough.
    Source: Zhang et al. 2023 (arXiv 2302.05543) for the control; the criterion is this course's.
    """
    ### BEGIN SOLUTION
    drawings = [draw_controlled(unet, [control], [edges], [scale], start, labels, steps) for scale in scales]
    obedient = [obedience(drawing, edges) for drawing in drawings]
    read = [judge().legible(drawing, labels) for drawing in drawings]
    choices = [(-r, scale) for scale, o, r in zip(scales, obedient, read, strict=True) if o >= wanted]
    if not choices:
        raise ValueError(f"no scale has an obedience of {wanted}")
    return {"obedient": obedient, "read": read, "chosen": min(choices)[1]}
    ### END SOLUTION


# %% tags=["notebook-only"]
digits_seen, digits_read = held_out[::5], held_out_labels[::5]
noise = torch.randn(len(digits_seen), 1, 8, 8)
try:
    trades = {
        said: sweep_digits(teacher(), edge_control(), noise, prompt, edge_map(digits_seen), knobs, 0.5, 10)
        for said, prompt in {"agrees": digits_read, "contradicts": (digits_read + 1) % 10}.items()
    }
except NotImplementedError:
    print("Write draw_controlled and sweep_digits, then run this cell again: it draws what the knob trades.")
else:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
    for panel, (said, trade) in zip(axes, trades.items(), strict=True):
        panel.plot(knobs, trade["obedient"], "o-", label="obedience to the map")
        panel.plot(knobs, trade["read"], "s-", label="read as the prompt")
        panel.axvspan(0.7, 1.0, color="lightgrey", zorder=0)
        panel.set_title(f"the prompt {said}")
        panel.set_xlabel("conditioning scale")
    axes[0].legend()
    plt.tight_layout()
    plt.show()
