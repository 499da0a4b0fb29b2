# Two commands on a fresh machine: make demo, make test.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin

.PHONY: demo test check bench fuzz docs setup clean

demo: .venv/run.stamp
	$(BIN)/stargas demo

test: .venv/dev.stamp
	$(BIN)/python -m pytest $(TESTS)

check: .venv/dev.stamp
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev.stamp
	$(BIN)/python -m pytest benchmarks -n 0 -m ""
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/page.py

fuzz: .venv/dev.stamp
	$(BIN)/python -m tests.fuzz --inputs 100000 --seed 1 --out fuzz

docs: .venv/dev.stamp
	$(BIN)/sphinx-build -W -n -q $(SPHINX) -b html docs docs/_build/html

setup: .venv/dev.stamp

.venv/run.stamp: pyproject.toml
	@echo "Setting up .venv, 1.6 GB with the CPU build of torch. The downloads take minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[training]"
	touch $@

.venv/dev.stamp: .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

clean:
	rm -rf .venv demo docs/_build
