.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
KAFKA_TESTS ?= tests/kafka tests/chassis/test_pipeline.py tests/e2e/test_journey.py tests/e2e/test_faults.py

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.venv/installed: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing what requirements-dev.lock lists (the first time takes a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

install: .venv/installed ## Make the Python environment in .venv

run: .venv/installed ## Start everything on this machine and print the addresses (MPP_PORT, MPP_DATA)
	@$(BIN)/python -m deploy.local

simulate: .venv/installed ## Play a day of 100 visitors against the running system
	@$(BIN)/python -m deploy.simulate $(ARGS)

test: .venv/installed ## Run all tests that need no Docker
	@$(BIN)/python -m pytest -m "not containers and not kafka" $(ARGS)

test-kafka: .venv/installed ## Run the fault tests on Apache Kafka itself, and who may do what there (MPP_TEST_KAFKA=3 brokers)
	@MPP_TEST_KAFKA=$${MPP_TEST_KAFKA:-1} $(BIN)/python -m pytest $(KAFKA_TESTS) $(ARGS)

test-containers: .venv/installed ## Run the end-to-end tests on apache/kafka and mongo (needs Docker)
	@$(BIN)/python -m pytest -m containers $(ARGS)

fuzz: .venv/installed ## Try 3,000 odd requests per service (MPP_FUZZ_CASES); writes what it found to build/fuzz-….txt
	@MPP_FUZZ_CASES=$${MPP_FUZZ_CASES:-3000} $(BIN)/python -m pytest -q --show-capture=no tests/security/test_fuzz.py $(ARGS)

bench: .venv/installed ## Measure: starts its own system, prints a table, writes build/bench.json
	@mkdir -p build
	@$(BIN)/python -m deploy.bench --json build/bench.json $(ARGS)

lint: .venv/installed ## Check style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

secrets: .venv/installed ## Make what docker compose needs, in deploy/secrets: keys, passwords, a certificate (HOSTS=name,address)
	@$(BIN)/python -m deploy.make_secrets $${MPP_SECRETS:-deploy/secrets} $(if $(HOSTS),--host $(HOSTS))

lock: .venv/installed ## Resolve the dependencies of pyproject.toml anew and write both lock files
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o deploy/requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment, caches and local data
	rm -rf .venv .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help install run simulate test test-kafka test-containers fuzz bench lint secrets lock clean
