# Everything here is Python in .venv; `make help` lists what there is. Extra arguments: make up ARGS=…
.DEFAULT_GOAL := help
PYTHON3 := $(firstword $(foreach name,python3 python,$(shell command -v $(name) 2>/dev/null)))
RUN := .venv/bin/python
STACK := $(RUN) -m stack
ARGS ?=
PROFILE ?=

.PHONY: help setup up demo down status logs test test-unit test-faults check fix lock contracts \
	bench-messaging bench-ledger
.NOTPARALLEL:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Make the environment and the language model (done by the other targets as needed)
	$(if $(PYTHON3),,$(error Frontdesk needs Python 3.11 or newer, and there is no python3 on PATH))
	@$(PYTHON3) tools/setup.py

.PHONY: ready
ready:
	$(if $(PYTHON3),,$(error Frontdesk needs Python 3.11 or newer, and there is no python3 on PATH))
	@$(PYTHON3) tools/setup.py --quiet

up: ready ## Start the stack and leave it running (PROFILE=servers: on Kafka and PostgreSQL)
	@$(STACK) up $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

demo: ready ## Show the whole system at work in a stack of its own, then clean up
	@$(STACK) demo $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

down: ready ## Stop the stack; its data stays
	@$(STACK) down $(ARGS)

status: ready ## Show processes, health and memory (JSON=1 for programs)
	@$(STACK) status $(if $(JSON),--json) $(ARGS)

logs: ready ## Show the logs (ARGS="ledger --follow")
	@$(STACK) logs $(ARGS)

test: ready ## Run every test
	@$(RUN) -m pytest $(ARGS)

test-unit: ready ## Run the tests that need no servers
	@$(RUN) -m pytest -q -m "not integration and not end_to_end and not faults" $(ARGS)

test-faults: ready ## Run every fault scenario on a real Kafka and PostgreSQL (SEED= repeats a run)
	@FRONTDESK_FAULTS=all $(if $(SEED),FRONTDESK_FAULT_SEED=$(SEED)) $(RUN) -m pytest tests/faults/delivery -o faulthandler_timeout=600 $(ARGS)

check: ready ## Format, lint, types, imports, dependencies, unit tests, generated files
	@$(RUN) tools/check.py $(ARGS)

fix: ready ## Format and apply the safe fixes
	@$(RUN) -m ruff format -q .
	@$(RUN) -m ruff check -q --fix .

lock: ready ## Resolve requirements.lock anew (ARGS=--upgrade for newer versions)
	@$(RUN) tools/lock.py $(ARGS)

contracts: ready ## Regenerate the schemas of messages and public API (ARGS="--release 1.4.0" keeps them)
	@$(RUN) -m contracts.generate $(ARGS)
	@$(RUN) tools/openapi.py
	@$(RUN) tools/asyncapi.py

bench-messaging: ready ## Measure delivery beside raw Kafka clients, into benchmarks/results
	@$(RUN) -m benchmarks.messaging $(ARGS)

bench-ledger: ready ## Measure the ledger beside pgbench, into benchmarks/results
	@$(RUN) -m benchmarks.ledger $(ARGS)
