# Everything runs in .venv, which any of these makes when it is missing. `make` alone says what there is.
PYTHON ?= python3.11
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help try test lint types imports check rule new-rule soak bench bench-keystroke clean

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is needed; install it, or say make PYTHON=... with another from 3.11 on"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

try: $(READY) ## environment, install, and a first check: the app in docs/tour/
	@$(BIN)/ipclint check docs/tour/ || test $$? -eq 1

test: $(READY) ## the whole Python suite, on every processor
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(READY) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## pyright
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(READY) ## the floors of the house: who may import whom
	PYTHONPATH=server $(BIN)/lint-imports

check: lint types imports test ## all of the above

rule: $(READY) ## one rule's cases: make rule ID=xpc/listener-accepts-unverified-peer
	@test -n "$(ID)" || { echo "say which: make rule ID=family/name"; exit 1; }
	PYTHONPATH=server $(BIN)/python -m tests.rules "$(ID)"

new-rule: $(READY) ## scaffold a rule: make new-rule ID=family/name
	@test -n "$(ID)" || { echo "say which: make new-rule ID=family/name"; exit 1; }
	PYTHONPATH=server $(BIN)/python -m tests.rules --new "$(ID)"

soak: $(READY) ## ten thousand steps of editing, compared with a fresh server: make soak STEPS=10000 SEED=1
	PYTHONPATH=server $(BIN)/python -m tests.lsp.soak --steps $(or $(STEPS),10000) --seed $(or $(SEED),1)

bench: $(READY) ## this tool and ast-grep over the same tree, in one run: make bench TREE=path
	@test -x $(BIN)/ast-grep || $(BIN)/python -m pip install --quiet --disable-pip-version-check '.[bench]'
	$(BIN)/python tests/bench/against_ast_grep.py $(TREE)

bench-keystroke: $(READY) ## keystroke to diagnostics, over a real pipe: make bench-keystroke TREE=path
	$(BIN)/python tests/bench/keystroke.py $(TREE)

schema: $(READY) ## the JSON schema of ipclint.toml that the VS Code extension brings
	PYTHONPATH=server $(BIN)/python vscode-extension/scripts/schema.py

editor: $(READY) ## the VS Code extension: package it, and test it in a real editor
	@.ci/editor $(BIN)/python

clean: ## remove what make made
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .import_linter_cache
