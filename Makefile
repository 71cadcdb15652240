# The two commands: `make run` and `make test` (`make test-all` is what CI runs). Each installs what it needs into .venv, from the locks.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
VENV_PYTHON := $(BIN)/python
PIP := $(VENV_PYTHON) -m pip --disable-pip-version-check --no-input
TOOLS := .tools
# What the form script is built and checked with. npm writes this file last.
SCRIPTS := widget/node_modules/.package-lock.json
# Processes that share the tests, more than there are processors: many tests wait for a server or a browser. CI's machine
# may be busy with others.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
JOBS ?= $(shell expr $(CORES) + $(if $(CI),1,6))
# What was asked for, when make calls itself: pip and npm install at the same time.
ASKED ?= $(MAKECMDGOALS)
CHECKED = @$(MAKE) --no-print-directory --jobs=2 ASKED="$(ASKED)" style $(SCRIPTS) $(VENV)/.compiled
# The tests start many processes of the service: none compiles what another has compiled.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run test test-all test-fast lint style format docs lock lock-add bench sbom audit fuzz clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

install: $(VENV)/.dev $(SCRIPTS) ## Prepare .venv to develop: service, tests, linters; with Node, widget/ too

run: $(VENV)/.runtime ## Serve on http://127.0.0.1:8000
	@$(VENV_PYTHON) -m prefill serve

ifdef CI
test: test-all
else
test: ## Check style, types and every test but what CI alone runs
	$(CHECKED)
	@echo "Running the tests (about 4 minutes on 2 cores; make test-all adds the matrix of browsers, the image, the coverage)"
	@$(VENV_PYTHON) -m pytest --numprocesses $(JOBS) -m "not ci"
endif

test-all: ## Check everything, as CI does: make test, the matrix of browsers, the image, the coverage
	$(CHECKED) $(TOOLS)/supply
	@echo "Running every test (about 15 minutes on 2 cores)"
	@$(VENV_PYTHON) -m pytest --numprocesses $(JOBS) --cov

test-fast: $(VENV)/.dev ## Run the tests that need no browser, server or second process
	@echo "Running the fast tests (about 35 seconds on 2 cores)"
	@$(VENV_PYTHON) -m pytest --numprocesses $(CORES) -m "not slow"

lint: style $(SCRIPTS) ## Check style and types
	@if [ -e $(SCRIPTS) ]; then npm --prefix widget run --silent lint; \
	else echo "The scripts are not checked: that takes Node, and its packages"; fi

# The tests check the scripts themselves.
style: $(VENV)/.dev
	@echo "Checking style and types (about 15 seconds)"
	@$(VENV_PYTHON) -m ruff check --quiet
	@$(VENV_PYTHON) -m ruff format --check --quiet
	@$(VENV_PYTHON) -m mypy
	@$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## Rewrite the code in the project's layout
	$(VENV_PYTHON) -m ruff check --fix
	$(VENV_PYTHON) -m ruff format

docs: $(VENV)/.dev ## Renew what the documentation repeats from the code: tables, settings, sources, grammar
	$(VENV_PYTHON) -m tools.docs

# Locks hold hashes and name no index. Those of the tools are held to the versions of the runtime lock: tests run what
# production runs. Written from the lowest Python that is supported, for all.
LOCK := env -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_INDEX -u UV_FIND_LINKS \
	$(TOOLS)/uv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE)

lock: UPGRADE := --upgrade
lock: lock-add ## Write the lock files anew, with the newest releases

lock-add: | $(TOOLS)/uv ## Add to the lock files what pyproject.toml asks and they lack, nothing else
	$(LOCK) pyproject.toml --extra audit-db --output-file requirements.lock
	$(LOCK) pyproject.toml --extra audit-db --group dev --constraints requirements.lock --output-file requirements-dev.lock
	$(LOCK) --group build --constraints requirements-dev.lock --output-file requirements-build.lock
	$(LOCK) --group bench --constraints requirements.lock --output-file requirements-bench.lock
	$(LOCK) --group peer --output-file requirements-peer.lock
	$(LOCK) --group supply --output-file requirements-supply.lock
	$(LOCK) --group fuzz --constraints requirements.lock --output-file requirements-fuzz.lock
	$(LOCK) --group lock --output-file requirements-uv.lock

bench: $(VENV)/.dev $(TOOLS)/.bench ## Measure side by side: make bench [ONLY="warm cold"]
	$(VENV_PYTHON) tools/bench/bench.py $(ONLY)

sbom: | $(TOOLS)/supply $(TOOLS)/runtime ## List what the service is made of, with licences (CycloneDX)
	@mkdir -p build
	@$(TOOLS)/supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
		--output-file build/sbom.json $(TOOLS)/runtime/bin/python
	@echo "Written: build/sbom.json"

AUDITED := requirements.lock requirements-dev.lock

