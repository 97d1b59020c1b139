# Everything a developer does; `make` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := bus config core plugins tests
WORKERS ?= 2

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 12

$(BIN)/python:
	@scripts/install-packages python
	@scripts/make-venv $(VENV)

$(READY): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable '.[all,dev]'
	@touch $@

.PHONY: install
install: $(READY) ## make .venv and install everything into it

.PHONY: run
run: install ## start the daemon; http://127.0.0.1:8084
	@exec $(BIN)/gennaker up $(ARGS)

.PHONY: demo
demo: install ## bake and deploy three versions under load on this machine: red/black, a bad one, rollback (ARGS=--rate 500)
	@scripts/install-packages demo
	@exec $(BIN)/python examples/demo/demo.py $(ARGS)

.PHONY: test
test: install ## run the whole suite; starts the servers that it needs (ARGS= for pytest)
	@scripts/install-packages servers
	@eval "$$(scripts/start-servers)" && $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --timeout 300 -q $(ARGS)

.PHONY: soak
soak: install ## run many new seeds of the simulation, and the kill tests (SEEDS= how many, FIRST= the first)
	@first=$(or $(FIRST),$$(date +%s)); echo "Seeds from $$first"; eval "$$(scripts/start-servers)" && \
		GENNAKER_SIMULATION_FIRST=$$first GENNAKER_SIMULATION_SEEDS=$(or $(SEEDS),50000) \
		$(BIN)/python -m pytest -n $(WORKERS) --timeout 14400 -q tests/simulation tests/kill $(ARGS)

.PHONY: fuzz
fuzz: install ## let atheris write expressions (SECONDS= how long)
	@$(BIN)/python tests/fuzz/expressions.py build/fuzz/expressions -artifact_prefix=build/fuzz/ -max_total_time=$(or $(SECONDS),60) -timeout=30 $(ARGS)

.PHONY: bench
bench: install ## compare with limits and peers, all in one run
	@eval "$$(scripts/start-servers)" && $(BIN)/python tests/benchmarks/run.py $(ARGS)

.PHONY: cover
cover: install ## run the suite with the coverage of core/: branches, at least 95 %
	@eval "$$(scripts/start-servers)" && $(BIN)/python -m pytest -n $(WORKERS) --timeout 600 -q \
		--cov --cov-branch --cov-report=term --cov-fail-under=95 $(ARGS)

.PHONY: check
check: install lint type contracts dead ## everything that is checked without running it

.PHONY: lint
lint: install ## ruff, rules and form
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

.PHONY: type
type: install ## mypy, strict
	@scripts/check-types $(BIN)

.PHONY: contracts
contracts: install ## who may import whom
	@$(BIN)/lint-imports --no-logo

.PHONY: dead
dead: install ## code that nothing uses
	@$(BIN)/python scripts/find-dead

.PHONY: fmt
fmt: install ## put the code into form
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: clean
clean: ## remove .venv and everything that was made
	@rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
