# Every target sets up what it needs. `make help` lists them.
PYTHON ?= python3
# Versions to install; constraints-lowest.txt has the oldest supported ones, /dev/null takes the newest.
CONSTRAINTS ?= constraints.txt
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS)
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help demo test check lint types drift coverage hooks dist setup verify bench bench-cohort bench-gradebook peers browser attack fuzz clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.student: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.student

demo: $(VENV)/.student  ## grade lesson 7.2 of a half-finished sample submission
	@$(BIN)/grade lesson-7.2 --submission tests/submissions/half_done || test $$? -eq 1

test: $(VENV)/.dev  ## everything that CI runs
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -q -n 2 --dist loadscope -m "not peers and not browser"
	$(BIN)/course verify --seeds 5 --mutants

check: lint types drift  ## format, lint, types, layers, drift

lint: $(VENV)/.dev  ## format and lint: about a second
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check .

types: $(VENV)/.dev  ## types and layers
	$(BIN)/mypy
	$(BIN)/lint-imports

drift: $(VENV)/.dev  ## generated files against their sources
	$(BIN)/course build --check
	$(BIN)/python -m blindgrade.upkeep.schemas --check docs/schemas

UNSEEN := Coverage cannot see forked and jailed workers, the warm process, or commands that a test starts. \
  A line that runs only there counts as missed.
coverage: $(VENV)/.dev  ## lines that the tests run: a table, and build/coverage/html; TESTS=tests/render for a part
	$(PIP) -e '.[coverage]'
	@status=0; $(BIN)/pytest -q -n 2 --dist loadscope -m "not peers and not browser" $(TESTS) --cov --cov-report=term:skip-covered \
	  --cov-report=html || status=$$?; echo "$(UNSEEN)"; exit $$status

hooks: $(VENV)/.dev  ## check each commit (lint, types) and each push (check) with pre-commit
	$(PIP) -e '.[hooks]'
	$(BIN)/pre-commit install --hook-type pre-commit --hook-type pre-push

dist: $(VENV)/.dev  ## wheel and source archive in build/dist, checked: docs/releasing.md
	$(PIP) -e '.[publish]'
	rm -rf build/dist
	# With the commit's time in place of the files' own, two builds of one commit give the same wheel.
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --outdir build/dist
	$(BIN)/twine check --strict build/dist/*

setup: $(VENV)/.dev  ## .venv with every extra
	$(PIP) -e '.[dev,notebook,peers]'
	$(PIP) --no-deps torchcfm==1.0.7  # its own requirements bring a training stack that the tests do not use

verify: $(VENV)/.dev  ## the course against itself, 20 seeds, every mutant
	$(BIN)/course verify --seeds 20 --mutants

bench: $(VENV)/.dev  ## the ratios of docs/benchmarks
	$(BIN)/python tests/benchmarks/grading.py
	$(BIN)/python tests/benchmarks/sandbox.py
	$(BIN)/python tests/benchmarks/watch.py
	$(BIN)/python tests/benchmarks/cohort_report.py
	$(BIN)/python tests/benchmarks/report.py

BENCH := build/bench-venv
PEERS := nbgrader==0.9.6 otter-grader==7.0.0
$(BENCH)/.made: | $(VENV)/.dev
	$(PYTHON) -m venv $(BENCH)
	$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" \
	  > $$($(BENCH)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/course.pth
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt $(PEERS)
	# What is found in the course's environment counts as installed, but has its commands and its kernel there.
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall $(PEERS) ipykernel
	@touch $@

bench-cohort: $(BENCH)/.made  ## one cohort under nbgrader, otter, course grade and the floor: docs/scale.md
	$(BIN)/python tests/benchmarks/cohort.py
	$(BIN)/python tests/benchmarks/cohort.py --with-training --only ours --sizes 5,20

bench-gradebook: $(VENV)/.dev  ## gradebook sync and export of 5,000 students in 12 lessons
	$(BIN)/python tests/benchmarks/gradebook.py

peers: setup  ## solutions against diffusers and torchdiffeq
	$(BIN)/pytest -q -m peers

browser: $(VENV)/.dev  ## pages in headless Chromium, with axe (needs the system's chromium)
	$(PIP) -e '.[browser]'
	$(BIN)/pytest -q -m browser

attack: $(VENV)/.dev  ## the attack corpus against this machine's sandbox
	$(BIN)/course attack

fuzz: $(VENV)/.dev  ## ten minutes of coverage-guided fuzzing of the wire
	$(PIP) -e '.[fuzz]'
	mkdir -p build/fuzz && cd build/fuzz && ../../$(BIN)/python ../../tests/fuzz/wire.py --corpus=corpus -max_total_time=600

clean:  ## what can be made again
	rm -rf $(VENV) build
