# Every target makes the virtual environment it needs, so a fresh clone can run any of them first.
# `.ci/run` is `make check`, `make test` and `make test-editors`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-the-lock
# Each writes the committed files that are made from code; with --check it fails when one of them is stale.
GENERATORS := $(wildcard scripts/generate*.py)

.PHONY: help venv demo vscode test test-editors test-llama check format docs bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

venv: $(STAMP) ## make .venv from the lock files

# The stamp is written last: an interrupted install is done again, not taken for a whole one. The install is
# editable, so only a changed lock calls for another.
$(STAMP): requirements/dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Coterie needs Python 3.11 or later; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q server/coterie # pip does it for all but what is editable; a first start is slow without
	touch $@

demo: $(STAMP) ## show the main job on a sample project in a temporary folder
	$(BIN)/coterie demo

vscode: $(STAMP) ## build the VS Code extension: build/coterie.vsix
	$(BIN)/python scripts/vscode.py package

# pytest exits 5 when it collected nothing, so a run of no tests fails here.
test: $(STAMP) ## install what the tests run against, then run them (PYTEST_ARGS=… to choose)
	$(BIN)/python scripts/test_requirements.py
	$(BIN)/python scripts/vscode.py test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# The editors are kept outside the repository, in folders that the scripts name in their last lines.
test-editors: vscode ## install real editors, then drive them in a terminal and in a browser (PYTEST_ARGS=… to choose)
	$(BIN)/python scripts/test_requirements.py
	editors=$$($(BIN)/python scripts/editor_requirements.py | tail -n 1) && \
	vscode=$$($(BIN)/python scripts/vscode_requirements.py | tail -n 1) && \
	COTERIE_EDITORS_BIN="$$editors" COTERIE_VSCODE_BIN="$$vscode" $(BIN)/python -m pytest -m editors --timeout 300 tests/editors $(PYTEST_ARGS)

test-llama: $(STAMP) ## build llama.cpp's server, then ask a tiny model of it (not a part of .ci/run: the build takes minutes)
	python=$$($(BIN)/python scripts/llama_requirements.py | tail -n 1) && \
	COTERIE_LLAMA_PYTHON="$$python" $(BIN)/python -m pytest -m llama tests/llama $(PYTEST_ARGS)

check: $(STAMP) ## lint, formatting, types, floors, freshness of generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	for script in $(GENERATORS); do $(BIN)/python $$script --check; done
	$(BIN)/python scripts/vscode.py check

format: $(STAMP) ## rewrite the Python and TypeScript files in the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python scripts/vscode.py format

docs: $(STAMP) ## write the generated pages and schemas again
	for script in $(GENERATORS); do $(BIN)/python $$script; done

bench: $(STAMP) ## measure, as ratios in one run (BENCH_ARGS="--write docs/benchmarks.md" to keep them)
	$(BIN)/python scripts/test_requirements.py
	PYTHONPATH=tests $(BIN)/python -m benchmarks $(BENCH_ARGS)

# No index or find-links addresses: a lock file names what was tested, not where one machine got it.
UV_LOCK = env -u UV_FIND_LINKS -u PIP_FIND_LINKS $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

lock: $(STAMP) ## choose the newest versions the ranges allow and write requirements/*.txt again
	$(UV_LOCK) --upgrade pyproject.toml --output-file requirements/run.txt
	$(UV_LOCK) --upgrade --group build --output-file requirements/build.txt
	$(UV_LOCK) --upgrade pyproject.toml --group build --group dev --output-file requirements/dev.txt
	$(UV_LOCK) --upgrade --group node --output-file requirements/node.txt
	$(UV_LOCK) --upgrade --group llama --output-file requirements/llama.txt
	cd tests/node && npm install --package-lock-only
	cd clients/vscode && npm install --package-lock-only --ignore-scripts

clean: ## remove what the targets made
	rm -rf $(VENV) build dist tests/node/node_modules clients/vscode/node_modules clients/vscode/dist clients/vscode/server .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
