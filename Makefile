# `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
SOURCES := foundations runner images archive tests benchmarks examples

.PHONY: help demo install engine base check test test-fast bench dist clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: ## run the guide's sample in a container and print its metrics
	@scripts/demo.sh

install: ## make .venv with the package, editable, and the tools
	@scripts/venv.sh dev

engine: ## make sure that a Docker engine answers
	@scripts/engine.sh start

base: install engine ## make sure that the engine has a base image for this Python
	@scripts/base_image.sh --python "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')"

check: install ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: install ## every test, those with Docker and S3 too
	@scripts/test.sh

test-fast: install ## the tests that need neither Docker nor the S3 server
	$(BIN)/python -m pytest -m "not docker and not s3"

bench: base ## the benchmarks; each prints a table
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

dist: install ## build the wheel and the source distribution into dist/
	rm -rf dist && $(BIN)/python -m build

clean: ## remove what make made, but not the engine, its images or the archive
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
