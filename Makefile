# What people type. Each target installs what it needs, says so, and does nothing twice.

.PHONY: help run test lint bench wheel lock translations clean
.DEFAULT_GOAL := help

bin := .venv/bin

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: ## from a bare checkout to the sample town on http://127.0.0.1:8000
	@.ci/set-up run
	@$(bin)/gridpatrol demo

test: ## from a bare checkout to all tests passed, on both databases and in a real browser
	@.ci/set-up test
	PYTHONDONTWRITEBYTECODE= $(bin)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: ## style, types, and which layer may import which
	@.ci/set-up test
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports

bench: ## side-by-side figures against other tools, as a table
	@.ci/set-up bench
	$(bin)/python -m tests.bench $(TABLES)

wheel: ## a wheel that carries the browser libraries and the catalogues
	@.ci/set-up test
	$(bin)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

lock: ## bring the lock files up to date with pyproject.toml
	@.ci/set-up test
	@.ci/lock

translations: ## bring the Chinese catalogue up to date with the code and list what waits for a translation
	@.ci/set-up test
	$(bin)/python -m webmap.translate

clean: ## remove what the set-up made (the databases in instance/ stay)
	rm -rf .venv webmap/static/node_modules webmap/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis
