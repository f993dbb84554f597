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
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "visio: Python 3.11 or newer is needed ($(PYTHON) is older)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "visio: Node 20 or newer with npm is needed"; exit 1; }
	npm ci --silent --no-audit --no-fund
	@touch $@

run: setup ## Start the product locally (Ctrl-C stops it)
	@exec $(BIN)/python -m local

lock: $(VENV)/.installed ## Compile the pinned requirements from pyproject.toml
	$(BIN)/python requirements/lock.py

demo: setup ## Play the story on the running stack
	@$(BIN)/python -m local.demo

.PHONY: help setup run demo lock
