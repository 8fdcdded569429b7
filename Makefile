# Every target sets up what it needs; `make help` lists them.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.citewell-setup
# nltk, below LlamaIndex, refuses data files that an installer hard-linked.
export UV_LINK_MODE := copy
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup chat ask test test-slow lint eval bench screenshots settings lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## make the environment in .venv

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Citewell needs Python 3.11 or newer; choose one with: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up, once. 1/3: a Python environment in $(VENV)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "2/3: the pinned packages, about 150; this takes a minute or three" >&2
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@echo "3/3: Citewell itself" >&2
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

chat: $(STAMP) ## serve the chat at http://127.0.0.1:7860 (another port: make chat PORT=8000)
	@exec $(BIN)/citewell ui --sample $(if $(PORT),--port $(PORT))

ask: $(STAMP) ## answer one question: make ask Q="..."
	@test -n "$$Q" || { echo 'Say what to ask: make ask Q="Which optimizer trains BERT in 76 minutes?"' >&2; exit 2; }
	@$(BIN)/citewell ask --sample -- "$$Q"

# A file's tests share what they set up, so a file stays in one process; those that take longest come first.
WORKERS ?= 2
test: $(STAMP) ## run the tests (WORKERS=2 at a time; one file: .venv/bin/python -m pytest FILE)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-slow: $(STAMP) ## run the tests that take minutes, those of a real small model included
	@$(BIN)/python -c 'import xllamacpp' 2>/dev/null || $(BIN)/python -m pip install --quiet --editable '.[local]'
	@$(BIN)/python -m pytest -m slow

eval: $(STAMP) ## the quality gate: the sample questions with the model mocked, against eval/gate/baseline.json
	@$(BIN)/citewell eval gate

lint: $(STAMP) ## ruff (lint and format), mypy --strict, and whether the generated files are current
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python -m rag.settings_docs --check

SIZES ?= 1000 10000
bench: $(STAMP) ## measure speed and size side by side (SIZES="1000 10000 100000" takes a quarter of an hour)
	@$(BIN)/python -m eval.benchmarks.speed --sizes $(SIZES)

screenshots: $(STAMP) ## draw the page into out/screenshots
	@$(BIN)/python -m ui.screenshots out/screenshots

settings: $(STAMP) ## write docs/settings.md and .env.example from rag/settings.py
	@$(BIN)/python -m rag.settings_docs

lock: $(STAMP) ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml -o requirements.lock

clean: ## remove the environment and what tools left behind (never a library)
	@rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
