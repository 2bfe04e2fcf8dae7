"""Known right and wrong answers to lesson 7.3.3."""

import itertools
import math

import torch

from blindgrade.known_answers import exercise, right, wrong

exercise("speed_level")
wrong("by_step_count", 'if not card["changes_weights"]:', 'if card["claimed_steps"] > 10:',
      hint="Step count is a symptom. Ask what was changed: the solver, the path, or the question the network answers.")
wrong("adversarial_is_3a", 'return "3b"', 'return "3a"',
      hint="A discriminator makes a one-jump model 3b, whatever other loss (distillation, self-consistency) is mixed in.")
wrong("consistency_first", 'if "discriminator" in card["extra_networks"]:', 'if "discriminator" in card["extra_networks"] and card["loss"] != "self_consistency":',
      hint="Mixed losses: the discriminator decides 3b.")


@wrong(hint="The velocity question comes before the discriminator: stop at the first that fits.")
def discriminator_before_velocity(card):
    if not card["changes_weights"]:
        return "1"
    if "discriminator" in card["extra_networks"]:
        return "3b"
    if card["loss"] == "velocity":
        return "2"
    if card["loss"] == "self_consistency":
        return "3a"
    raise ValueError("no level")


@wrong(hint="Ask about the weights first: without training there is no new path, no new question.")
def loss_before_weights(card):
    if card["loss"] == "velocity":
        return "2"
    if "discriminator" in card["extra_networks"]:
        return "3b"
    if card["loss"] == "self_consistency":
        return "3a"
    if not card["changes_weights"]:
        return "1"
    raise ValueError("no level")


@wrong(hint="A trained model with none of the marks has no place on this map: raise ValueError.")
def leftovers_are_3a(card):
    if not card["changes_weights"]:
        return "1"
    if card["loss"] == "velocity":
        return "2"
    return "3b" if "discriminator" in card["extra_networks"] else "3a"


@right
def by_match(card):
    critic = "discriminator" in card["extra_networks"]
    match (card["changes_weights"], card["loss"], critic):
        case (False, _, _):
            return "1"
        case (True, "velocity", _):
            return "2"
        case (True, _, True):
            return "3b"
        case (True, "self_consistency", False):
            return "3a"
        case _:
            raise ValueError(card)


@right
def by_a_list_of_rules(card):
    rules = [
        ("1", lambda c: c["changes_weights"] is False),
        ("2", lambda c: c["loss"] == "velocity"),
        ("3b", lambda c: c["extra_networks"].count("discriminator") > 0),
        ("3a", lambda c: c["loss"] == "self_consistency"),
    ]
    for level, fits in rules:
        if fits(card):
            return level
    raise ValueError("none of the rules fits")


exercise("known_method_level")
wrong("lcm_lora_is_level1", "return LEVELS[name]", 'return "1" if name == "lcm_lora" else LEVELS[name]',
      hint="LCM-LoRA is plugged in like a tool but it changes what the network predicts.")
wrong("flow_is_level1", "return LEVELS[name]", 'return "1" if LEVELS[name] == "2" else LEVELS[name]',
      hint="Flow matching changes the trajectory itself, not the solver.")
wrong("no_split", "return LEVELS[name]", "return LEVELS[name][0]",
      hint="Level 3 has two branches: 3a consistency, 3b adversarial.")


@wrong(hint="A name that is not on the list is an error, not a guess.")
def strangers_are_level1(name):
    return LEVELS.get(name, "1")


@right
def by_groups(name):
    groups = {
        "1": {"ddim", "dpm_solver_pp", "euler_karras", "unipc"},
        "2": {"flow_matching", "rectified_flow", "sd3_base"},
        "3a": {"consistency_distillation", "consistency_training", "lcm", "lcm_lora"},
        "3b": {"add", "sdxl_turbo"},
    }
    for level, names in groups.items():
        if name in names:
            return level
    raise ValueError(name)


@right
def by_key_error(name):
    table = dict.fromkeys("ddim dpm_solver_pp euler_karras unipc".split(), "1")
    table |= dict.fromkeys("flow_matching rectified_flow sd3_base".split(), "2")
    table |= dict.fromkeys("consistency_distillation consistency_training lcm lcm_lora".split(), "3a")
    table |= dict.fromkeys("add sdxl_turbo".split(), "3b")
    try:
        return table[name]
    except KeyError:
        raise ValueError(f"unknown method {name}") from None


exercise("composability_matrix")
wrong("substring_levels", "levels[i][0] != levels[j][0]", "levels[i] != levels[j]",
      hint="3a and 3b are the same level: two networks cannot both redefine the jump.")
wrong("inverted", "levels[i][0] != levels[j][0]", "levels[i][0] == levels[j][0]",
      hint="Your ones stand where the levels are equal: methods compose across levels, not within one.")
