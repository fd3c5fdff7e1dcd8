# Two commands do everything on a machine with Python 3.11 or newer, git and make:
#   make corpus   builds the dataset        make test   checks the toolkit
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := build/peers
MUTATION := build/mutation/site
ROUNDS ?= 3
STEPS ?= 1000
SEED ?= 1
MOST ?= 60

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

.PHONY: corpus test lint types pytest soak soak-releases mutants quality sentences bench peers lock clean help

corpus: $(READY)  ## Build the dataset in corpus/ and say how to load it
	dvc repro
	@printf '%s\n' '' \
	  'The dataset is in corpus/. To load it from this folder:' '' \
	  '    $(BIN)/python' \
	  '    >>> from datasets import load_dataset' \
	  '    >>> load_dataset("corpus", split="train")               # documents' \
	  '    >>> load_dataset("corpus", "sentences", split="train")  # also: raw, edits' ''

test: lint types pytest  ## Lint, type check and test the toolkit

lint: $(READY)
	ruff check .
	ruff format --check .

types: $(READY)
	mypy

pytest: $(READY)
	python -m pytest -n auto --dist loadfile

soak: $(READY)  ## Run the property tests on many more examples, other ones each time (about 20 minutes)
	COPYDESK_HYPOTHESIS=soak python -m pytest -q -k 'not speed' tests/test_text.py tests/test_shards.py tests/cleaning tests/sentences

soak-releases: $(READY)  ## Take a thousand random steps at a corpus and its releases, against a plain model (about half an hour)
	python benchmarks/soak/releases.py --steps $(STEPS) --seed $(SEED)

mutants: $(READY) $(MUTATION)  ## See how many small mistakes in texts, shards and releases the tests tell (hours)
	PYTHONPATH=$(MUTATION) python benchmarks/mutation/run.py --most $(MOST)

quality: $(READY)  ## Score the cleaner and the splitter on real text whose truth is known
	python benchmarks/quality/score_cleaning.py
	python benchmarks/quality/score_sentences.py

sentences: $(READY) $(PEERS)  ## Score the splitter beside other libraries, and its speed
	python benchmarks/quality/score_sentences.py --peers $(PEERS)
	python benchmarks/speed/sentences.py --peers $(PEERS)

bench: $(READY) peers  ## Measure builds beside other tools, by size, by part; write docs/performance.md (about an hour)
	python benchmarks/speed/compare.py --rounds $(ROUNDS)
	python benchmarks/speed/build.py
	python benchmarks/speed/page.py
	python benchmarks/speed/cleaning.py
	python benchmarks/speed/sentences.py
	python benchmarks/speed/describe.py
	python benchmarks/speed/duplicates.py
	python benchmarks/speed/increments.py

peers: $(READY)  ## Install the tools that bench measures, each into an environment of its own below build/
	-python benchmarks/speed/environments.py

lock: $(READY)  ## Resolve requirements.lock anew from pyproject.toml
	python -m pip install --quiet uv
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade --quiet -o requirements.lock

clean:  ## Remove what is made anew: finished shards, caches, plots; not the dataset
	rm -rf build dvc_plots .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

# A virtual environment with exactly the packages that requirements.lock names, and this package.
$(READY): requirements.lock pyproject.toml
	@PATH='$(SYSTEM_PATH)' $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'copydesk needs Python 3.11 or newer; set PYTHON, as in: make PYTHON=python3.12 corpus'; exit 1; }
	PATH='$(SYSTEM_PATH)' $(PYTHON) -m venv --clear .venv
	python -m pip install --quiet --require-hashes -r requirements.lock
	python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

# Other libraries, only to be measured: in a folder that nothing else looks into.
$(PEERS): benchmarks/quality/peers.txt
	python -m pip install --quiet --upgrade --target $(PEERS) -r benchmarks/quality/peers.txt
	@touch $(PEERS)

# The operators of mutmut and what they stand on, without its runner and its screens.
$(MUTATION): benchmarks/mutation/requirements.txt
	python -m pip install --quiet --upgrade --require-hashes --no-deps --target $(MUTATION) -r benchmarks/mutation/requirements.txt
	@touch $(MUTATION)
