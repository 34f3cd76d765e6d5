# Every target bootstraps what it needs; the second time is quick.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := demo
WORLDS := 2000
FROM := 0
SIZE := 5M
export DAGSTER_DISABLE_TELEMETRY := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup run test fuzz mutation lint ui bench docs faults clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@set -e; python=""; \
	for name in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if "$$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python="$$name"; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Holdfast needs Python 3.11 or newer (python3.11, python3.12, python3.13 or python3 on the PATH, or make PYTHON=...)." >&2; exit 1; fi; \
	echo "making $(VENV) with $$("$$python" --version), a minute or two the first time"; \
	"$$python" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEMO)/holdfast.toml: | $(STAMP)
	$(BIN)/holdfast demo $(DEMO)

run: $(STAMP) $(DEMO)/holdfast.toml
	$(BIN)/holdfast run --config $(DEMO)/holdfast.toml

test: $(STAMP)
	$(BIN)/python -m pytest -n auto $(ARGS)

fuzz: $(STAMP)
	HOLDFAST_WORLDS=$(WORLDS) HOLDFAST_WORLDS_FROM=$(FROM) POLARS_MAX_THREADS=1 \
	  $(BIN)/python -m pytest -n auto -o tmp_path_retention_policy=none -k random tests/oracle/test_oracle.py $(ARGS)

mutation: $(STAMP)
	POLARS_MAX_THREADS=1 $(BIN)/python -m tests.mutation $(MODULES)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ui: $(STAMP) $(DEMO)/holdfast.toml
	$(BIN)/holdfast ui --config $(DEMO)/holdfast.toml

bench: $(STAMP)
	$(BIN)/python -m tests.bench.kernels --size $(SIZE) --page docs/performance.md $(ARGS)

docs: $(STAMP)
	$(BIN)/python -m pipelines.dictionary docs/tables.md
	$(BIN)/python -m tests.correctness
	$(BIN)/python -m tests.mutation --page

faults: $(STAMP)
	$(BIN)/python -m tests.faults.catalogue
	HOLDFAST_FAULTS=all $(BIN)/python -m pytest tests/faults

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
