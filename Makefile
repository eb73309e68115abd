# Conveniences; the README's lines do the same without make. Each target makes .venv itself.
# PYTHON is the first of these that tchexnet supports; say `make test PYTHON=python3.12` for another.
supported := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(supported)' 2>/dev/null && echo $$p && exit; done; echo python3)
endif

.PHONY: hello test slow lint bench clean

hello: .venv/run.stamp
	.venv/bin/python hello_CheXNet.py
	.venv/bin/python hello_tCheXNet.py
	.venv/bin/python hello_CheXNet_features.py

test: .venv/test.stamp
	.venv/bin/python -m pytest

slow: .venv/test.stamp
	.venv/bin/python -m pytest -m slow

lint: .venv/dev.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/run.stamp
	.venv/bin/python benchmarks/cold_start.py
	.venv/bin/python benchmarks/bootstrap.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/run.stamp: install = .
.venv/test.stamp: install = .[test]
.venv/dev.stamp: install = .[dev]
.venv/%.stamp: pyproject.toml setup.py requirements.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q -e '$(install)'
	touch $@