wrong("inverted_off_the_diagonal", "levels[i][0] != levels[j][0]", "i != j and levels[i][0] == levels[j][0]",
      hint="Your ones stand where two methods share a level: methods compose across levels, not within one.")
wrong("everything_composes", "levels[i][0] != levels[j][0]", "True",
      hint="The kitchen sink: two answers to the same question conflict.")
wrong("only_itself_excluded", "levels[i][0] != levels[j][0]", "i != j",
      hint="Not only the diagonal is 0: two different methods of one level do not compose either.")
wrong("one_way", "levels[i][0] != levels[j][0]", "levels[i][0] < levels[j][0]",
      hint="If a composes with b, then b composes with a: the table is symmetric.")


@right
def by_tensor(levels):
    digit = torch.tensor([int(level[0]) for level in levels])
    return (digit[:, None] != digit[None, :]).int().tolist()


@right
def symmetric_fill(levels):
    n = len(levels)
    table = [[0] * n for _ in range(n)]
    for i, j in itertools.combinations(range(n), 2):
        if levels[i].rstrip("ab") != levels[j].rstrip("ab"):
            table[i][j] = table[j][i] = 1
    return table


@right
def in_bools(levels):
    return [[a[0] != b[0] for b in levels] for a in levels]


exercise("stack_conflicts")
wrong("exact_level", "levels[stack[i]][0] == levels[stack[j]][0]", "levels[stack[i]] == levels[stack[j]]",
      hint="LCM + Turbo conflict too: both are level 3.")
wrong("adjacent_only", "range(i + 1, len(stack))", "range(i + 1, min(i + 2, len(stack)))",
      hint="Check every pair, not only neighbours.")
wrong("first_only", "return sorted(bad)", "return sorted(bad)[:1]",
      hint="You stopped at the first conflict: the report names all pairs of one level.")
wrong("pairs_as_stacked", "sorted([stack[i], stack[j]])", "[stack[i], stack[j]]",
      hint="Inside each pair the names are in alphabetical order, however the stack was written down.")
wrong("list_not_sorted", "return sorted(bad)", "return bad",
      hint="Sort the list of pairs, too: the report must not depend on how the stack was written down.")


@right
def by_combinations_of_sorted_names(stack, levels):
    return [(a, b) for a, b in itertools.combinations(sorted(stack), 2) if levels[a][:1] == levels[b][:1]]


