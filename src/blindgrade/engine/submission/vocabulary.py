"""What the grader knows about functions of libraries and methods, by their names. It decides on the safe side.

A name that is in no table counts as one that changes what it is given.
"""

from __future__ import annotations

import builtins
import re
import sys

# Only for the reader of a notebook. An import of one of these is left out if no code that stays uses it.
DISPLAY = frozenset({
    "matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "altair", "IPython", "ipywidgets", "tqdm", "rich",
})  # fmt: skip
# Functions of these change none of their arguments and nothing outside, unless a rule below says so.
PURE_LIBRARIES = DISPLAY | {
    "torch", "torchvision", "numpy", "scipy", "math", "cmath", "itertools", "functools", "operator", "copy", "random",
    "statistics", "time", "datetime", "collections", "dataclasses", "typing", "types", "jaxtyping", "einops", "enum",
    "json", "re", "string", "pprint", "textwrap", "abc", "contextlib", "fractions", "decimal", "secrets", "hashlib",
    "warnings", "logging", "glob", "PIL", "pandas", "__future__", "numbers", "bisect", "heapq", "calendar", "timeit",
}  # fmt: skip
# All other modules of Python may act outside of the file: os, sys, ctypes, builtins. Code that names one stays.
ACTING = frozenset(sys.stdlib_module_names) - PURE_LIBRARIES
# Attributes of every object that lead nowhere else. Any other one with four underscores may.
PLAIN_ATTRIBUTES = frozenset({"__init__", "__name__", "__class__", "__doc__", "__version__", "__file__", "__call__"})
# Functions of a library, or builtins, that change an argument in place although their name has no "_" at its end.
CHANGERS = frozenset({
    "shuffle", "heappush", "heappop", "heapify", "setattr", "delattr", "next", "copyto", "put", "place", "putmask",
    "fill_diagonal", "step", "backward", "update_wrapper", "insort", "exec", "eval", "setitem", "delitem",
    "register_parametrization", "weight_norm", "spectral_norm", "vector_to_parameters", "manual_seed_all",
})  # fmt: skip
# Nobody can see from the text what these change.
UNKNOWN = frozenset({"exec", "eval", "globals", "vars", "locals", "__import__", "get_ipython"})
# A call whose result nobody takes does something: `sys.path.insert(…)`. The functions with these names only show,
# store, wait or draw random numbers.
HARMLESS = re.compile(
    r"(show|plot|draw|print|pprint|display|save|dump|log|info|debug|warn|write|imshow|hist|scatter|figure|sleep"
    r"|collect|empty_cache|synchronize|summary|animate|clear_output|manual_seed|seed|makedirs|mkdir|urlretrieve"
    r"|download|rmtree|remove|clip_grad|run|check_call|check_output|Popen|system|get|time|perf_counter|Image|HTML"
    r"|Markdown|Math|assert_|testmod|allclose|equal|isclose)"
)
RANDOM = re.compile(
    r"rand|normal|seed|shuffle|sample|choice|permut|multinomial|bernoulli|uniform|[Dd]ropout|kaiming|xavier|orthogonal"
    r"|exponential_|Linear|Conv|Embedding|LSTM|GRU|RNN|Transformer|Attention|DataLoader|random_split|Generator"
)
WRITES_FILES = re.compile(r"^(save\w*|dump|write\w*|to_csv|open|mkdir|makedirs|urlretrieve|touch|copy\w*|extractall)$")
READS_FILES = re.compile(r"^(load|open|read\w*|loadtxt|genfromtxt|exists|is_file|listdir|glob|fromfile|imread)$")

# Methods that change neither the object nor an argument. Those in the second table may return a part of the object.
PURE_METHODS = frozenset(
    """
    abs acos all any amax amin argmax argmin argsort atan bool ceil clamp clip clone conj cos cosh count cumprod cumsum
    deg2rad device diff dim div dot double_ elements encode endswith eq erf exp expm1 float floor fmod format ge gt half
    index int is_contiguous is_cuda is_floating_point isalpha isdigit isfinite isinf isnan item join le lerp log log10
    log1p logsumexp long lower lt masked_fill matmul max maximum mean median min minimum mm mul ndim ne new_full
    new_ones new_tensor new_zeros nonzero norm nelement numel partition pow prod quantile reciprocal replace round
    rsplit rstrip
    sigmoid sign sin sinh size softmax sort split splitlines sqrt square startswith std strip sub sum tan tanh
    title tolist topk type_as unique upper var where zfill add issubset issuperset union intersection difference
    isdisjoint bit_length hex most_common log_softmax relu outer trace det inverse cholesky repeat repeat_interleave
""".split()
) - {"add", "sort", "double_"}  # `add` and `sort` change a set and a list
VIEWS = frozenset(
    """
    view reshape flatten unflatten squeeze unsqueeze transpose permute t T mT detach numpy cpu to type expand expand_as
    broadcast_to chunk narrow select unbind unfold movedim swapaxes diagonal ravel contiguous items keys values get copy
    parameters named_parameters children modules named_modules buffers named_buffers state_dict movedim data grad real
    imag astype asdict lookup
""".split()
)
MUTATORS = frozenset(
    """
    append extend insert remove pop popitem clear sort reverse update setdefault add discard appendleft popleft fill put
    resize train eval load_state_dict register register_buffer register_parameter register_forward_hook step zero_grad
    backward apply fit
""".split()
)

BUILTINS = frozenset(vars(builtins))
PURE_BUILTINS = frozenset(name for name in BUILTINS if not name.startswith("_")) - CHANGERS - UNKNOWN | {"display"}
VIEW_BUILTINS = frozenset({"iter", "zip", "enumerate", "map", "filter", "reversed", "list", "tuple", "dict", "set"})
