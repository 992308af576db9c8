# Two commands: `make demo` and `make test`. Needs Python 3.11 or newer with pip, and the package index.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types imports soak mutants bench pictures clean
.SUFFIXES:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Written last, so that an interrupted set-up is taken up again and a finished one costs nothing.
READY := $(VENV)/ready
# The first pip that installs dependency groups is 25.1; Python 3.11 may bring 23.2.
PIP_VERSION := 26.3
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Passed on to the program a target runs: make demo ARGS="--as dba", make test ARGS="-k audit".
ARGS ?=

help:
	@echo "make demo     set up, start a PostgreSQL of our own, fill it, open the console (ARGS=\"--as dba\")"
	@echo "make test     set up and run the test suite (ARGS=\"-k name\")"
	@echo "make check    format, lint, types, import contracts, then the suite"
	@echo "make setup    only make .venv with pinned versions"
	@echo "make soak     the suite with the long versions of bounded tests"
	@echo "make mutants  take away one guard at a time; its test must fail"
	@echo "make bench    measure ratios"
	@echo "make pictures take the pictures of the README again"
	@echo "make clean    remove .venv, caches and the demo database"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nightdesk needs Python 3.11 or newer; this is %d.%d. Name another one: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@echo "[1/3] making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "[2/3] installing pip $(PIP_VERSION)"
	@$(PIP) install --quiet "pip==$(PIP_VERSION)"
	@echo "[3/3] installing nightdesk and its pinned dependencies (about 90 MB on the first run)"
	@$(PIP) install --constraint constraints.txt --build-constraint constraints.txt --editable . --group dev
	@touch $(READY)

demo: $(READY)
	@$(BIN)/nightdesk demo $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest $(ARGS)

check: format lint types imports test

format: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

imports: $(READY)
	@$(BIN)/lint-imports

soak: $(READY)
	@$(BIN)/python -m pytest --soak $(ARGS)

mutants: $(READY)
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: $(READY)
	@$(BIN)/python -m tests.bench $(ARGS)

pictures: $(READY)
	@$(BIN)/python -m tests.pictures

clean:
	@if [ -x $(BIN)/nightdesk ]; then $(BIN)/python -m db.embedded.discard; fi
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "removed $(VENV), caches and the demo database"
