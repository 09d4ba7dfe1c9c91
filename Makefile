PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint bench chaos soak clean

# The stamp is older than pyproject.toml only when what must be installed may have changed.
.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv; the first time this takes a few minutes and about 6 GB, most of it PyTorch"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

run: .venv/.installed
	@$(BIN)/python -m tui

# The tests start the programs many times: where compiled modules are not kept, each start compiles them anew.
test soak chaos: export PYTHONDONTWRITEBYTECODE =
# Four at a time, whatever the number of processors: they wait for each other's programs much of the time.
test: .venv/.installed
	$(BIN)/python -m pytest --numprocesses 4 --dist worksteal

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.installed
	for name in throughput exactness frozen startup dashboard tax drawing saving steering watching journal accuracy preparation settings; do $(BIN)/python -m tests.bench.$$name || exit; done

chaos: .venv/.installed
	$(BIN)/python -m tests.chaos

soak: .venv/.installed
	SOAK_VIEWERS=400 FUZZ_INPUTS=100000 ALL_MODELS=1 SESSIONS=40 DOCKER=1 $(BIN)/python -m pytest \
	  tests/engine/service/remote/test_soak.py tests/engine/service/remote/test_fuzz.py \
	  tests/engine/service/test_sessions.py tests/engine/models/test_models.py tests/test_clusters.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
