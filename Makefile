# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test browser coverage lint docs dist bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# modules are compiled when they are first imported, which most of those installed never are
$(VENV)/.core: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --no-compile --editable .
	touch $@

$(VENV)/.%: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	touch $@

demo: $(VENV)/.core  ## run the main experiment; ends with the path of its figure
	$(BIN)/remodel run experiments/01_anastrozole/experiment.toml

test: $(VENV)/.test  ## run the tests (SLOW=1 adds the slow ones)
	$(BIN)/python -m pytest $(if $(SLOW),--slow) $(ARGS)

browser: $(VENV)/.browser  ## test the explorer in Chromium
	$(BIN)/python -m pytest --browser tests/browser $(ARGS)

coverage: $(VENV)/.test  ## run the tests and say which lines and branches none of them took
	$(BIN)/python -m pytest -n auto --cov --cov-report=term $(if $(SLOW),--slow) $(ARGS)

lint: $(VENV)/.lint  ## style, types, layers, dependencies, docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/numpydoc lint $$(git ls-files 'src/*.py')
	$(BIN)/python docs/developers/structure.py --check

docs: $(VENV)/.docs  ## build the documentation; warnings are errors
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

dist: $(VENV)/.dist  ## build sdist and wheel, check both, try the wheel in clean environments
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python .ci/check_dist.py dist

bench: $(VENV)/.bench  ## compare solvers side by side
	$(BIN)/python benchmarks/run_all.py

clean:
	rm -rf $(VENV) dist docs/_build docs/_generated .pytest_cache .mypy_cache .ruff_cache
