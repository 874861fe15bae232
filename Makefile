# make collect SINCE=2019-01-01 [REPO=owner/name] [ARGS="--limit 100"]
# Every target makes the environment that it needs; PYTHON names another interpreter.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help collect test lint format wheel clean tools test-tools promtool

help:
	@echo 'make collect SINCE=2019-01-01   mine bug fixes into data/miner.db (REPO=owner/name, ARGS="--limit 100")'
	@echo 'make test                       run the tests (ARGS="-k name")'
	@echo 'make lint                       ruff and mypy'
	@echo 'make format                     let ruff put the code into shape'
	@echo 'make wheel                      build dist/*.whl'
	@echo 'make clean                      remove the environment and the caches; data/ stays'

collect: $(VENV)/.installed
	@$(BIN)/miner collect $(if $(SINCE),--since '$(SINCE)') $(foreach repo,$(REPO),--repo '$(repo)') $(ARGS)

test: $(VENV)/.installed-dev test-tools promtool
	@$(BIN)/python -m pytest --numprocesses 3 --dist worksteal $(ARGS)

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

wheel: $(VENV)/.installed-dev
	@$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

tools:
	@command -v git >/dev/null || \
	  { echo 'git is missing. Debian, Ubuntu: apt install git. macOS: xcode-select --install.' >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || \
	  { echo '$(PYTHON) is missing. Debian, Ubuntu: apt install python3 python3-venv. Or: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed; name it: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'Python has no venv module. Debian, Ubuntu: apt install python3-venv.' >&2; exit 1; }

# Data dumps come as 7z archives; the tests make some.
test-tools:
	@command -v 7z >/dev/null || command -v 7zz >/dev/null || command -v 7za >/dev/null || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	    { apt-get install --yes --quiet p7zip-full || { apt-get update --quiet && apt-get install --yes --quiet p7zip-full; }; } >&2; } || \
	  { echo '7z is missing. Debian, Ubuntu: apt install p7zip-full. macOS: brew install p7zip.' >&2; exit 1; }

# Prometheus' own judge of rules, for the tests of the alerts: out of Debian's package, without the server that it
# would start. Where it cannot be had, those tests are skipped.
promtool: $(VENV)/.installed
	@command -v promtool >/dev/null || test -x $(BIN)/promtool || \
	  { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && folder=$$(mktemp -d) && chmod 755 $$folder && \
	    { ( cd $$folder && { apt-get download --quiet prometheus || \
	      { test "$$(id -u)" = 0 && apt-get update --quiet && apt-get download --quiet prometheus; }; } ) >/dev/null 2>&1 && \
	      dpkg-deb --fsys-tarfile $$folder/prometheus_*.deb | tar -xO ./usr/bin/promtool >$$folder/promtool && \
	      chmod 755 $$folder/promtool && mv $$folder/promtool $(BIN)/promtool; status=$$?; rm -rf $$folder; test $$status = 0; }; } || \
	  echo 'promtool cannot be had: the tests of the alerts are skipped. Debian, Ubuntu: apt install prometheus.' >&2

$(VENV)/.installed: pyproject.toml constraints.txt | tools
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade pip
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) --group dev
	@touch $@