@right
def by_the_matrix(stack, levels):
    names = sorted(stack)
    table = composability_matrix([levels[name] for name in names])
    return [(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if i < j and not table[i][j]]


exercise("quality_cost_regions")
wrong("per_step", "(fid[b] - fid[a]) / math.log2(speedup)", "(fid[b] - fid[a]) / (steps[a] - steps[b])",
      hint="1000 to 20 drops 980 steps, but what you gain is a factor 50. Measure cost per doubling of speed.")
wrong("total_cost", "(fid[b] - fid[a]) / math.log2(speedup)", "fid[b] - fid[a]",
      hint="Divide by how many doublings of speed it bought.")
wrong("assumes_sorted", "sorted(range(len(steps)), key=lambda i: -steps[i])", "list(range(len(steps)))",
      hint="Neighbours are neighbours in the step count, whatever the order of the lists: sort by falling steps first.")
wrong("natural_logarithm", "math.log2(speedup)", "math.log(speedup)",
      hint="Doublings are counted by the logarithm to base 2.")
wrong("threshold_included", "cost < free_below", "cost <= free_below",
      hint="Free means below the threshold; a price that equals it is not below it.")


@wrong(hint="The thresholds are arguments: use the ones that were passed in.")
def hard_coded_thresholds(steps, fid, free_below=0.5, cheap_below=2.0):
    order = sorted(range(len(steps)), key=lambda i: -steps[i])
    rows = []
    for a, b in zip(order[:-1], order[1:], strict=True):
        cost = (fid[b] - fid[a]) / math.log2(steps[a] / steps[b])
        label = "free" if cost < 0.5 else "cheap" if cost < 2 else "expensive"
        row = {"from": steps[a], "to": steps[b], "speedup": steps[a] / steps[b]}
        rows.append({**row, "cost_per_doubling": cost, "label": label})
    return rows


@right
def by_sorted_pairs(steps, fid, free_below=0.5, cheap_below=2.0):
    points = sorted(zip(steps, fid, strict=True), reverse=True)
    rows = []
    for (n, worse), (m, better) in itertools.pairwise(points):
        cost = (better - worse) * math.log(2) / math.log(n / m)
        if cost >= cheap_below:
            label = "expensive"
        elif cost >= free_below:
            label = "cheap"
        else:
            label = "free"
        rows.append({"from": n, "to": m, "speedup": n / m, "cost_per_doubling": cost, "label": label})
    return rows


@right
def by_differences_of_logs(steps, fid, free_below=0.5, cheap_below=2.0):
    fid_at = dict(zip(steps, fid, strict=True))
    falling = sorted(steps, reverse=True)
    rows = []
    for k in range(len(falling) - 1):
        n, m = falling[k], falling[k + 1]
        cost = (fid_at[m] - fid_at[n]) / (math.log2(n) - math.log2(m))
        label = ["free", "cheap", "expensive"][(cost >= free_below) + (cost >= cheap_below)]
        rows.append({"label": label, "cost_per_doubling": cost, "speedup": n / m, "to": m, "from": n})
    return rows


exercise("end_to_end_latency")
wrong("cfg_free", "steps * (2 if cfg else 1)", "steps",
      hint="Classifier-free guidance evaluates the network twice per step (distilled models drop it).")
wrong("ignores_fixed", "ms = fixed_ms + evals * ms_per_eval", "ms = evals * ms_per_eval",
      hint="Text encoder and VAE do not get faster.")
wrong("limit_inverted", "ms / fixed_ms", "fixed_ms / ms",
      hint="The speed-up limit is old time / time with zero evaluations.")
wrong("fixed_doubled_too", "ms = fixed_ms + evals * ms_per_eval", "ms = (fixed_ms + steps * ms_per_eval) * (2 if cfg else 1)",
      hint="Guidance doubles the evaluations, not the text encoder and the VAE.")
wrong("always_guided", "steps * (2 if cfg else 1)", "steps * 2", hint="Without guidance a step is one evaluation.")


@right
def all_floats(steps, ms_per_eval, fixed_ms, cfg):
    evals = float(steps + steps * cfg)
    return {
        "evals": evals,
        "ms": evals * ms_per_eval + fixed_ms,
        "speedup_limit": 1.0 + evals * ms_per_eval / fixed_ms,
    }


@right
def step_by_step(steps, ms_per_eval, fixed_ms, cfg):
    evals, ms = 0, fixed_ms
    for _ in range(steps):
        for _ in ("with", "without") if cfg else ("with",):
            evals += 1
            ms += ms_per_eval
    return {"ms": ms, "evals": evals, "speedup_limit": ms / fixed_ms}


exercise("pareto_menu")


@wrong(hint="A menu keeps everything that is best for someone, not only the fastest.")
def fastest_only(options):
    return sorted(o["name"] for o in options if o["speed"] == max(p["speed"] for p in options))


wrong("strict_all", "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)", "all(a[d] > b[d] for d in DIMS)",
      hint="To dominate it is enough to be no worse everywhere and better somewhere.")
wrong("ties_vanish", "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)", "a is not b and all(a[d] >= b[d] for d in DIMS)",
      hint="Two equal options do not dominate each other.")
wrong("better_somewhere_is_enough", "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)", "sum(a[d] > b[d] for d in DIMS) > sum(a[d] < b[d] for d in DIMS)",
      hint="Winning in more dimensions is not dominating: one in which the other is better keeps it on the menu.")


@wrong(hint="All four dimensions count, flexibility and composability too.")
def speed_and_quality_only(options):
    def dominates(a, b):
        two = ("speed", "quality")
        return all(a[d] >= b[d] for d in two) and any(a[d] > b[d] for d in two)

    return sorted(o["name"] for o in options if not any(dominates(p, o) for p in options))


@wrong(hint="Sort the names: the answer must not depend on the order of the options.")
def in_the_order_given(options):
    def dominates(a, b):
        return all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)

    return [o["name"] for o in options if not any(dominates(p, o) for p in options)]


@right
def by_tensor_comparison(options):
    values = torch.tensor([[float(o[d]) for d in DIMS] for o in options], dtype=torch.float64)
    p, q = values[:, None], values[None, :]
    dominated = ((p >= q).all(-1) & (p > q).any(-1)).any(0)
    return sorted(o["name"] for o, out in zip(options, dominated.tolist(), strict=True) if not out)


@right
def by_striking_off(options):
    keep = {o["name"]: tuple(o[d] for d in DIMS) for o in options}
    everything = list(keep.values())
    for name, mine in list(keep.items()):
        for other in everything:
            if other != mine and all(a >= b for a, b in zip(other, mine, strict=True)):
                keep.pop(name, None)
    return sorted(keep)


exercise("choose_acceleration")


@wrong(hint="'Which is right for what I need?', not 'which is fastest?'")
def fastest_wins(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]
    return max(ok, key=lambda o: o["speed"])["name"] if ok else None


wrong("ignores_minimums", "ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]", "ok = list(options)",
      hint="Requirements come first: drop what fails a minimum before weighing.")


@wrong(hint="All four dimensions counted alike: multiply each by the scenario's weight for it.")
def forgets_weights(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]
    if not ok:
        return None
    best = max(sum(o[d] for d in DIMS) for o in ok)
    return min(o["name"] for o in ok if abs(sum(o[d] for d in DIMS) - best) < 1e-9)


