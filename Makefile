# Every target makes what it needs first; `make demo` and `make test` each work as the first command on a clean clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo up test lint generate bench chaos-custody

ARGS ?=
MINUTES ?= 10
SEED ?=
PYTEST_ARGS ?= -n 2 --dist worksteal
PAYMENTS ?= 200
PYTHON_IN_VENV := .venv/bin/python

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## one transfer through the fourteen steps on a local chain (ARGS="--json FILE" for data)
	@tools/bootstrap product
	@.venv/bin/strongroom demo $(ARGS)

up: ## the custody side on this machine until Ctrl-C (ARGS="--data DIR --port N --ready-file FILE")
	@tools/bootstrap product
	@.venv/bin/strongroom up $(ARGS)

test: ## every gate, then every test, two at a time (PYTEST_ARGS="-k words" in place of that)
	@tools/bootstrap develop
	@$(PYTHON_IN_VENV) -m tools.lint --without tidy
	@$(PYTHON_IN_VENV) -m pytest $(PYTEST_ARGS)

lint: ## every gate: format, lint, types, architecture, migrations, generated files, house rules
	@tools/bootstrap develop
	@$(PYTHON_IN_VENV) -m tools.lint

generate: ## write what is derived: gRPC stubs, documents, schemas
	@tools/bootstrap develop
	@$(PYTHON_IN_VENV) -m tools.generate $(ARGS)

bench: ## the figures, as a table and JSON
	@tools/bootstrap develop
	@$(PYTHON_IN_VENV) -m bench $(ARGS)

chaos-custody: ## kill custody's processes for MINUTES=n under PAYMENTS=n, audited; SEED=s repeats a run's kills
	@tools/bootstrap develop
	@$(PYTHON_IN_VENV) -m tests.flows.crash.chaos --minutes $(MINUTES) --payments $(PAYMENTS) $(if $(SEED),--seed $(SEED))
