# Every target sets up what it needs: `make demo` and `make test` work on a fresh clone with
# nothing but Python 3.11 or newer and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= 2

.DEFAULT_GOAL := help
BENCHMARKS := $(shell grep -oE '^bench-[a-z-]+' $(MAKEFILE_LIST))
.PHONY: help setup demo test check format lint types docs messages slow repro notebooks bench $(BENCHMARKS) fuzz-bundle package-test lock clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: $(READY)  ## Build .venv from the pinned, hashed lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'import lightgbm' || (echo "LightGBM needs the system library libgomp; on Debian: apt-get install libgomp1" >&2; exit 1)
	@touch $@

demo: setup  ## The whole job on simulated data, into demo/
	$(BIN)/targeting demo --output demo

test: setup  ## Fast tests and doctests
	$(BIN)/pytest -q -n $(WORKERS)

check: setup lint types slow notebooks repro  ## Everything else CI runs: style, types, rooms, docs, slow tests, notebooks, dvc

format: setup  ## Put the code in shape
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lint: setup  ## Style, rooms, docstrings, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/numpydoc lint $$(find src -name '*.py' ! -path '*/cli/*' | sort)
	$(BIN)/python -m targeting.docs --check

types: setup  ## Static types
	$(BIN)/pyright

docs: setup  ## Write the generated pages of docs/
	$(BIN)/python -m targeting.docs

messages: setup  ## Bring the catalogues of languages up to date with the code
	$(BIN)/python -m targeting.language.messages

slow: setup  ## Tests that take minutes
	$(BIN)/pytest -q -m "slow" -n $(WORKERS) --ignore tests/notebooks

notebooks: setup  ## Run every notebook
	$(BIN)/pytest -q -m "slow" -n $(WORKERS) tests/notebooks

repro: setup  ## Run the pipeline of dvc.yaml
	$(BIN)/dvc repro
	$(BIN)/dvc metrics show

bench: setup $(BENCHMARKS)  ## Every benchmark

bench-ablation: setup  ## What each part of the model is worth: three simulated worlds, an hour
	$(BIN)/python -m benchmarks.ablation

bench-batch: setup  ## Batch scoring beside LightGBM's own predict: ten million declarations
	$(BIN)/python -m benchmarks.batch

bench-cold-start: setup  ## What the expert score finds while hits are few
	$(BIN)/python benchmarks/cold_start.py

bench-coverage: setup  ## Whether the intervals of estimators hold the truth: sixty simulated worlds
	$(BIN)/python -m benchmarks.coverage

bench-explain: setup  ## Speed of contributions: one line, and a hundred thousand beside LightGBM and woodelf
	@$(BIN)/python -c 'import woodelf' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check woodelf_explainer==0.4.8
	$(BIN)/python -m benchmarks.explain

bench-evidence: setup  ## In which space past lines are most telling, and what histories cost
	$(BIN)/python -m benchmarks.evidence

bench-features: setup  ## Speed of the features beside pandas, DuckDB and Polars: ten million declarations
	@$(BIN)/python -c 'import polars' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check polars==2.1.0
	$(BIN)/python -m benchmarks.features
	$(BIN)/python -m benchmarks.features --sizes 2500000 10300000 24700000

bench-kcs: setup  ## Real benchmark data: writes docs/benchmarks/kcs.md
	$(BIN)/python benchmarks/kcs.py

fuzz-bundle: setup  ## Thousands of damaged bundles: each refused, or scoring as packaged
	$(BIN)/python -m benchmarks.fuzz_bundle

package-test: setup  ## A package with every library: fetched, installed without an index, scoring
	TARGETING_PACKAGE_FULL=1 $(BIN)/pytest -q -m slow tests/deploy

bench-pointing: setup  ## Whether reasons point to what was hidden: three simulated worlds
	$(BIN)/python -m benchmarks.pointing

bench-online: setup  ## Online scoring beside mlflow models serve: ten million declarations
	$(BIN)/python -m benchmarks.online

bench-online-crash: setup  ## Kill a writer of living profiles thirty times, and count its events
	$(BIN)/python -m benchmarks.online_crash

bench-online-store: setup  ## Speed of living profiles in a database: two million keys
	$(BIN)/python -m benchmarks.online_store

bench-profiles: setup  ## Speed of a roll: one day more onto ten million declarations
	$(BIN)/python -m benchmarks.profiles

bench-reasons: setup  ## Whether reasons are faithful, true to what was planted, and stable: six simulated worlds
	$(BIN)/python -m benchmarks.reasons

bench-replay: setup  ## Speed of the profile replay
	$(BIN)/python benchmarks/replay.py

bench-simulate: setup  ## Speed and memory of the simulator: ten million declarations
	$(BIN)/python benchmarks/simulate.py

bench-training: setup  ## Time and memory of training: a million rows of every feature
	$(BIN)/python -m benchmarks.training

lock: setup  ## Pin the newest versions that fit pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-annotate --no-header --extra dev --extra dvc --extra postgres pyproject.toml -o requirements.lock

clean:  ## Remove what was made
	rm -rf .venv demo build .pytest_cache .ruff_cache .hypothesis