wrong("minimum_not_enough", "o[d] >= minimums.get(d, 0)", "o[d] > minimums.get(d, -1)",
      hint="Reaching a minimum exactly is enough.")
wrong("first_of_the_tied", 'return min(o["name"] for o in tied)', 'return tied[0]["name"]',
      hint="Among equal sums the alphabet decides, not the order of the options.")
wrong("rounding_breaks_ties", "< 1e-9", "<= 0",
      hint="Sums within 1e-9 of each other are tied: rounding must not choose.")


@wrong(hint="If nothing meets the requirements the answer is None, not the least bad.")
def least_bad(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)] or list(options)
    best = max(sum(weights[d] * o[d] for d in DIMS) for o in ok)
    return min(o["name"] for o in ok if abs(sum(weights[d] * o[d] for d in DIMS) - best) < 1e-9)


@right
def by_alphabetical_scan(options, minimums, weights):
    chosen, record = None, -math.inf
    for option in sorted(options, key=lambda o: o["name"]):
        if any(option[d] < limit for d, limit in minimums.items()):
            continue
        total = math.fsum(weights[d] * option[d] for d in weights)
        if total > record + 1e-9:
            chosen, record = option["name"], total
    return chosen


@right
def by_a_table_of_sums(options, minimums, weights):
    totals = {}
    for o in options:
        if not any(d in minimums and o[d] < minimums[d] for d in DIMS):
            totals[o["name"]] = weights["speed"] * o["speed"] + sum(weights[d] * o[d] for d in DIMS[1:])
    if totals == {}:
        return None
    top = max(totals.values())
    return sorted(name for name, total in totals.items() if math.isclose(total, top, rel_tol=0, abs_tol=1e-9))[0]


exercise("speed_race")
wrong("heun_counts_steps", "y = x + (b - a) * 0.5 * (d + d2)\n                nfe += 1", "y = x + (b - a) * 0.5 * (d + d2)",
      hint="Count network evaluations, not steps: Heun pays two per step.")
wrong("heun_full_budget", "run(budget // 2, True)", "run(budget, True)",
      hint="With the same budget Heun may take only half as many steps.")
wrong("linear_grid", "(start + i / n * (end - start)) ** rho", "t_max + i / n * (t_min - t_max)",
      hint="Use the rho=7 grid: it spends steps where the path curves.")
wrong("fixed_rho", "start, end = t_max ** (1 / rho), t_min ** (1 / rho)", "rho = 7.0; start, end = t_max ** (1 / 7.0), t_min ** (1 / 7.0)",
      hint="rho is an argument: use the one that was passed in.")
wrong("mean_over_coordinates", ".square().sum(dim=-1).mean().sqrt()", ".square().mean().sqrt()",
      hint="The distance of a point sums the squares over its coordinates; only the points are averaged.")
wrong("mean_of_distances", ".square().sum(dim=-1).mean().sqrt()", ".square().sum(dim=-1).sqrt().mean()",
      hint="Root mean square: average the squared distances, then take the root.")
wrong("slope_at_the_wrong_place", "d2 = slope(y, b)", "d2 = slope(x, b)",
      hint="Heun's second look is from the place where Euler would land.")
wrong("euler_judge", "reference, _ = run(n_ref, True)", "reference, _ = run(n_ref, False)",
      hint="The judge walks with Heun, n_ref steps.")


@right
def with_tensor_grid(denoiser, teleport, x_init, t_max, t_min, budgets, rho=7.0, n_ref=256):
    def levels(n):
        return torch.linspace(t_max ** (1 / rho), t_min ** (1 / rho), n + 1, dtype=torch.float64) ** rho

    def slope(x, t):
        return (x - denoiser(x, t.to(x.dtype).expand(len(x)))) / t.to(x.dtype)

    def euler(n):
        x, ts = x_init.clone(), levels(n)
        for i in range(n):
            x = x + (ts[i + 1] - ts[i]).to(x.dtype) * slope(x, ts[i])
        return x

    def heun(n):
        x, ts = x_init.clone(), levels(n)
        for i in range(n):
            step = (ts[i + 1] - ts[i]).to(x.dtype)
            first = slope(x, ts[i])
            x = x + step / 2 * (first + slope(x + step * first, ts[i + 1]))
        return x

    target = heun(n_ref)

    def rms(x):
        return float(torch.linalg.vector_norm(x - target) / len(x) ** 0.5)

    rows = []
    for budget in budgets:
        rows.append({"method": "euler", "nfe": budget, "rms": rms(euler(budget))})
        half = budget // 2
        if half:
            rows.append({"method": "heun", "nfe": 2 * half, "rms": rms(heun(half))})
    jump = teleport(x_init, x_init.new_full((len(x_init),), t_max))
    return [*rows, {"method": "teleport", "nfe": 1, "rms": rms(jump)}]


