# Two commands do everything on a machine with Python 3.11 or newer, git and make:
#   make corpus   builds the dataset        make test   checks the toolkit
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := build/peers
TOOLS := build/tools
COMPILED := build/compiled
ANNOTATORS := build/annotators
EXPORT_READERS := build/export-readers
FORMATS := build/formats
PRESIDIO := build/presidio
FUZZER := build/fuzz/site
MUTATION := build/mutation/site
ROUNDS ?= 3
FOR ?= 300
STEPS ?= 1000
SEED ?= 1
MOST ?= 60
KILLS ?= 200
# One more than there are cores, because many tests wait for servers and disks.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
# Some images forbid Python to keep compiled modules: then each of the many processes compiles all it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: corpus test lint types pytest slow day soak soak-releases soak-kills soak-clones soak-merges soak-cluster fuzz hostile jsonschema mutants docs compiled \
  surface quality sentences bench peers annotators export-readers load-readers formats presidio audit sbom lock findings neighbours clean help docs-rules

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

# What takes minutes by itself has a target of its own: day, compiled, slow.
pytest: $(READY)
	python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
	  --ignore tests/pipeline/test_steward_day.py --ignore tests/pipeline/test_compiled.py

slow: $(READY)  ## See how time and memory grow on hostile input; try benchmarks, soak, fuzzer, Ray and a plug-in for a moment (about 5 minutes)
	python -m pytest -q -n $(WORKERS) -m slow

day: $(READY)  ## Go through a steward's day: 300 files, decisions in a browser, two clones, three releases, a purge (about 3 minutes)
	python -m pytest -q -n 0 tests/pipeline/test_steward_day.py

soak: $(READY)  ## Run the property tests on many more examples, other ones each time (about 20 minutes)
	COPYDESK_HYPOTHESIS=soak python -m pytest -q -k 'not speed' tests/test_text.py tests/tables/test_shard_cutting.py \
	  tests/cleaning tests/sentences tests/validation/test_fast_schema_check.py

fuzz: $(READY) $(FUZZER)  ## Try readers, cleaner, splitter, validator, pages and outputs on hostile inputs (FOR=300 seconds for each)
	python tests/fuzz/run.py --seconds $(FOR)

jsonschema: $(READY)  ## Run the JSON Schema Test Suite (SUITE=folder, a checkout of it) on the validators of rows and columns
	python benchmarks/json_schema/suite.py $(SUITE)
hostile: $(READY)  ## See that readers take linear time and flat memory on a hundred shapes of seeds (about 5 minutes)
	python benchmarks/hostile/readers.py

soak-releases: $(READY)  ## Take a thousand random steps at a corpus and its releases, against a plain model (about half an hour)
	python benchmarks/soak/soak.py --steps $(STEPS) --seed $(SEED)

soak-kills: $(READY)  ## Kill releases, purges and publishing at random moments, and see that nothing is lost (about an hour)
	python benchmarks/soak/kills.py --kills $(KILLS) --seed $(SEED)

soak-cluster: $(READY)  ## Lose nodes and workers of a Ray cluster in the middle of builds (about 10 minutes)
	python -m pytest -q -m cluster tests/engines/test_ray.py

soak-clones: $(READY)  ## Release and purge from clones of every kind at one origin: nothing is lost (STEPS=500: about an hour)
	python benchmarks/soak/clones.py --steps $(STEPS) --seed $(SEED)

soak-merges: $(READY)  ## Merge, rebase and cherry-pick branches of two stewards: nothing is lost, nothing is twice (about an hour)
	COPYDESK_HYPOTHESIS=soak python -m pytest -q tests/merging

mutants: $(READY) $(MUTATION)  ## See how many small mistakes in texts, shards and releases make a test fail (hours)
	PYTHONPATH=$(MUTATION) python benchmarks/mutation/run.py --most $(MOST)

quality: $(READY)  ## Score the cleaner and the splitter on real text whose truth is known
	python benchmarks/quality/score_cleaning.py
	python benchmarks/quality/score_sentences.py

docs-rules: $(READY)  ## Write docs/rules.md, the page of the cleaning rules
	copydesk rules --markdown > docs/rules.tmp && mv docs/rules.tmp docs/rules.md

surface: $(READY)  ## Record public names, options, settings and columns that are new
	python tests/surface.py

docs: $(READY)  ## Build README.md, docs/ and the reference into build/site; a link that leads nowhere is an error
	rm -rf build/site
	python -m sphinx --no-color -q -E -W --keep-going -c docs/site -d build/doctrees . build/site
	@echo 'build/site/index.html'

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

annotators: $(READY) $(ANNOTATORS)  ## Write and read labels with the libraries of the annotation tools (about a minute)
	python benchmarks/annotators/round_trips.py --tools $(ANNOTATORS)

export-readers: $(READY) $(EXPORT_READERS)  ## Read training shards with the libraries that they are for (about a minute)
	EXPORT_READERS=$(CURDIR)/$(EXPORT_READERS) python -m pytest -q -n 0 tests/exports/test_export_readers.py

formats: $(READY) $(FORMATS)  ## Hold statements, bills of materials and mlflow_dataset to the libraries of in-toto, SPDX and MLflow
	python -m pytest -q -n 0 tests/proofs/test_bills_of_materials.py tests/api/test_mlflow_dataset.py

presidio: $(READY) $(PRESIDIO)  ## Run the plug-in that suggests names by presidio, with a real model of spaCy (about two minutes)
	python -m pytest -q -n 0 tests/plugins/test_presidio_names.py

