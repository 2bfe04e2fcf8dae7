# Your file for the lesson ControlNet in Practice. Write your answers in place of `raise NotImplementedError`.


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
