# Bare `make` explains itself. Every path is relative, so that a checkout may lie in a folder with spaces in its name.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup lint check test test-all test-cluster package demo docs truth attacks bench lock clean

export SPARK_LOCAL_IP := 127.0.0.1
export PYTHONHASHSEED := 0
# another Spark of this machine must not take the place of the environment's own
unexport SPARK_HOME SPARK_CONF_DIR PYTHONPATH

PY := .venv/bin/python
DIST := dist
NO_JVM := not spark and not delta and not cluster and not realdata and not bench

help:  ## Explain the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ready  ## Make .venv with the command kloutspark and Delta's jars; PYTHON=... chooses the interpreter.

# Java is looked for before the long download. Packages come from the lock alone, the jars once, into the environment.
.venv/.ready: requirements.lock pyproject.toml
	@set -euo pipefail; \
	if [ -n "$${PYTHON:-}" ]; then set -- "$$PYTHON"; else set -- python3.12 python3.11 python3; fi; \
	wanted='import sys, ensurepip, venv; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))'; \
	python=; for one in "$$@"; do if "$$one" -c "$$wanted" 2>/dev/null; then python=$$one; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "Python: expected 3.11 or 3.12 with its venv module, found none that runs among: $$*." \
			"Install one, for example: apt-get install python3.11 python3.11-venv; or name one: make setup PYTHON=/path/to/python3.12." >&2; \
		exit 3; \
	fi; \
	"$$python" -m kloutspark.storage.jars --java-only; \
	version='import sys, pip; print(sys.version_info[:2])'; \
	if [ "$$($(PY) -c "$$version" 2>/dev/null)" != "$$("$$python" -c 'import sys; print(sys.version_info[:2])')" ]; then \
		"$$python" -m venv --clear .venv; \
	fi; \
	echo "Installing into .venv with $$python; about a minute with packages cached."; \
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock; \
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	$(PY) -m kloutspark.storage.jars; \
	touch .venv/.ready

lint: setup  ## Lint, format, types and import arrows.
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	.venv/bin/lint-imports

check: lint  ## All of lint and the tests that need no JVM; under a minute.
	$(PY) -m pytest -q -m "$(NO_JVM)"

test: setup  ## Run every test; real-data tests need KLOUTSPARK_DATA_DIR, else they skip and say where the data is.
	$(PY) -m pytest -n 3 --dist loadscope --no-loadscope-reorder --durations 15 -m "not bench"

test-all: setup  ## Run every test and what only measures.
	$(PY) -m pytest -n 3 --dist loadscope --no-loadscope-reorder

test-cluster: setup  ## Ingest, score and backfill by spark-submit on a master and two workers; part of make test.
	$(PY) -m pytest -q tests/cluster

# A wheel does not reach executors by its own name, a .zip does; a cluster's Spark has no Delta, so its two jars go along.
package: setup  ## Put what spark-submit takes into dist/: kloutspark.zip, Delta's jars, jobs/ (docs/deploy.md).
	@set -euo pipefail; mkdir -p "$(DIST)"; rm -rf "$(DIST)"/kloutspark-*.whl "$(DIST)"/delta-s*.jar "$(DIST)/jobs"; \
	$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$(DIST)" .; \
	cp "$(DIST)"/kloutspark-*.whl "$(DIST)/kloutspark.zip"; \
	cp .venv/lib/python3.*/site-packages/pyspark/jars/delta-s[pt]*.jar "$(DIST)"; \
	mkdir "$(DIST)/jobs"; cp jobs/*.py "$(DIST)/jobs"

demo: setup  ## Make demo data, score it day by day, show the highest scores.
	.venv/bin/kloutspark demo

docs: setup  ## Write docs/signals.md and figures again from conf/, docs/promises.md from what its tests measure.
	.venv/bin/kloutspark signals --page > docs/signals.md
	$(PY) docs/figures/draw.py
	@set -e; measured=$$(mktemp -d); trap 'rm -rf "$$measured"' EXIT; \
	KLOUTSPARK_PROMISES="$$measured" $(PY) -m pytest -q tests/promises; \
	$(PY) -m tests.promises.page "$$measured" > docs/promises.md

truth: setup  ## Hold the score against the future of every real data set: docs/truth.md; KEPT=... resumes.
	@set -e; page=$$(mktemp); trap 'rm -f "$$page"' EXIT; \
	$(PY) -m tests.truth --kept "$(or $(KEPT),truth-results)" > "$$page"; cp "$$page" docs/truth.md

attacks: setup  ## Measure what fakes buy, hours, and write docs/attacks.md and its plot; KEPT=... resumes.
	$(PY) -m tests.attacks "$(or $(KEPT),attack-results)"

bench: setup  ## Measure a small day against what one would pick instead; decides nothing; ARGS=... as of tests.bench.
	$(PY) -m tests.bench $(ARGS)

lock:  ## Renew requirements.lock from pyproject.toml, keeping versions that still fit; UPGRADE=1 takes the newest.
	@set -euo pipefail; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PY) -m venv "$$scratch/venv"; \
	"$$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	echo 'editables~=0.5  # what hatchling needs for --editable' > "$$scratch/editable.in"; \
	"$$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --all-extras \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(if $(UPGRADE),--upgrade) \
		--output-file requirements.lock pyproject.toml "$$scratch/editable.in"; \
	if grep -n '://' requirements.lock; then echo "requirements.lock holds an address" >&2; exit 1; fi

clean:  ## Remove the environment and caches; scores and input tables stay.
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist spark-warehouse metastore_db derby.log
