# Everything a newcomer needs is `make run` and `make test`; `make` alone lists the rest.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := src:.

help: ## Show what there is to run
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed node_modules/.installed ## Install what the project needs, into this folder

$(VENV)/.installed: requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "visio: Python 3.11 or newer is needed ($(PYTHON) is not there)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "visio: Python 3.11 or newer is needed ($(PYTHON) is older)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "visio: Node 20 or newer with npm is needed"; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "visio: Node 20 or newer is needed"; exit 1; }
	npm ci --loglevel=error --no-audit --no-fund
	@touch $@

run: setup ## Start the product locally (Ctrl-C stops it)
	@exec $(BIN)/python -m local

demo: setup ## Play the story on the running stack
	@$(BIN)/python -m local.demo

chromium: setup ## Install a browser for the tests of the pages, where there is none
	@command -v chromium chromium-browser >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && { apt-get install -y -qq chromium || { apt-get update -qq && apt-get install -y -qq chromium; }; } >/dev/null 2>&1; } || \
	  $(BIN)/playwright install chromium >/dev/null 2>&1 || \
	  echo "visio: no Chromium is to be had here: the tests of the pages are skipped"

pgbouncer: ## Install a pooler for the tests behind one, where there is none
	@PATH="$$PATH:/usr/sbin"; command -v pgbouncer >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && { apt-get install -y -qq pgbouncer || { apt-get update -qq && apt-get install -y -qq pgbouncer; }; } >/dev/null 2>&1; } || \
	  echo "visio: no PgBouncer is to be had here: the tests behind a pooler are skipped"

tools: $(VENV)/.provider $(VENV)/.checkov ## Install what checks the infrastructure, each in an environment of its own

$(VENV)/.%: requirements/%.txt $(VENV)/.installed
	@$(BIN)/python -m venv $(VENV)/$*
	@env -u PYTHONDONTWRITEBYTECODE $(VENV)/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt
	@touch $@

test: setup chromium pgbouncer tools ## Run every test, and print the coverage
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term --cov-fail-under=90

attack: setup pgbouncer $(VENV)/.supply ## Attack it at full size, sabotage it, and look at what it is made of
	@$(BIN)/python -m tests.attack

check: setup ## Lint, types, migrations and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npx tsc -p .
	$(BIN)/python -m local.migrations
	$(BIN)/python -m pytest -q --no-header tests/test_layers.py

migrate: setup ## Bring the PostgreSQL of DATABASE_URL up to date
	@$(BIN)/python -m local.postgres

logins: setup ## Make one database login per function (docs/deploy.md)
	@$(BIN)/python -m local.logins

build: setup ## Stage each function in build/<function>/, and pack build/<function>.zip
	@$(BIN)/python -m local.build

schema: setup ## Write sql/schema.sql and docs/grants.md from all migrations
	@$(BIN)/python -m local.schema

openapi: setup ## Write docs/openapi.json, and the pages' types, from the functions' own models
	@$(BIN)/python -m local.openapi
	@npx openapi-typescript docs/openapi.json --export-type -o web/visio/api.d.ts >/dev/null

types: setup ## Write the types of the pages' modules, for those who use them elsewhere
	@npx tsc -p tsconfig.types.json
	@# tsc carries no declarations over that it was given.
	@echo 'export * from "../../visio/api.js";' > web/types/visio/api.d.ts

bench: setup ## Measure cold starts, round trips and signals, into bench/results/
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m bench
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m bench.waiting
	@$(BIN)/python -m bench.plots

bench-growth: setup ## Measure every action at 1 k, 100 k and 1 M requests (FULL=1: 10 M instead)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m bench.growth

costs: setup ## Compute docs/costs.md from what was measured
	@$(BIN)/python -m bench.costs

lobbies: setup ## Have 2,000 clients wait at once, and measure what it costs
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m bench.waiting

plots: setup ## Simulate a busy hour, draw what was measured, and write what pages say of it
	@$(BIN)/python -m bench.plots

lock: $(VENV)/.installed ## Compile the pinned requirements from pyproject.toml
	$(BIN)/python requirements/lock.py

.PHONY: help setup run demo chromium pgbouncer tools test attack check migrate logins build schema openapi types bench bench-growth costs lobbies plots lock
