# The whole life of a checkout. `make help` lists the targets.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help up test lint down purge train bench review lock docs
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.installed ## Start the lab and deploy the dev stack to it
	$(BIN)/mlops lab up
	$(BIN)/mlops up

test: $(VENV)/.installed-dev lint ## Run the linters and every test (in a lab of their own), one process per core
	$(BIN)/pytest --numprocesses auto --dist loadscope

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(VENV)/.installed ## Run a real training job on the lab and log it to MLflow
	$(BIN)/mlops train examples/train.py

down: $(VENV)/.installed ## Stop the lab; its data stays
	$(BIN)/mlops lab down

purge: $(VENV)/.installed ## Stop the lab and remove its data
	$(BIN)/mlops lab down --purge

bench: $(VENV)/.installed-dev ## Run the benchmarks and print their table
	$(BIN)/python -m benchmarks

review: ## Review what this branch changes against BASE (origin/main)
	@ci/review.sh install
	@mkdir -p build && ci/review.sh plan build/review.md; code=$$?; cat build/review.md; exit $$code

lock: $(VENV)/.installed-dev ## Renew the locks from the requirement files
	@for name in requirements requirements-dev lab/requirements/mlflow lab/requirements/gate; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    $$name.txt -o $$name.lock || exit 1; done

docs: $(VENV)/.installed-dev ## Generate the settings schema and the policy reference
	$(BIN)/python -m config.jsonschema > docs/settings.schema.json
	cd policy-packs && ../$(BIN)/python -m controls.reference > ../docs/policies.md

# The program, the command line and the lab; the editable install puts `mlops` into the environment.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed (make PYTHON=python3.12 ...)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the Python packages into $(VENV) (about a minute, once) ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the tools for tests into $(VENV) ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
