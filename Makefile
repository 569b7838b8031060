# Two commands matter: `make demo` shows the bank, `make test` proves it. `make help` lists the rest.

PYTHON ?= python3
VENV ?= .venv
# One more than there are cores: tests wait for browsers and scripts as often as for a core.
WORKERS ?= 3
RUN := $(VENV)/bin/python
COMPILE := .local/lock/bin/uv pip compile --no-config --quiet --universal --generate-hashes \
	--python-version 3.11 --no-header --no-annotate $(UPGRADE) pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help environment demo-environment messages system demo test lint lock vendor bench requirements clean

help: ## Show these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

environment:
	@$(PYTHON) tools/environment.py --venv $(VENV) --lock requirements/dev.lock --covers requirements/runtime.lock

demo-environment:
	@$(PYTHON) tools/environment.py --venv $(VENV) --lock requirements/runtime.lock

messages: environment
	@$(RUN) -m corpbank.messages

system:
	@$(PYTHON) tools/system.py

demo: demo-environment ## Run the whole bank on this machine; Ctrl-C stops it
	@exec $(RUN) -m corpbank.demo

test: environment system messages lint ## Check and test everything
	@$(RUN) -m pytest -n $(WORKERS) $(TESTS)

lint: environment ## Check style, types and who imports whom
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(VENV)/bin/lint-imports --no-cache

lock: ## Resolve the dependencies again (UPGRADE=--upgrade takes newer editions)
	@test -x .local/lock/bin/uv || ($(PYTHON) -m venv .local/lock && .local/lock/bin/python -m pip install --quiet uv)
	@$(COMPILE) --output-file requirements/runtime.lock
	@$(COMPILE) --extra dev --constraint requirements/runtime.lock --output-file requirements/dev.lock
	@$(COMPILE) --extra bench --constraint requirements/runtime.lock --output-file requirements/bench.lock

vendor: environment ## Fetch the pinned browser parts again
	@$(RUN) tools/vendor.py

bench: ## Measure, and print the table
	@$(PYTHON) tools/environment.py --venv .local/bench-venv --lock requirements/bench.lock
	@.local/bench-venv/bin/python -m bench

requirements: environment ## Show which test holds which requirement
	@$(RUN) tools/requirements.py

clean: ## Remove what was made here: environment, data of the demo and the tests, caches
	@test ! -x $(RUN) || $(RUN) -m corpbank.services --forget
	@rm -rf $(VENV) .local staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find locale -name '*.mo' -delete 2>/dev/null || true