@right
def along_the_noise_direction(denoiser, teleport, x_init, t_max, t_min, budgets, rho=7.0, n_ref=256):
    """In float64 inside, with each Euler step as a mixture of where we stand and the clean prediction."""
    calls = 0

    def clean(x, t):
        nonlocal calls
        calls += 1
        return denoiser(x.to(x_init.dtype), torch.full((x.shape[0],), t, dtype=x_init.dtype)).double()

    def walk(n, correct):
        x = x_init.double()
        grid = [((1 - i / n) * t_max ** (1 / rho) + i / n * t_min ** (1 / rho)) ** rho for i in range(n + 1)]
        for t, s in itertools.pairwise(grid):
            guess = clean(x, t)
            landed = guess + s / t * (x - guess)
            if correct:
                again = clean(landed, s)
                landed = x + 0.5 * (s - t) * ((x - guess) / t + (landed - again) / s)
            x = landed
        return x

    judge = walk(n_ref, True)
    rows = []

    def record(method, x, nfe):
        gap = (x - judge).pow(2).sum(1).mean().item()
        rows.append({"method": method, "nfe": nfe, "rms": math.sqrt(gap)})

    for budget in budgets:
        for method in ("euler", "heun"):
            if method == "heun" and budget < 2:
                continue
            before = calls
            x = walk(budget, False) if method == "euler" else walk(budget // 2, True)
            record(method, x, calls - before)
    record("teleport", teleport(x_init, torch.full((x_init.shape[0],), t_max, dtype=x_init.dtype)).double(), 1)
    return rows


exercise("road_race")
wrong("asks_the_denoiser_on_the_straight_path", "denoiser(y / left, s / (1 - s))", "denoiser(y, s)",
      hint="The denoiser was made for x and t. Translate place and time of the straight path before you ask it.")
wrong("translates_the_time_alone", "denoiser(y / left, s / (1 - s))", "denoiser(y, s / (1 - s))",
      hint="The time was translated for the denoiser, the place was not: y is smaller than x.")
wrong("velocity_backwards", "(y - clean) / s[:, None]", "(clean - y) / s[:, None]",
      hint="The velocity leads from data to noise, and s falls along the walk. With the sign turned round it walks away from the data.")
wrong("points_at_the_noise", "(y - clean) / s[:, None]", "(y - clean * left) / s[:, None]",
      hint="That is the noise. The velocity is the noise minus the clean data.")
wrong("even_in_t", "start + i / n * (end - start))", "(lambda t: t / (1 + t))(t_max + i / n * (t_min - t_max)))",
      hint="The steps are even in s, not in t.")
wrong("ends_on_the_straight_path", "return y * (1 + t_min)", "return y",
      hint="The ends are places x at t_min. Translate the last y back before you compare.")
wrong("starts_without_translation", "y = x_init / (1 + t_max)", "y = x_init",
      hint="The cloud is given as x at t_max. On the straight path it begins at another place.")
wrong("mean_over_coordinates", ".square().sum(dim=-1).mean().sqrt()", ".square().mean().sqrt()",
      hint="The distance of a point sums the squares over its coordinates; only the points are averaged.")


@right
def by_ddim_steps(denoiser, reflowed, x_init, ends, t_max, t_min, budgets):
    def grid(n):
        return torch.linspace(t_max / (1 + t_max), t_min / (1 + t_min), n + 1, dtype=x_init.dtype)

    def flow(n):
        x, levels = x_init, grid(n) / (1 - grid(n))
        for t, u in zip(levels[:-1], levels[1:], strict=True):
            clean = denoiser(x, t.expand(len(x)))
            x = clean + u / t * (x - clean)
        return x

    def reflow(n):
        y, levels = x_init / (1 + t_max), grid(n)
        for s, u in zip(levels[:-1], levels[1:], strict=True):
            y = y + (u - s) * reflowed(y, s.expand(len(y)))
        return y / (1 - levels[-1])

    rows = []
    for n in budgets:
        for method, walk in (("flow", flow), ("reflow", reflow)):
            miss = torch.linalg.vector_norm(walk(n) - ends).item() / len(ends) ** 0.5
            rows.append({"method": method, "nfe": n, "rms": miss})
    return rows


@right
def with_a_list_of_velocities(denoiser, reflowed, x_init, ends, t_max, t_min, budgets):
    fields = {"flow": lambda y, s: (y - denoiser(y / (1 - s[:, None]), s / (1 - s))) / s[:, None], "reflow": reflowed}
    rows = []
    for budget in budgets:
        for name, field in fields.items():
            s_from, s_to = t_max / (1 + t_max), t_min / (1 + t_min)
            step, y = (s_to - s_from) / budget, (1 - s_from) * x_init
            for i in range(budget):
                y = y + step * field(y, x_init.new_full((len(y),), s_from + i * step))
            apart = (y / (1 - s_to) - ends).pow(2).sum(1)
            rows.append({"rms": math.sqrt(apart.mean().item()), "nfe": budget, "method": name})
    return rows


exercise("measured_landscape")
wrong("same_cost_twice", "curve[row[\"nfe\"]] = min(row[\"rms\"], curve.get(row[\"nfe\"], math.inf))", "curve[row[\"nfe\"]] = row[\"rms\"]",
      hint="Of rows that cost the same the best counts, not the last.")


@wrong(hint="Rows that cost the same are one measurement: between them there is no doubling of speed to divide by.")
def every_row_is_a_measurement(rows, good_enough, free_below=0.05, cheap_below=0.2):
    read = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == method]
        steps, misses = [row["nfe"] for row in mine], [row["rms"] for row in mine]
        read[method] = {
            "needs": min((row["nfe"] for row in mine if row["rms"] <= good_enough), default=None),
            "stretches": quality_cost_regions(steps, misses, free_below, cheap_below),
        }
    return read


