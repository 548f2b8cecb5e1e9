# Everything a person types. Needs Python 3.11 to 3.14, git and make; the rest is installed into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO_FLAGS ?=
TEST_FLAGS ?= -q -n auto
# Without bytecode each process of the suite compiles every test anew: ten seconds of each run.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 /p' Makefile | awk '{printf "  make %-8s", $$2; $$1=$$2=""; print}'

demo: .venv/.runtime ## run everything in one process, with a generated trade pipeline
	$(BIN)/python manage.py demo $(DEMO_FLAGS)

up: .venv/.runtime ## run everything in one process, without generated traffic
	$(BIN)/python manage.py up

unit: .venv/.test ## what touches no database, in seconds; make test has the rest
	$(BIN)/python -m pytest -m "not servers and not database" $(TEST_FLAGS)

test: .venv/.test ## the whole suite on SQLite: no server needed, a minute
	$(BIN)/python -m pytest -m "not servers" $(TEST_FLAGS)

test-all: .venv/.ci ## every test, with real Kafka, PostgreSQL, Redis and Chromium where installed
	$(BIN)/python -m pytest $(TEST_FLAGS)

lint: .venv/.ci ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy slatrack dashboards consumers
	$(BIN)/lint-imports

format: .venv/.ci ## put the sources into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.ci ## pin the newest versions that requirements/*.in allow
	for set in runtime test ci world; do $(BIN)/uv pip compile -q --upgrade --no-emit-index-url --no-header \
	  --no-annotate --python-version 3.11 requirements/$$set.in -o requirements/$$set.lock || exit 1; done

clean: ## remove what make made; data/ stays
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "slatrack needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/.%: requirements/%.lock | .venv/bin/python
	@echo "Installing $< into .venv (once, about a minute)…"
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --requirement $<
	@touch $@

.PHONY: help demo up unit test test-all lint format lock clean
.PRECIOUS: .venv/.%
