# CaseyOS: every target sets up what it needs; all of it stays in this folder.
# Arguments for the command behind a target: make demo ARGS="--port 8000", make test ARGS="-k digest"

.DEFAULT_GOAL := help
.PHONY: help venv demo test check fmt lock migrate setup-demo setup-dev python

ARGS ?=
BIN := .venv/bin

# The first Python that is new enough; another one is chosen with make PYTHON=...
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$python" && break; done)

help: ## show this list
	@echo "CaseyOS, a GTM command center in Slack"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1~/p' Makefile | awk -F '~' '{ printf "%-16s%s\n", $$1, $$2 }'

demo: setup-demo ## run the whole product on this machine and print the address of its page
	@exec $(BIN)/caseyos demo $(ARGS)

test: setup-dev ## run all tests
	@exec $(BIN)/python -m pytest $(ARGS)

check: setup-dev ## what CI runs: format, lint, types, import contracts, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

fmt: setup-dev ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

migrate: setup-demo ## bring the database of CASEYOS_DATABASE_URL to the newest schema
	@exec $(BIN)/caseyos migrate $(ARGS)

venv: setup-dev ## make or renew .venv with everything for development

lock: python ## compile both locks again from pyproject.toml (make lock ARGS=--upgrade)
	@mkdir -p .caseyos && folder=$$(mktemp -d .caseyos/lock.XXXXXX) && trap 'rm -rf "$$folder"' EXIT && \
	echo "lock: installing uv for this run" && \
	$(PYTHON) -m venv "$$folder" && "$$folder/bin/python" -m pip install --quiet uv && \
	for level in "requirements.lock --group build" "requirements-dev.lock --group build --group dev"; do \
		set -- $$level; file=$$1; shift; echo "lock: $$file" && \
		"$$folder/bin/uv" pip compile --quiet --cache-dir "$$folder/cache" --universal --python-version 3.11 \
			--generate-hashes --custom-compile-command "make lock" --no-emit-index-url \
			pyproject.toml "$$@" -o "$$file" $(ARGS) || exit 1; \
	done

setup-demo: python
	@$(PYTHON) .ci/setup.py demo

setup-dev: python
	@$(PYTHON) .ci/setup.py dev

python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || { \
		echo "CaseyOS needs Python 3.11 or newer, which $(or $(PYTHON),no python3 here) is$(if $(PYTHON), not). Install one" \
		"(Debian, Ubuntu: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
