# Two commands do everything on a fresh machine: `make repro` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup repro test doctor compare plots screenshots docs lint ui nuget examples benchmark generated clean

# Any Python from 3.11 on; `make repro PYTHON=/path/to/python` chooses one.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)))
READY := .venv/.ready
# The page in which `dvc plots show` draws, with no network; .dvc/config names it.
PLOTS := .dvc/plots.html
# The stages of dvc.yaml say `python`: the environment's.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PORT ?= 5000

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(READY) $(PLOTS) ## the virtual environment in .venv, and git and DVC where they are missing
	@git rev-parse --git-dir >/dev/null 2>&1 || { git init -q && git add -A && git -c user.name=torch2dotnet -c user.email=torch2dotnet@localhost commit -qm "As downloaded"; }

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: setup: expected Python 3.11 or later on PATH, got none: install it, or run make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@.venv/bin/python -m compileall -q pipeline models # as pip does for what it copies
	@touch $@

$(PLOTS): $(READY) pipeline/experiments/plots_page.html
	@python -m pipeline plots --template-only
	@touch $@

repro: setup ## train, export, simplify, validate, package, verify, publish: what is out of date, and no more
	dvc repro

test: setup ## every test, a file a process, as many as there are processors (4 at most)
	python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

doctor: setup ## what is installed, what would run and why, and what is wrong
	@python -m pipeline doctor

compare: setup ## the experiments side by side, the best first; why some failed
	@python -m pipeline compare

plots: setup ## loss, metric and parity, drawn on one page that needs no network
	@python -m pipeline plots

screenshots: setup ## MLflow, report, plots and documentation, drawn at two widths, light and dark, in reports/screenshots (needs Chromium)
	@python benchmarks/screenshots.py

docs: setup ## the documentation as a site in build/site, which needs no network
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet && echo "docs: build/site/index.html"

lint: setup ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

ui: setup ## the MLflow UI, and links to runs, comparison and model once it answers (PORT=5000)
	@python -m pipeline ui --port $(PORT)

nuget: setup ## the package into a feed: make nuget FEED=folder (or a NuGet source)
	@python -m pipeline nuget --feed "$(FEED)"

examples: setup ## the C# programs in examples/, built and run (needs a .NET SDK)
	python examples/run.py

benchmark: setup ## the pipeline's overhead against a single script (others: benchmarks/dotnet, benchmarks/serving)
	python benchmarks/overhead.py

generated: setup ## what is made of the code and committed: the C# sample and snapshots, docs/settings.md, docs/house.md
	@for script in sample_model sample_golden snapshots; do PYTHONPATH=tests/dotnet python tests/dotnet/client/$$script.py || exit 1; done
	@python tests/settings_page.py
	@python tests/house.py

clean: ## remove what the pipeline made; the environment, MLflow's store and DVC's cache stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