load-readers: $(READY)  ## Read a corpus with other libraries and old versions of datasets; write the table in docs/load.md (about half an hour)
	python benchmarks/readers/run.py

compiled: $(READY)  ## Build a wheel with compiled modules in build/compiled, and hold it to the bytes and tests of pure Python
	rm -rf $(COMPILED) build/mypyc build/lib.* build/temp.* build/bdist.*
	COPYDESK_COMPILE=1 python -m pip wheel --quiet --no-build-isolation --no-deps -w $(COMPILED) .
	python -m zipfile -e $(COMPILED)/*.whl $(COMPILED)/site
	COMPILED_SITE=$(CURDIR)/$(COMPILED)/site python -m pytest -q tests/pipeline/test_compiled.py
	PYTHONPATH=$(CURDIR)/$(COMPILED)/site python -m pytest -q tests/test_text.py tests/sentences tests/cleaning tests/language
	@ls $(COMPILED)/*.whl

peers: $(READY)  ## Install the tools that bench measures, each into an environment of its own below build/
	-python benchmarks/speed/environments.py

audit: $(TOOLS)/.ready  ## Ask the advisories for every package of requirements.lock; needs a network
	$(TOOLS)/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

sbom: $(READY)  ## Write what goes with the package to build/sbom.json (CycloneDX)
	mkdir -p build
	python .ci/sbom.py > build/sbom.tmp && mv build/sbom.tmp build/sbom.json

lock: $(TOOLS)/.ready  ## Resolve requirements.lock anew from pyproject.toml, and .ci/tools.txt from .ci/tools.in
	$(TOOLS)/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade --quiet -o requirements.lock
	$(TOOLS)/bin/uv pip compile .ci/tools.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade --quiet -o .ci/tools.txt

findings:  ## See that what surprised us in public libraries is still so: each script of findings/ (about 40 minutes)
	@failed=; for script in findings/*.sh; do echo "== $$script"; bash $$script || failed="$$failed $$script"; done; \
	  test -z "$$failed" || { echo "changed, or not run:$$failed"; exit 1; }

neighbours: $(TOOLS)/.ready  ## See that copydesk can be installed beside other libraries; writes the table of docs/load.md
	python .ci/neighbours.py $(TOOLS)/bin/uv

clean:  ## Remove what is made anew: finished shards, caches, plots; not the dataset
	rm -rf build dvc_plots .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

# A virtual environment with exactly the packages that requirements.lock names, and this package. Nothing is resolved
# again, and Python compiles what it imports: half the time that pip takes otherwise.
$(READY): requirements.lock pyproject.toml
	@PATH='$(SYSTEM_PATH)' $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'copydesk needs Python 3.11 or newer; set PYTHON, as in: make PYTHON=python3.12 corpus'; exit 1; }
	PATH='$(SYSTEM_PATH)' $(PYTHON) -m venv --clear .venv
	python -m pip install --quiet --no-deps --no-compile --require-hashes -r requirements.lock
	python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

# The auditor and the resolver, apart from what they look at.
$(TOOLS)/.ready: .ci/tools.txt
	PATH='$(SYSTEM_PATH)' $(PYTHON) -m venv --clear $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --require-hashes -r .ci/tools.txt
	@touch $@

# Other libraries, only to be measured: in a folder that nothing else looks into.
$(PEERS): benchmarks/quality/peers.txt
	python -m pip install --quiet --upgrade --target $(PEERS) -r benchmarks/quality/peers.txt
	@touch $(PEERS)

# The libraries of annotation tools, which labels are written and read with: in a folder that nothing else looks into.
$(ANNOTATORS): benchmarks/annotators/requirements.txt
	python -m pip install --quiet --upgrade --target $(ANNOTATORS) -r benchmarks/annotators/requirements.txt
	@touch $(ANNOTATORS)

# The libraries that read training shards: in a folder that nothing else looks into. MosaicML Streaming asks for 4 GB of
# packages, of which reading local files needs five.
$(EXPORT_READERS): tests/exports/requirements.txt
	python -m pip install --quiet --upgrade --target $(EXPORT_READERS) -r tests/exports/requirements.txt
	python -m pip install --quiet --no-deps --target $(EXPORT_READERS) mosaicml-streaming==0.13.0
	@touch $(EXPORT_READERS)
# The libraries of the formats that releases are described in: in a folder that nothing else looks into.
$(FORMATS): tests/proofs/requirements.txt
	python -m pip install --quiet --upgrade --target $(FORMATS) -r tests/proofs/requirements.txt
	@touch $(FORMATS)

# presidio, spaCy and a model: in a folder that nothing else looks into. Beside the other packages they hold numpy back.
$(PRESIDIO): tests/plugins/requirements.txt
	python -m pip install --quiet --upgrade --target $(PRESIDIO) -r tests/plugins/requirements.txt
	@touch $(PRESIDIO)

# The engine that mutates inputs: in a folder that the fuzzer alone looks into.
$(FUZZER): tests/fuzz/requirements.txt
	python -m pip install --quiet --upgrade --require-hashes --no-deps --target $(FUZZER) -r tests/fuzz/requirements.txt
	@touch $(FUZZER)

# The operators of mutmut and what they stand on, without its runner and its screens.
$(MUTATION): benchmarks/mutation/requirements.txt
	python -m pip install --quiet --upgrade --require-hashes --no-deps --target $(MUTATION) -r benchmarks/mutation/requirements.txt
	@touch $(MUTATION)
