# What can be done here. `make` alone lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TOOLS := .venv-tools/.ready
PYTEST := $(BIN)/pytest --dist loadfile --no-loadscope-reorder
FAST := -q -m "not postgres and not slow and not long"
RULES := $(addprefix tests/,commands documents domain engine policies privacy projections)

# Images of containers set it. Without compiled modules each process of a test compiles the program.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup tools demo fast fast-rules fast-program test test-all check lint types arrows audit sbom bench docs clean

help: ## list what can be done
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv with the locked dependencies

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup ## a small shop, filled and served on http://127.0.0.1:8000
	$(BIN)/oms-ledger demo

fast: setup ## every test that needs no database, in seconds
	@$(MAKE) --no-print-directory --jobs 2 fast-rules fast-program

# Two processes that import and collect half of the tests each take less than two workers of xdist.
fast-rules: setup
	$(BIN)/pytest $(FAST) $(RULES)

fast-program: setup
	$(BIN)/pytest $(FAST) $(RULES:%=--ignore=%)

test: setup ## all tests but the long ones, on a real PostgreSQL, in minutes
	$(PYTEST) -n 3 -m "not long"

test-all: setup ## every test, with many rounds of kills, PostgreSQL 15, OpenBao and the year
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-nightly} $(PYTEST) -n 3
	$(BIN)/pytest -m year

check: lint types arrows audit sbom test ## all that must be green before a change goes in

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

arrows: setup
	$(BIN)/lint-imports

tools: $(TOOLS) ## what audit, sbom and tests of Vault need, in .venv-tools (250 MB)

$(TOOLS): supply/tools.lock
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 --only-binary :all: --require-hashes -r supply/tools.lock
	@touch $(TOOLS)

audit: setup ## known holes in what is depended on; says so where nobody can be asked
	@$(MAKE) --silent tools || echo "The tools cannot be installed here; going on without them."
	$(BIN)/python -m supply.audit

sbom: setup ## write build/sbom.cdx.json, the bill of materials of what runs
	@$(MAKE) --silent tools || echo "The tools cannot be installed here; going on without them."
	$(BIN)/python -m supply.bill

bench: setup ## measure, beside what PostgreSQL and others do (needs wrk)
	$(BIN)/python -m benchmarks

docs: setup ## write docs/catalogue.md, docs/access.md and docs/states.md anew from the code
	$(BIN)/python -m oms_ledger.cli.catalogue > docs/catalogue.md
	$(BIN)/python -m oms_ledger.cli.access > docs/access.md
	$(BIN)/python -m oms_ledger.cli.states > docs/states.md

clean: ## remove .venv and caches; the ledgers in .oms stay
	rm -rf .venv .venv-tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