wrong("thresholds_of_fid", "list(curve.values()), free_below, cheap_below)", "list(curve.values()))",
      hint="The thresholds are in the unit of rms: hand them on, or FID's defaults decide.")
wrong("must_beat_it", "rms <= good_enough", "rms < good_enough", hint="Reaching good_enough is enough.")
wrong("the_cheapest_counts", "if rms <= good_enough), default=None)", "if rms <= good_enough), default=min(curve))",
      hint="If no budget is good enough the method does not get there: None, not the fewest evaluations.")
wrong("the_most_that_suffice", "min((nfe for nfe, rms in curve.items() if rms <= good_enough), default=None)", "max((nfe for nfe, rms in curve.items() if rms <= good_enough), default=None)",
      hint="What a method needs is the fewest evaluations that suffice.")


@right
def by_sorted_tables(rows, good_enough, free_below=0.05, cheap_below=0.2):
    read = {}
    for method in {row["method"] for row in rows}:
        table = {}
        # The best row of a cost comes last, so it is the one that stays.
        for row in sorted(rows, key=lambda r: -r["rms"]):
            if row["method"] == method:
                table[row["nfe"]] = row["rms"]
        steps = sorted(table)
        enough = [n for n in steps if table[n] <= good_enough]
        stretches = quality_cost_regions(steps, [table[n] for n in steps], free_below, cheap_below)
        read[method] = {"stretches": stretches, "needs": enough[0] if enough else None}
    return read


@right
def row_by_row(rows, good_enough, free_below=0.05, cheap_below=0.2):
    table, read = {}, {}
    for row in rows:
        key = (row["method"], row["nfe"])
        if key not in table or row["rms"] < table[key]:
            table[key] = row["rms"]
    for method, _ in table:
        pairs = [(n, rms) for (name, n), rms in table.items() if name == method]
        needs = None
        for n, rms in pairs:
            if rms <= good_enough and (needs is None or n < needs):
                needs = n
        steps, misses = [n for n, _ in pairs], [rms for _, rms in pairs]
        read[method] = {"needs": needs, "stretches": quality_cost_regions(steps, misses, free_below, cheap_below)}
    return read


exercise("measured_pairs")
wrong("half_is_enough", "both < min(one, other)", "both < max(one, other)",
      hint="Together they must beat the better of the two; else you would use that one alone.")
wrong("no_worse_is_enough", "both < min(one, other)", "both <= min(one, other)",
      hint="Composing means gaining something: two equal jumps merged are no better than one.")
wrong("average_of_the_misses", "miss((ends[0] + ends[1]) / 2)", "(miss(ends[0]) + miss(ends[1])) / 2",
      hint="Judge the merged answer, not the average of two judgements.")
wrong("one_jump_after_the_other", "miss((ends[0] + ends[1]) / 2)", "miss(jumps[1](ends[0], torch.full_like(x_init[:, 0], t_max)))",
      hint="Merged into one network both change the same answer. A second jump would be a second evaluation.")
wrong("heun_full_budget", "even(s_max, s_min, budget // 2), True)", "even(s_max, s_min, budget), True)",
      hint="Equal cost: Heun looks twice in each step, so it affords half as many steps on the straight road, too.")
wrong("karras_on_the_road", "both = walk(velocity, y_init, even(s_max, s_min, budget // 2), True)", "both = walk(velocity, y_init, [t / (1 + t) for t in karras], True)",
      hint="The road's milestones are even in s, whoever walks it.")
wrong("adds_both_in_full", "miss((ends[0] + ends[1]) / 2)", "miss(ends[0] + ends[1])",
      hint="Each update is merged with half its strength: the answer lies halfway between the two.")


