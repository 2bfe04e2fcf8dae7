# Every target installs what it needs. `make help` lists the targets.
PYTHON ?= python3
# Versions to install; constraints-lowest.txt has the oldest supported ones, /dev/null takes the newest.
CONSTRAINTS ?= constraints.txt
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS)
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help docs demo serve test check lint types drift coverage samples hooks dist setup verify bench bench-cohort bench-gradebook bench-service peers browser attack fuzz clean

help:  ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.student: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[report]'
	@touch $@ $(VENV)/.student

$(VENV)/.docs: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[docs]'
	@touch $@ $(VENV)/.student

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.student

demo: $(VENV)/.demo  ## set up .venv and show a student's grading, its page, and a cohort of 30 with its report
	@$(BIN)/python -m blindgrade.samples.demo

$(VENV)/.serve: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[serve]'
	@touch $@ $(VENV)/.student

serve: $(VENV)/.serve  ## serve this course with an invented class, and print an instructor's and a student's link
	@$(BIN)/python -m blindgrade.samples.live

test: $(VENV)/.dev  ## checks, tests and proofs: everything that CI runs on Linux
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder -m "not peers and not browser"
	$(BIN)/course verify --recorded --seeds 2 --mutants

check: lint types drift  ## check format, lint, types, layers and drift

lint: $(VENV)/.dev  ## format and lint: about a second
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check .

types: $(VENV)/.dev  ## types and layers
	$(BIN)/mypy
	$(BIN)/lint-imports

drift: $(VENV)/.dev  ## generated files and samples against their sources
	$(BIN)/course build --check
	$(BIN)/python -m blindgrade.generate.schemas --check docs/schemas
	$(BIN)/python -m blindgrade.service.web.openapi --check docs/openapi.json
	$(BIN)/python -m blindgrade.samples --check

docs: $(VENV)/.docs  ## build the documentation as a site in build/site/site; a warning is an error
	$(BIN)/python -m blindgrade.manual build/site
	cd build/site && $(abspath $(BIN))/zensical build --strict --clean

samples: $(VENV)/.dev  ## make reports/samples: pages, and their screenshots by headless Chromium
	$(PIP) -e '.[browser]'
	$(BIN)/python -m blindgrade.samples

UNSEEN := Coverage cannot see forked and jailed workers, the warm process, or commands that a test starts. \
  A line that runs only there counts as missed.
coverage: $(VENV)/.dev  ## lines that the tests run: a table, and build/coverage/html; TESTS=tests/render for a part
	$(PIP) -e '.[coverage]'
	@status=0; $(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder -m "not peers and not browser" $(TESTS) --cov --cov-report=term:skip-covered \
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

setup: $(VENV)/.dev  ## set up .venv with the extras dev, notebook and peers
	$(PIP) -e '.[dev,notebook,peers]'
	$(PIP) --no-deps torchcfm==1.0.7  # its requirements install a training stack that the tests do not use

verify: $(VENV)/.dev  ## prove the course with 20 seeds and record the proofs of trained exercises (says how long)
	$(BIN)/course verify --record --seeds 20 --mutants

bench: $(VENV)/.dev  ## measure grading, the sandbox, watching, the resident grader, reports, answer keys and relations
	$(BIN)/python tests/benchmarks/grading.py
	$(BIN)/python tests/benchmarks/sandbox.py
	$(BIN)/python tests/benchmarks/watch.py
	$(BIN)/python tests/benchmarks/resident.py
	$(BIN)/python tests/benchmarks/portable.py
	$(BIN)/python tests/benchmarks/cohort_report.py
	$(BIN)/python tests/benchmarks/report.py
	$(BIN)/python tests/benchmarks/keys.py
	$(BIN)/python tests/benchmarks/relations.py

BENCH := build/bench-venv
PEERS := nbgrader==0.9.6 otter-grader==7.0.0
$(BENCH)/.made: | $(VENV)/.dev
	$(PYTHON) -m venv $(BENCH)
	$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" \
	  > $$($(BENCH)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/course.pth
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt $(PEERS)
	# pip finds these packages in the course's environment and counts them as installed, but their commands and kernel are there.
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall $(PEERS) ipykernel
	@touch $@

bench-cohort: $(BENCH)/.made  ## measure one cohort with nbgrader, otter, course grade and the floor: docs/scale.md
	$(BIN)/python tests/benchmarks/cohort.py
	$(BIN)/python tests/benchmarks/cohort.py --with-training --only ours --sizes 5,20

bench-service: $(VENV)/.dev  ## measure the grading service beside course grade, and kill it 50 times: docs/scale.md
	$(BIN)/python tests/benchmarks/service.py --students 2000 --seconds 60
	$(BIN)/python tests/benchmarks/service_kill.py

bench-gradebook: $(VENV)/.dev  ## measure gradebook sync and export of 5,000 students in 12 lessons
	$(BIN)/python tests/benchmarks/gradebook.py

peers: setup  ## compare solutions with diffusers and torchdiffeq
	$(BIN)/pytest -q -m peers

browser: $(VENV)/.dev  ## test pages in headless Chromium with axe (needs the system's chromium)
	$(PIP) -e '.[browser]'
	$(BIN)/pytest -q -m browser

attack: $(VENV)/.dev  ## grade the attack corpus in this machine's sandbox
	$(BIN)/course attack

fuzz: $(VENV)/.dev  ## fuzz the wire for ten minutes, guided by coverage
	$(PIP) -e '.[fuzz]'
	mkdir -p build/fuzz && cd build/fuzz && ../../$(BIN)/python ../../tests/fuzz/wire.py --corpus=corpus -max_total_time=600

clean:  ## remove everything that can be made again
	rm -rf $(VENV) build
