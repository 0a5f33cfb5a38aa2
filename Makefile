# The doors of the project: each target says what it gives.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --extra build --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Tests make hundreds of small databases: in memory, where there is room for them.
MEMORY := $(shell df --output=avail -k /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 { print "/dev/shm" }')
# Four workers on two cores: they wait for servers much of the time. A module's tests share what they start.
WHOLE_SUITE := $(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/pytest --numprocesses 4 --dist loadscope --no-loadscope-reorder
# The rooms whose tests need neither Dagster nor another process.
FAST := $(wildcard $(addprefix npf_pipelines_tests/,config domain rules cscart lake reports platform state))

.PHONY: install production demo dev test test-fast test-ui coverage test-newest-dagster faults hostile day cluster sizes lint docs licences lock clean

install: .venv/installed ## the environment in .venv, from the lock file, with the tools of tests and style

.venv/installed: requirements-dev.lock pyproject.toml
	$(call fill,requirements-dev.lock)

production: .venv/production ## the environment in .venv with what runs need, and nothing else; in a folder without one

.venv/production: requirements.lock pyproject.toml
	$(call fill,requirements.lock)

define fill
$(PYTHON) -m venv .venv
$(BIN)/pip install --quiet --no-deps --require-hashes --requirement $(1)
$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
touch $@
endef

demo: install ## the whole loop once, against the sandbox
	$(BIN)/npf demo

dev: install ## sandbox, warehouse floor and Dagster's UI on 127.0.0.1:3000, until interrupted
	$(BIN)/npf dev

test: install ## the whole suite; the programs that it needs are installed where that asks nobody anything
	$(BIN)/python -m npf_pipelines_tests.machine
	$(WHOLE_SUITE)

coverage: install ## the whole suite as `make test` runs it, and what of the branches it leaves out; fails below the gate
	$(BIN)/python -m npf_pipelines_tests.machine
	$(WHOLE_SUITE) --cov

test-fast: install ## rules, store client, lake, reports, and the platform on SQLite: under a minute
	$(BIN)/pytest --numprocesses 2 -m "not long and not postgresql" $(FAST)

test-ui: install ## clicks through Dagster's UI; the reports' pages in a browser, checked by axe-core
	$(BIN)/pytest npf_pipelines_tests/ui npf_pipelines_tests/test_pages_in_browser.py

test-newest-dagster: .venv/installed ## the contract with Dagster against its newest release, in a throw-away environment
	set -e; venv=$$(mktemp -d); trap 'rm -rf "$$venv"' EXIT; \
		$(PYTHON) -m venv "$$venv"; \
		"$$venv/bin/pip" install --quiet --no-deps --require-hashes --requirement requirements-dev.lock; \
		"$$venv/bin/pip" install --quiet --upgrade dagster; \
		PYTHONPATH=. "$$venv/bin/pytest" npf_pipelines_tests/runs/test_dagster_internals.py

faults: install ## the long fault campaigns: thousands of shipments and amounts, hundreds of kills
	$(BIN)/python -m npf_pipelines_tests.faults

hostile: install ## 10,000 hostile answers on a raw socket; then an hour of sweeps, with bad stores beside ten good ones and without
	$(BIN)/python -m npf_pipelines_tests.hostile

day: install ## first starts and kills at work, then 24 simulated hours of 20 clients, with events, outages, killed runs
	$(BIN)/pytest -m long
	$(BIN)/python -m npf_pipelines_tests.day

cluster: install ## Prometheus; two Celery workers over Redis, PostgreSQL and S3: cells, then workers killed in mid-push, 20 times
	$(BIN)/python -m npf_pipelines_tests.machine cluster
	$(BIN)/pytest -m long npf_pipelines_tests/deploy npf_pipelines_tests/cluster
	$(BIN)/python -m npf_pipelines_tests.cluster

sizes: install ## two hours on a quiet machine: 20,000 orders, two workers beside one, four idle cells, a cell of 250 clients at work
	$(BIN)/python -m npf_pipelines_tests.machine cluster
	failed=0; for size in orders workers "cells --idle 4" cells; do $(BIN)/python -m benchmarks.$$size || failed=1; done; exit $$failed

lint: install ## style, types, the arrows between the rooms, and no private words in prose
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m npf_pipelines_tests.prose

docs: install ## the documentation as a site in site/, every link checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

licences: install ## the licence of each package that production gets
	$(BIN)/python -m npf_pipelines_tests.licences

lock: ## the newest versions that pyproject.toml allows, with hashes; what both lock files have is the same in both
	$(COMPILE) --upgrade --output-file requirements.lock pyproject.toml
	$(COMPILE) --upgrade --extra dev --extra cluster --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean: ## forget the environment and what a build left; what is in data/ stays
	rm -rf .venv build dist
