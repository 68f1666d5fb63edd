# Two commands are enough from a fresh clone: `make demo` and `make test`.
.POSIX:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test realtime check lint bench clean

help:
	@echo "make demo   set up, compose a song, make its show, write video, picture and page to beatomizer-demo/"
	@echo "make test      set up, run the tests"
	@echo "make realtime  set up, run the tests that keep time with a real clock: sound cards, lamps, faults"
	@echo "make check  set up, ruff, mypy --strict, tests"
	@echo "make bench  set up, print the measured numbers of the README (slow; uses librosa as a peer)"
	@echo "make clean  remove what the commands above made"

demo: $(VENV)/core
	$(BIN)/beatomizer demo

test: $(VENV)/dev
	$(BIN)/pytest --numprocesses auto --dist loadfile -m "not realtime"

# One at a time, because they keep time with real clocks; what a busy machine made late is asked once more.
realtime: $(VENV)/dev
	$(BIN)/pytest -m realtime || $(BIN)/pytest -m realtime --last-failed

check: lint test

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/bench
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) beatomizer-demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamps are files inside the environment; each is made again when the project's requirements change.
# --group needs pip 25.1, newer than the one many Pythons bring.
$(VENV)/core: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Beatomizer needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/python -m pip install --quiet --group dev --editable ".[train,cluster,studio]"
	touch $@

$(VENV)/bench: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --group bench
	touch $@
