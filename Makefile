# Everything is installed inside this checkout: .venv, .tools and build. Nothing global is touched.
PYTHON ?= python3
VENV   := .venv
TOOLS  := .tools
BIN    := $(VENV)/bin

# CI sets CONSTRAINTS=constraints.txt to install the dependency versions that were last known to pass.
CONSTRAINTS ?=
INSTALL     := $(BIN)/pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))

# ministack pins its own version of botocore, so it has its own environment.
MINISTACK := ministack==1.5.33

.PHONY: help demo docs site pictures recording test test-quick test-faults test-live coverage check types lint bench-startup dist constraints clean
.DEFAULT_GOAL := help

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.sandbox ## back up, damage, restore and compare two tables on this machine, without AWS
	@$(BIN)/ddbbackup demo

# Twice as many processes as cores: tests wait for exports and jobs about half of their time.
PYTEST := -m pytest -n 4 --dist worksteal

test: $(VENV)/.dev $(TOOLS)/.ready ## run all tests, against real servers on loopback
	@$(BIN)/python $(PYTEST)

test-quick: $(VENV)/.dev ## run only the unit and contract tests
	@$(BIN)/python -m pytest -q tests/unit tests/contract

# SCENARIO is a glob of names (`make test-faults SCENARIO='kill/write/*'`), SEED one seed.
test-faults: $(VENV)/.dev ## play every fault scenario, a fifth of them with five seeds, and write docs/reliability.md
	@$(BIN)/python -m tests.faults $(if $(SCENARIO),--scenario '$(SCENARIO)') $(if $(SEED),--seed $(SEED)) \
	  $(if $(SCENARIO)$(SEED),,--write-figures)

# DDBBACKUP_LIVE says where it may run; LIVE are its options (`make test-live LIVE=--estimate`). See tests/live/README.md.
test-live: $(VENV)/.dev ## run the live suite on an AWS account, and write live-report.json
	@$(BIN)/python -m tests.live $(LIVE)

coverage: $(VENV)/.dev $(TOOLS)/.ready ## run all tests and measure which lines and branches they reach
	@$(BIN)/coverage erase
	@$(BIN)/coverage run $(PYTEST)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage html --quiet --skip-covered
	@$(BIN)/coverage report

check: test lint types site ## what CI runs: all tests, lint, types, the site, and the example plans
	@for plan in configs/*.yaml; do $(BIN)/ddbbackup validate -f $$plan || exit 1; done

lint: $(VENV)/.dev ## check format, style and the layers of packages (ruff, import-linter)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev ## check types (mypy --strict)
	@$(BIN)/mypy

docs: $(VENV)/.dev ## write the generated pages of docs
	@$(BIN)/python -m tools.docs

site: $(VENV)/.site ## build the documentation as a site in build/site/html; broken links fail
	@$(BIN)/python -m tools.site

pictures: $(VENV)/.dev $(TOOLS)/.ready ## draw the pictures of what people see again: look at those that changed
	@$(BIN)/python -m tests.support.pictures
	@$(BIN)/python -m tests.support.report_picture

recording: $(VENV)/.dev ## run the commands of the picture in the README on the sandbox, and draw it again
	@$(BIN)/python -m tools.recording

bench-startup: $(VENV)/.dev ## measure the CPU time of the verbs that do not call AWS
	@$(BIN)/python -m tests.benchmarks.startup

dist: $(VENV)/.dev ## build the sdist and the wheel, check both, and try the wheel in a new environment
	@rm -rf dist build/dist
	@$(BIN)/python -m build --quiet --outdir dist
	@$(BIN)/twine check --strict dist/*
	@$(PYTHON) -m venv build/dist
	@build/dist/bin/pip install --quiet --disable-pip-version-check dist/*.whl
	@build/dist/bin/ddbbackup --version
	@build/dist/bin/ddbbackup validate configs/*.yaml

constraints: $(VENV)/.dev $(VENV)/.site ## write the installed versions of all dependencies to constraints.txt
	@{ echo '# Dependency versions for CI, written by `make constraints`; do not edit.'; \
	   $(BIN)/pip freeze --exclude-editable --disable-pip-version-check | grep -v ' @ '; } > constraints.txt

clean: ## remove everything that these targets made
	rm -rf $(VENV) $(TOOLS) dist build/bench build/coverage build/dist build/site .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@echo "creating $(VENV) (a few seconds)"
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) cannot create virtual environments; on Debian, run: apt install python3-venv"; exit 1; }
	@$(INSTALL) 'pip>=25.1'
	@touch $@

$(VENV)/.sandbox: $(VENV)/.made pyproject.toml
	@$(INSTALL) -e '.[sandbox]'
	@touch $@

$(VENV)/.dev: $(VENV)/.sandbox pyproject.toml
	@$(INSTALL) --group dev
	@touch $@

$(VENV)/.site: $(VENV)/.made pyproject.toml
	@$(INSTALL) --group site
	@touch $@

$(TOOLS)/.ready: $(wildcard tests/support/node/*) Makefile
	@mkdir -p $(TOOLS)/node
	@$(PYTHON) -m venv $(TOOLS)/ministack && $(TOOLS)/ministack/bin/pip install --quiet --disable-pip-version-check '$(MINISTACK)'
	@cp tests/support/node/package.json $(TOOLS)/node/ && cd $(TOOLS)/node && npm install --silent --no-audit --no-fund --no-package-lock
	@# This Chromium runs on Linux on x86-64 only; elsewhere tests/support/browser.py looks for an installed one.
	@[ "$$(uname -sm)" != 'Linux x86_64' ] || { rm -rf $(TOOLS)/chromium && \
	  node tests/support/node/unpack_chromium.mjs $(TOOLS)/node/node_modules/@sparticuz/chromium $(TOOLS)/chromium && \
	  cp tests/support/node/fonts.conf $(TOOLS)/chromium/; }
	@touch $@

-include tests/benchmarks/bench.mk