@right
def by_ddim_and_by_hand(denoiser, jumps, x_init, t_max, t_min, budget, miss, rho=7.0):
    def clean(x, t):
        return denoiser(x, x.new_full((len(x),), t))

    def in_s(n):
        first, last = t_max / (1 + t_max), t_min / (1 + t_min)
        return [first * (1 - i / n) + last * i / n for i in range(n + 1)]

    half, x = budget // 2, x_init
    low, high = t_min ** (1 / rho), t_max ** (1 / rho)
    levels = [(high + (low - high) * i / half) ** rho for i in range(half + 1)]
    for t, u in itertools.pairwise(levels):
        first = (x - clean(x, t)) / t
        guess = x + (u - t) * first
        x = x + (u - t) / 2 * (first + (guess - clean(guess, u)) / u)
    heun = miss(x)

    x = x_init
    for s, r in itertools.pairwise(in_s(budget)):
        t, u = s / (1 - s), r / (1 - r)
        answer = clean(x, t)
        x = answer + u / t * (x - answer)
    straight = miss(x)

    y = x_init / (1 + t_max)
    for s, r in itertools.pairwise(in_s(half)):
        now = (y - clean(y / (1 - s), s / (1 - s))) / s
        guess = y + (r - s) * now
        later = (guess - clean(guess / (1 - r), r / (1 - r))) / r
        y = y + (r - s) * (now + later) / 2
    both = miss(y * (1 + t_min))

    a, b = (jump(x_init, x_init.new_full((len(x_init),), t_max)) for jump in jumps)
    one, other, merged = miss(a), miss(b), miss(torch.stack([a, b]).mean(dim=0))
    return [
        {"levels": "1+2", "alone": [heun, straight], "together": both, "composes": heun > both and straight > both},
        {"levels": "3a+3b", "alone": [one, other], "together": merged, "composes": one > merged and other > merged},
    ]


@right
def with_one_general_walker(denoiser, jumps, x_init, t_max, t_min, budget, miss, rho=7.0):
    def walk(straight, heun):
        n = budget // 2 if heun else budget
        line = torch.linspace(0, 1, n + 1, dtype=torch.float64)
        if straight:
            a, b = t_max / (1 + t_max), t_min / (1 + t_min)
            levels = a + line * (b - a)
        else:
            levels = (t_max ** (1 / rho) + line * (t_min ** (1 / rho) - t_max ** (1 / rho))) ** rho

        def field(z, level):
            keep = 1 - level if straight else torch.ones_like(level)
            t = (level / keep).to(z.dtype).expand(len(z))
            return (z - denoiser(z / keep, t)) / level

        z = x_init * (1 - levels[0]) if straight else x_init
        for now, then in zip(levels[:-1], levels[1:], strict=True):
            d = field(z, now)
            if heun:
                d = (d + field(z + (then - now) * d, then)) / 2
            z = z + (then - now) * d
        return miss(z / (1 - levels[-1]) if straight else z)

    rows = []
    t = torch.full((len(x_init),), t_max, dtype=x_init.dtype)
    ends = [jump(x_init, t) for jump in jumps]
    for levels, alone, together in (
        ("1+2", [walk(False, True), walk(True, False)], walk(True, True)),
        ("3a+3b", [miss(end) for end in ends], miss(0.5 * ends[0] + 0.5 * ends[1])),
    ):
        rows.append({"levels": levels, "alone": alone, "together": together, "composes": together < min(alone)})
    return rows


exercise("eight_evaluations")


@wrong(hint="This is the pair 1+2 of the last exercise: the second look is spent at the end of a step that is twice as long, and near the data it looks where the road is already over. Spend it elsewhere, or let it cost nothing.")
def heun_on_the_road(denoiser, x_init, t_max, t_min):
    a, b = t_max / (1 + t_max), t_min / (1 + t_min)

    def velocity(y, s):
        return (y - denoiser(y / (1 - s), torch.full_like(y[:, 0], s / (1 - s)))) / s

    y = x_init * (1 - a)
    for s, r in itertools.pairwise([a + i / 4 * (b - a) for i in range(5)]):
        first = velocity(y, s)
        y = y + (r - s) / 2 * (first + velocity(y + (r - s) * first, r))
    return {"samples": y / (1 - b), "predicted_rms": 0.06}


wrong("flow_of_the_road_race", "ahead = now if before is None else 1.5 * now - 0.5 * before", "ahead = now",
      hint="Eight even steps of Euler are what you are compared with. What do the velocities of earlier steps say about the bend?")
wrong("forgets_the_budget", "n = 8", "n = 12",
      hint="Count what each point is asked, not steps alone: the budget is eight.")
wrong("extrapolates_too_far", "1.5 * now - 0.5 * before", "2.0 * now - before",
      hint="That is the velocity at the end of the step. What carries you through it is the velocity in its middle.")


