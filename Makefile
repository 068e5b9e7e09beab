# Two commands: `make run` and `make test`. `make help` lists the rest.
# Needs Debian (or alike) with Python 3.11 or later, git and make; everything else is installed into
# .venv from the lock files. Override: PYTHON=/path/to/python3 VENV=/path ARGS="..."

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# Most of what is installed is compiled when it is first imported (install_lock): once, where that is kept.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
ARGS ?=
PY := $(VENV)/bin/python
# --no-deps: the lock is complete. Hashes and versions come from it, so whatever index pip is set to use
# can only serve these very files.
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --retries 5 --no-deps --require-hashes

.NOTPARALLEL:
.PHONY: help run install test lint unit browser-deps bench trust lock advisories clean venv runtime

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: runtime ## serve on http://127.0.0.1:8050 (makes demonstration data when there is none)
	@exec $(PY) -m app run $(ARGS)

install: venv ## install everything that development needs into .venv
	@if ! cmp -s requirements-dev.lock $(VENV)/installed.lock; then
		$(call install_lock,requirements-dev.lock,--no-compile)
	fi

test: install browser-deps lint unit ## check style, types and import rules, then run every test

lint: install
	@$(PY) -m ruff check .
	$(PY) -m ruff format --check --quiet .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-cache

# Browser tests wait more than they compute: one process more than there are processors, and a file's
# tests stay together, since they share its servers. TESTERS=0 runs one after the other in this process.
TESTERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 1) < 4 ? $$(nproc 2>/dev/null || echo 1) + 1 : 4 )))

unit: install
	@$(PY) -m pytest -n $(TESTERS) --dist loadfile $(ARGS)

bench: install ## measure the data layer against its alternatives (first time: about 10 minutes, 3 GB)
	@$(PY) -m benchmarks $(ARGS)

trust: install ## the long runs against faults, hostile input and crowds; writes docs/trust.md (hours)
	@$(PY) -m pytest -q -m long
	$(PY) -m tests.trust $(ARGS)

lock: venv ## resolve the newest allowed dependencies into the lock files (UPGRADE= keeps what still fits)
	@$(PY) -m pip install --quiet --disable-pip-version-check --target $(VENV)/uv --upgrade uv
	compile() { $(VENV)/uv/bin/uv pip compile --no-config --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet "$$@"; }
	compile $(UPGRADE) pyproject.toml -o requirements.lock
	# The development lock starts from the runtime's versions and leaves them only where it must.
	cp requirements.lock requirements-dev.lock
	compile pyproject.toml --group dev -o requirements-dev.lock
UPGRADE ?= --upgrade

# Tools with packages of their own, beside what is locked.
ADVISORIES ?= $(VENV)/advisories

advisories: venv ## look up known weaknesses of what is locked, and list it as var/sbom.json (needs a network)
	@if [ ! -x $(ADVISORIES)/bin/pip-audit ] || [ ! -x $(ADVISORIES)/bin/cyclonedx-py ]; then
		$(PY) -m venv $(ADVISORIES)
		$(ADVISORIES)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit cyclonedx-bom
	fi
	mkdir -p var
	$(ADVISORIES)/bin/cyclonedx-py requirements requirements.lock --of JSON -o var/sbom.json
	$(ADVISORIES)/bin/python .ci/advisories.py $(ARGS)

clean: ## remove .venv and everything generated, but not the lake
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build ./*.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# installed.lock is a copy of the lock that .venv holds; it goes before an install begins and comes back
# when it is complete, so that an interrupted install is never taken for a finished one.
# $(1) the lock, $(2) more options. Development compiles modules when they are first imported: most of what is
# installed never is, and compiling it all takes a third of the time.
define install_lock
	echo "Installing $(1) into $(VENV) (once)"
	rm -f $(VENV)/installed.lock
	for try in 1 2 3; do
		if $(PIP_INSTALL) $(2) -r $(1); then cp $(1) $(VENV)/installed.lock; break; fi
		if [ $$try = 3 ]; then echo "The dependencies could not be installed: see pip's message above." >&2; exit 1; fi
		echo "Trying again" >&2; sleep 5
	done
endef

runtime: venv
	@if ! cmp -s requirements-dev.lock $(VENV)/installed.lock && ! cmp -s requirements.lock $(VENV)/installed.lock; then
		$(call install_lock,requirements.lock)
	fi

venv:
	@if $(PY) -c 'import pip' 2>/dev/null; then exit 0; fi
	python=""
	for candidate in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi
	done
	if [ -z "$$python" ]; then
		echo "NEMDesk needs Python 3.11 or later: apt-get install python3 python3-venv, or set PYTHON=/path/to/python3" >&2
		exit 1
	fi
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
		$(call apt_or_say,python3-venv,Python's venv module is missing)
	fi
	rm -rf $(VENV)
	"$$python" -m venv $(VENV)

browser-deps:
	@if command -v chromedriver >/dev/null && command -v chromium >/dev/null; then exit 0; fi
	if command -v chromedriver >/dev/null && command -v google-chrome >/dev/null; then exit 0; fi
	$(call apt_or_say,chromium chromium-driver fonts-liberation,The browser tests need Chromium and its driver)

# $(1) packages, $(2) what is missing: installs them where that is allowed, else says what to type.
define apt_or_say
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "$(2): installing $(1)"
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(1) >/dev/null
	else
		echo "$(2). Install it, then try again:" >&2
		echo "    sudo apt-get install $(1)" >&2
		exit 1
	fi
endef
