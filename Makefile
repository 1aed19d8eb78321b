# Everything is made inside this checkout: .venv and .tools. Nothing global is touched.
PYTHON ?= python3
VENV   := .venv
TOOLS  := .tools
BIN    := $(VENV)/bin

# ministack pins a botocore of its own, so it lives apart from ours.
MINISTACK := ministack==1.5.33

.PHONY: help demo test test-quick check types lint bench-startup clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.sandbox ## the whole story on this machine: back up, break, restore, compare
	@$(BIN)/ddbbackup demo

test: $(VENV)/.dev $(TOOLS)/.ready ## all tests, against real servers on loopback
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

test-quick: $(VENV)/.dev ## unit and contract tests only
	@$(BIN)/python -m pytest -q tests/unit tests/contract

check: test lint types ## tests, ruff, mypy --strict and the example plans
	@for plan in configs/*.yaml; do $(BIN)/ddbbackup validate -f $$plan || exit 1; done

lint: $(VENV)/.dev ## ruff and import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev ## mypy --strict
	@$(BIN)/mypy

bench-startup: $(VENV)/.dev ## how much CPU `validate` takes
	@$(BIN)/python -m tests.benchmarks.startup

clean: ## removes what the targets above made
	rm -rf $(VENV) $(TOOLS) build/bench .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@echo "making $(VENV) (a few seconds)"
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) cannot make virtual environments; on Debian: apt install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@touch $@

$(VENV)/.sandbox: $(VENV)/.made pyproject.toml
	@$(BIN)/pip install --quiet -e '.[sandbox]'
	@touch $@

$(VENV)/.dev: $(VENV)/.sandbox pyproject.toml
	@$(BIN)/pip install --quiet --group dev
	@touch $@

$(TOOLS)/.ready: tests/support/node/package.json Makefile
	@mkdir -p $(TOOLS)/node
	@$(PYTHON) -m venv $(TOOLS)/ministack && $(TOOLS)/ministack/bin/pip install --quiet --disable-pip-version-check '$(MINISTACK)'
	@cp tests/support/node/package.json $(TOOLS)/node/ && cd $(TOOLS)/node && npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@

-include tests/benchmarks/bench.mk
