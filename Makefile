# The doors of the project: each target says what it gives.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install demo dev test faults hostile day lint lock clean

install: .venv/installed ## the environment in .venv, from the lock file

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: install ## the whole loop once, against the sandbox
	$(BIN)/npf demo

dev: install ## sandbox, warehouse floor and Dagster's UI on 127.0.0.1:3000, until interrupted
	$(BIN)/npf dev

test: install ## the whole suite; browser and PostgreSQL are installed where that asks nobody anything
	$(BIN)/python -m npf_pipelines_tests.machine
	$(BIN)/pytest --numprocesses 2 --dist loadgroup

faults: install ## the long fault campaigns: thousands of shipments and amounts, hundreds of kills
	$(BIN)/python -m npf_pipelines_tests.faults

hostile: install ## the store's client against 10,000 hostile answers on a raw socket
	$(BIN)/python -m npf_pipelines_tests.hostile

day: install ## kills at work, then 24 simulated hours of 20 clients, with events, outages and killed runs
	$(BIN)/pytest -m long
	$(BIN)/python -m npf_pipelines_tests.day

lint: install ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: ## the newest versions that pyproject.toml allows, with hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" --upgrade --output-file requirements.lock pyproject.toml

clean: ## forget the environment; what is in data/ stays
	rm -rf .venv