@wrong(hint="The milestones of Karras with eight evaluations leave Heun four steps, and the first are far too long. Look at the race: which coordinates bend less?")
def heun_of_the_speed_race(denoiser, x_init, t_max, t_min):
    u, v, x = t_max ** (1 / 7), t_min ** (1 / 7), x_init
    for t, s in itertools.pairwise([(u + i / 4 * (v - u)) ** 7 for i in range(5)]):
        first = (x - denoiser(x, torch.full_like(x[:, 0], t))) / t
        guess = x + (s - t) * first
        x = x + (s - t) / 2 * (first + (guess - denoiser(guess, torch.full_like(x[:, 0], s))) / s)
    return {"samples": x, "predicted_rms": 0.5}


@wrong(hint="The denoiser answers with the mean of all ends that are possible from here, not with the end of this trajectory.")
def one_jump_to_the_mean(denoiser, x_init, t_max, t_min):
    return {"samples": denoiser(x_init, torch.full_like(x_init[:, 0], t_max)), "predicted_rms": 0.0}


@right
def four_looks_at_the_middle(denoiser, x_init, t_max, t_min):
    """The midpoint rule: the second look is half a step ahead."""
    a, b = t_max / (1 + t_max), t_min / (1 + t_min)

    def velocity(y, s):
        return (y - denoiser(y / (1 - s), x_init.new_full((len(y),), s / (1 - s)))) / s

    y, step = x_init / (1 + t_max), (b - a) / 4
    for i in range(4):
        s = a + i * step
        y = y + step * velocity(y + step / 2 * velocity(y, s), s + step / 2)
    return {"samples": y * (1 + t_min), "predicted_rms": 0.05}


@right
def three_velocities_remembered(denoiser, x_init, t_max, t_min):
    """Adams-Bashforth of order 3, after a step of order 1 and one of order 2."""
    line = torch.linspace(t_max / (1 + t_max), t_min / (1 + t_min), 9, dtype=torch.float64)
    weights = {1: [1.0], 2: [1.5, -0.5], 3: [23 / 12, -16 / 12, 5 / 12]}
    y, seen = x_init * (1 - line[0]), []
    for s, r in zip(line[:-1], line[1:], strict=True):
        clean = denoiser(y / (1 - s), (s / (1 - s)).expand(len(y)))
        seen = [(y - clean) / s, *seen][:3]
        y = y + (r - s) * sum(w * v for w, v in zip(weights[len(seen)], seen, strict=True))
    return {"samples": y / (1 - line[-1]), "predicted_rms": torch.tensor(0.02)}


@right
def own_milestones(denoiser, x_init, t_max, t_min):
    """Closer milestones at both ends of the road, and the bend from the last velocity for steps of unequal length."""
    first, last = t_max / (1 + t_max), t_min / (1 + t_min)
    places = [0.5 * i / 8 + 0.25 * (1 - math.cos(math.pi * i / 8)) for i in range(9)]
    grid = [first + p * (last - first) for p in places]
    y, old, old_step = x_init * (1 - first), None, None
    for s, r in itertools.pairwise(grid):
        v = (y - denoiser(y / (1 - s), torch.full_like(y[:, 0], s / (1 - s)))) / s
        step = r - s
        y = y + step * (v if old is None else v + step / (2 * old_step) * (v - old))
        old, old_step = v, step
    return {"samples": y / (1 - last), "predicted_rms": 0.03}


@right
def leaps_towards_the_clean_end_ahead(denoiser, x_init, t_max, t_min):
    """Steps of DDIM, towards the clean end that is expected half a step ahead."""
    first, last = t_max / (1 + t_max), t_min / (1 + t_min)
    levels = [first + i / 8 * (last - first) for i in range(9)]
    x, before = x_init, None
    for s, r in itertools.pairwise(levels):
        t, u = s / (1 - s), r / (1 - r)
        clean = denoiser(x, torch.full_like(x[:, 0], t))
        ahead = clean if before is None else 1.5 * clean - 0.5 * before
        x, before = ahead + u / t * (x - ahead), clean
    return {"samples": x, "predicted_rms": 0.04}


@right
def two_thirds_ahead(denoiser, x_init, t_max, t_min):
    """Ralston's rule: a quarter of the first look, three quarters of a look two thirds ahead."""
    grid = torch.linspace(t_max / (1 + t_max), t_min / (1 + t_min), 5, dtype=x_init.dtype)
    y = x_init * (1 - grid[0])
    for s, r in zip(grid[:-1], grid[1:], strict=True):
        looks = []
        for share in (0.0, 2 / 3):
            at, place = s + share * (r - s), y + share * (r - s) * looks[0] if looks else y
            looks.append((place - denoiser(place / (1 - at), (at / (1 - at)).expand(len(y)))) / at)
        y = y + (r - s) * (looks[0] / 4 + 3 * looks[1] / 4)
    return {"samples": y / (1 - grid[-1]), "predicted_rms": 0.05}