audit: | $(TOOLS)/supply ## Ask the package index what is known against the locked releases
	@told=$$($(TOOLS)/supply/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		$(AUDITED:%=--requirement %) 2>&1); code=$$?; \
	if echo "$$told" | grep -qE "ould not be audited|onnectionError|ould not connect|not found on"; \
	then echo "Nothing was audited: the package index tells no vulnerabilities here."; else echo "$$told"; exit $$code; fi

FUZZ_SECONDS ?= 60

fuzz: | $(TOOLS)/fuzz ## Fuzz identifiers, form files and ESPD documents: make fuzz [FUZZ_SECONDS=60]
	@for target in identifiers forms espd; do \
		$(TOOLS)/fuzz/bin/python -m tools.fuzz $$target --seconds $(FUZZ_SECONDS) || exit 1; done

clean: ## Remove the environment and all that tools left behind
	rm -rf $(VENV) $(TOOLS) build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A lock is complete: it is installed as it stands, resolving nothing, then checked to miss nothing. (A pip older than
# 23.3 that resolves takes the newest release of `package[extra]`, whatever the lock pins.)
INSTALL := install --quiet --no-deps --require-hashes

# The stamps: nothing is installed again while the locks and pyproject.toml stay as they are. The package is built with
# what its lock gives, not with what a build environment would fetch.
$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(VENV_PYTHON)
	@echo "Installing the service into $(VENV) (about 20 seconds)"
	@$(PIP) uninstall --quiet --yes prefill 2>/dev/null
	@$(PIP) $(INSTALL) -r requirements.lock -r requirements-build.lock
	@$(PIP) install --quiet --no-deps --no-index --no-build-isolation --editable .
	@$(PIP) check >&2
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV) (about 30 seconds)"
	@$(PIP) $(INSTALL) -r requirements-dev.lock
	@$(PIP) check >&2
	@touch $@

# Compiled here once, beside the style: each process of the tests would compile them all, at the same moment as the others.
# What cannot be collected is for the tests to say.
$(VENV)/.compiled: $(VENV)/.dev
	@$(VENV_PYTHON) -m pytest --collect-only --quiet --quiet >/dev/null 2>&1 || true
	@touch $@

# Ask for venv first: its own message is a page long. The first candidate that is new enough is taken.
$(VENV_PYTHON):
	@set -- $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11); python=; \
	for candidate; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "prefill needs Python 3.11 or newer, and $$1 is not: install one (Debian: apt install python3 python3-venv), or give its path: make PYTHON=/path/to/python3 $(ASKED)" >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make a virtual environment: install its venv module (Debian: apt install python3-venv), then run make $(ASKED) again" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# `make run` needs none of it. Without Node nothing is said; without a network the tests that need it are skipped, and CI,
# where a skip is a failure, fails.
$(SCRIPTS): widget/package-lock.json | $(VENV_PYTHON)
	@if command -v npm >/dev/null; then \
		echo "Installing the packages of widget/ with npm (about 12 seconds)"; \
		if $(NPM_CI) >/dev/null; then touch $@; \
		else rm -rf $(@D); echo "npm has not installed them: the tests of the form script will be skipped"; fi; fi

NPM_CI := npm --prefix widget ci --no-audit --no-fund --ignore-scripts --loglevel=error \
	--fetch-retries=3 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 --fetch-timeout=60000

$(TOOLS)/uv: requirements-uv.lock | $(VENV_PYTHON)
	$(VENV_PYTHON) -m venv --clear $@
	$@/bin/python -m pip --disable-pip-version-check $(INSTALL) -r requirements-uv.lock
	@touch $@

$(TOOLS)/supply: requirements-supply.lock | $(VENV_PYTHON)
	@$(VENV_PYTHON) -m venv --clear $@
	@$@/bin/python -m pip --disable-pip-version-check $(INSTALL) -r requirements-supply.lock
	@touch $@

# What the service runs with, and nothing else.
$(TOOLS)/runtime: requirements.lock | $(VENV_PYTHON)
	@$(VENV_PYTHON) -m venv --clear $@
	@$@/bin/python -m pip --disable-pip-version-check $(INSTALL) -r requirements.lock
	@touch $@

$(TOOLS)/fuzz: requirements.lock requirements-fuzz.lock | $(VENV_PYTHON)
	@$(VENV_PYTHON) -m venv --clear $@
	@$@/bin/python -m pip --disable-pip-version-check $(INSTALL) -r requirements.lock -r requirements-fuzz.lock
	@touch $@

# What the benchmarks compare with, each beside nothing else: none of it is a dependency.
$(TOOLS)/.bench: requirements.lock requirements-bench.lock requirements-peer.lock | $(VENV_PYTHON)
	@echo "Installing what the benchmarks compare with into $(TOOLS) (about 40 seconds)"
	@$(VENV_PYTHON) -m venv $(TOOLS)/bench
	@$(TOOLS)/bench/bin/python -m pip --disable-pip-version-check $(INSTALL) -r requirements.lock -r requirements-bench.lock
	@$(VENV_PYTHON) -m venv $(TOOLS)/peer
	@$(TOOLS)/peer/bin/python -m pip --disable-pip-version-check $(INSTALL) -r requirements-peer.lock
	@touch $@
