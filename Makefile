# The two commands of the house: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
TOOLS := .tools

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run test lint format lock bench clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

install: $(VENV)/.dev ## Prepare .venv to develop: service, tests, linters

run: $(VENV)/.runtime ## Serve on http://127.0.0.1:8000
	$(BIN)/prefill serve

test: lint ## Check everything: style, types, tests, coverage
	$(BIN)/pytest --cov

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev ## Rewrite the code in the house layout
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The development lock is held to the versions of the runtime lock: tests run what production runs.
LOCK := env -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_INDEX -u UV_FIND_LINKS \
	$(TOOLS)/bin/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: | $(TOOLS)/bin/uv ## Write both lock files anew, with the newest releases
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --output-file requirements-dev.lock --group dev --constraints requirements.lock

bench: $(VENV)/.dev $(TOOLS)/.bench ## Measure side by side: make bench BENCH_SIM=… [ONLY="warm cold"]
	@test -n "$(BENCH_SIM)" || { echo "BENCH_SIM must give the path of the simulator of API Entreprise" >&2; exit 1; }
	BENCH_SIM=$(BENCH_SIM) $(BIN)/python bench/bench.py $(ONLY)

# Servers to compare, py-spy, and the peer, each beside nothing else: none of them is a dependency.
$(TOOLS)/.bench: requirements.lock
	$(PYTHON) -m venv $(TOOLS)/bench
	$(TOOLS)/bench/bin/pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(TOOLS)/bench/bin/pip install --quiet gunicorn gevent waitress py-spy
	$(PYTHON) -m venv $(TOOLS)/peer
	$(TOOLS)/peer/bin/pip install --quiet 'api-entreprise[ratelimit]==31.*' 'setuptools<81'
	touch $@

clean: ## Remove the environment and all that tools left behind
	rm -rf $(VENV) $(TOOLS) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: nothing is installed again while the locks and pyproject.toml stay as they are.
# A lock is complete: it is installed as it stands, resolving nothing, then checked to miss nothing. A pip older than
# 23.3 that resolves takes the newest release of `package[extra]`, whatever the lock pins.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the service into $(VENV) (about 20 seconds)"
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --editable .
	@$(PIP) check >&2
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV) (about 30 seconds)"
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@$(PIP) check >&2
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "prefill needs Python 3.11 or newer: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(TOOLS)/bin/uv:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip --disable-pip-version-check install --quiet uv
