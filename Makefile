# make demo: run the demo.  make test: run the tests.  make lint: check style and types.  make clean: remove caches and builds.
# make docs: build the documentation site in site/.
# make check: run all checks (about an hour); needs network access and 15 GB of disk space.
# make gpu: GPU tests, speed and small tables with PYTHON on a machine with a GPU, without installing anything; see CONTRIBUTING.md.
# All other targets use a virtual environment in .venv; for another one: make test VENV=/tmp/env.  Python: make test PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
STAMP := $(VENV)/.installed
PYTEST_ARGS ?=
OUT ?= gpu_results
GPU_ARGS ?=
EXTRAS := dev,docs,poses,tracking,web

.PHONY: demo test check lint docs clean gpu

demo: $(STAMP)
	@$(VENV)/bin/python tools/check_system.py
	@$(VENV)/bin/mmmtl demo

# One thread per worker: the tests are small, and more threads would compete for the cores. If a GPU is available, the GPU
# tests run afterwards, in one process.
test: $(STAMP)
	@$(VENV)/bin/python tools/check_system.py
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)
	@! $(VENV)/bin/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || \
	  $(VENV)/bin/python -m pytest $(PYTEST_ARGS) -m gpu || test $$? -eq 5  # 5: no test was collected

# Installs every extra, so a test may be skipped only because a GPU, Slurm or a browser is missing; other skips are errors.
check: $(STAMP)
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@$(VENV)/bin/python tools/check_system.py
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --few-skips -m '' $(PYTEST_ARGS)
	@$(VENV)/bin/python .ci/check_versions.py

# At most 8 minutes; another call resumes. The first 20 minutes of all calls count.
gpu:
	@$(PYTHON) benchmarks/gpu --out '$(OUT)' $(GPU_ARGS)

lint: $(STAMP)
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

docs: $(STAMP)
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --editable '.[docs]'
	@$(VENV)/bin/python -m mkdocs build --strict --quiet
	@echo 'Built site/index.html; to search it, serve it: $(VENV)/bin/python -m http.server --directory site'

clean:
	@rm -rf build dist site *.egg-info .pytest_cache .ruff_cache
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): setup.py pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: run make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mmmtl needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1): run make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments: install the system package python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV): a few minutes and about 6 GB, once"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@
