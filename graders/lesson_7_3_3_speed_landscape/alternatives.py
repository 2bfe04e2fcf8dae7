"""Other right answers to lesson 7.3.3."""

import itertools
import math

import torch

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- speed_level


@alternative("speed_level")
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


@alternative("speed_level")
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


# ---------------------------------------------------------------- known_method_level


@alternative("known_method_level")
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


@alternative("known_method_level")
def by_key_error(name):
    table = dict.fromkeys("ddim dpm_solver_pp euler_karras unipc".split(), "1")
    table |= dict.fromkeys("flow_matching rectified_flow sd3_base".split(), "2")
    table |= dict.fromkeys("consistency_distillation consistency_training lcm lcm_lora".split(), "3a")
    table |= dict.fromkeys("add sdxl_turbo".split(), "3b")
    try:
        return table[name]
    except KeyError:
        raise ValueError(f"unknown method {name}") from None


# ---------------------------------------------------------------- composability_matrix


@alternative("composability_matrix")
def by_tensor(levels):
    digit = torch.tensor([int(level[0]) for level in levels])
    return (digit[:, None] != digit[None, :]).int().tolist()


@alternative("composability_matrix")
def symmetric_fill(levels):
    n = len(levels)
    table = [[0] * n for _ in range(n)]
    for i, j in itertools.combinations(range(n), 2):
        if levels[i].rstrip("ab") != levels[j].rstrip("ab"):
            table[i][j] = table[j][i] = 1
    return table


@alternative("composability_matrix")
def in_bools(levels):
    return [[a[0] != b[0] for b in levels] for a in levels]


# ---------------------------------------------------------------- stack_conflicts


@alternative("stack_conflicts")
def by_combinations_of_sorted_names(stack, levels):
    return [(a, b) for a, b in itertools.combinations(sorted(stack), 2) if levels[a][:1] == levels[b][:1]]


@alternative("stack_conflicts")
def by_the_matrix(stack, levels):
    names = sorted(stack)
    table = composability_matrix([levels[name] for name in names])
    return [(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if i < j and not table[i][j]]


# ---------------------------------------------------------------- quality_cost_regions


@alternative("quality_cost_regions")
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


@alternative("quality_cost_regions")
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


# ---------------------------------------------------------------- end_to_end_latency


@alternative("end_to_end_latency")
def all_floats(steps, ms_per_eval, fixed_ms, cfg):
    evals = float(steps + steps * cfg)
    return {
        "evals": evals,
        "ms": evals * ms_per_eval + fixed_ms,
        "speedup_limit": 1.0 + evals * ms_per_eval / fixed_ms,
    }


@alternative("end_to_end_latency")
def step_by_step(steps, ms_per_eval, fixed_ms, cfg):
    evals, ms = 0, fixed_ms
    for _ in range(steps):
        for _ in ("with", "without") if cfg else ("with",):
            evals += 1
            ms += ms_per_eval
    return {"ms": ms, "evals": evals, "speedup_limit": ms / fixed_ms}


# ---------------------------------------------------------------- pareto_menu


@alternative("pareto_menu")
def by_tensor_comparison(options):
    values = torch.tensor([[float(o[d]) for d in DIMS] for o in options], dtype=torch.float64)
    p, q = values[:, None], values[None, :]
    dominated = ((p >= q).all(-1) & (p > q).any(-1)).any(0)
    return sorted(o["name"] for o, out in zip(options, dominated.tolist(), strict=True) if not out)


@alternative("pareto_menu")
def by_striking_off(options):
    keep = {o["name"]: tuple(o[d] for d in DIMS) for o in options}
    everything = list(keep.values())
    for name, mine in list(keep.items()):
        for other in everything:
            if other != mine and all(a >= b for a, b in zip(other, mine, strict=True)):
                keep.pop(name, None)
    return sorted(keep)


# ---------------------------------------------------------------- choose_acceleration


@alternative("choose_acceleration")
def by_alphabetical_scan(options, minimums, weights):
    chosen, record = None, -math.inf
    for option in sorted(options, key=lambda o: o["name"]):
        if any(option[d] < limit for d, limit in minimums.items()):
            continue
        total = math.fsum(weights[d] * option[d] for d in weights)
        if total > record + 1e-9:
            chosen, record = option["name"], total
    return chosen


@alternative("choose_acceleration")
def by_a_table_of_sums(options, minimums, weights):
    totals = {}
    for o in options:
        if not any(d in minimums and o[d] < minimums[d] for d in DIMS):
            totals[o["name"]] = weights["speed"] * o["speed"] + sum(weights[d] * o[d] for d in DIMS[1:])
    if totals == {}:
        return None
    top = max(totals.values())
    return sorted(name for name, total in totals.items() if math.isclose(total, top, rel_tol=0, abs_tol=1e-9))[0]


# ---------------------------------------------------------------- speed_race


@alternative("speed_race")
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


@alternative("speed_race")
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
