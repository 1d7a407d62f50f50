# The whole vocabulary of the project. Every target makes its own environment first.
#   make demo    install, run the built-in sample, say where to look
#   make test    lint, types, all tests but GPU and network (under 15 minutes on 2 cores)
#   make quick   the tests that take under a minute in all
#   make check   lint and types only          make fix    format and mend what can be mended
#   make bench   the benchmarks (hours); bench-methods, -peers, -map, -training, -trust, -explain, -prediction, -serving, -languages, -choice,
#                -labelling, -files, -faults: one of their tables; bench-smoke: do they still run? (a minute)
#   make docs    regenerate generated parts of README, docs and benchmarks/README.md
#   make site    build the documentation site into build/site
#   make tour    run the tour's notebooks again and export them to docs/tour*.md (some minutes)
PY ?= python3
V := .venv
BIN := $(V)/bin
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist worksteal

.PHONY: demo test quick check fix bench bench-methods bench-peers bench-map bench-training bench-trainer-rate bench-trust bench-explain \
  bench-prediction bench-serving bench-languages bench-several bench-choice bench-labelling bench-files bench-faults bench-smoke docs site tour clean

$(V)/.ok: pyproject.toml constraints.txt
	@$(PY) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	  || { echo "Python 3.11 to 3.14 is needed; this is $$($(PY) --version). Try: make $(MAKECMDGOALS) PY=python3.12"; exit 1; }
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making the environment in $(V) (about 3 GB with the CPU build of torch, 8 GB with CUDA; some minutes)."
	@df -h . | tail -1 | awk '{print "Free here: " $$4}'
	test -x $(BIN)/python || $(PY) -m venv $(V)
	$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) torch
	$(BIN)/python -m pip install --quiet -e '.[all,dev]'
	@touch $@

demo: $(V)/.ok
	$(BIN)/assay run sample --out runs/sample --overwrite
	@echo
	@echo "Open runs/sample/report.html in a browser. Then try:"
	@echo "  echo 'what a lovely surprise' | $(BIN)/assay predict runs/sample/model"

check: $(V)/.ok
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/mypy

fix: $(V)/.ok
	$(BIN)/ruff check --fix src tests benchmarks examples
	$(BIN)/ruff format src tests benchmarks examples

test: check
	$(PYTEST) -m 'not gpu and not network'

quick: $(V)/.ok
	$(PYTEST) -m 'not slow and not gpu and not network'

# One target per table; each continues where it stopped. The order follows from what needs what: bench-methods keeps its models.
bench: bench-methods bench-peers bench-map bench-training bench-trust bench-explain bench-prediction bench-serving bench-languages bench-several bench-choice bench-labelling bench-files bench-faults docs

bench-methods: $(V)/.ok
	$(BIN)/python benchmarks/methods.py --keep runs/emotion

bench-peers: $(V)/.ok
	$(BIN)/python benchmarks/peers.py

bench-map: $(V)/.ok
	$(BIN)/python benchmarks/map.py
	$(BIN)/python benchmarks/map.py --threads 1

bench-training: $(V)/.ok
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/training.py --threads 1

# Another copy of the checkpoint, or a GPU: python benchmarks/trainer_rate.py --device cuda --folder ...
bench-trainer-rate: $(V)/.ok
	$(BIN)/python benchmarks/trainer_rate.py

bench-trust: $(V)/.ok
	$(BIN)/python benchmarks/trust.py

bench-explain: $(V)/.ok
	$(BIN)/python benchmarks/explain.py

bench-prediction: $(V)/.ok
	$(BIN)/python benchmarks/prediction.py --models runs/emotion/models

bench-serving: $(V)/.ok
	$(BIN)/python benchmarks/serving.py --model runs/emotion/models/compact
	$(BIN)/assay export runs/emotion/models/finetune --format onnx-int8 --out runs/emotion-int8 --data ../shared/data/emotion --overwrite
	$(BIN)/python benchmarks/serving.py --model runs/emotion-int8 --pipeline runs/emotion/models/finetune --rates 40,80,120,180,240,320 --rounds 3
	$(BIN)/python benchmarks/serving_workers.py --model runs/emotion/models/finetune
	$(BIN)/python benchmarks/serving_faults.py --model runs/emotion/models/compact
	$(BIN)/python benchmarks/mixed_load.py --model runs/emotion/models/compact

# 20,000 wrong model folders, files and requests; continues where it stopped.
bench-faults: $(V)/.ok
	$(BIN)/python benchmarks/faults.py

bench-languages: $(V)/.ok
	$(BIN)/python benchmarks/languages.py
	$(BIN)/python benchmarks/linear_languages.py --resume

bench-several: $(V)/.ok
	$(BIN)/python benchmarks/several.py

bench-choice: $(V)/.ok
	$(BIN)/python benchmarks/choice.py

bench-labelling: $(V)/.ok
	$(BIN)/python benchmarks/labelling.py
	$(BIN)/python benchmarks/labelling_pages.py

bench-files: $(V)/.ok
	$(BIN)/python benchmarks/files.py --examples 2000 --out benchmarks/results/files.json

bench-smoke: $(V)/.ok
	$(PYTEST) tests/test_benchmarks.py

docs: $(V)/.ok
	$(BIN)/python docs/generate.py

$(V)/.site-ok: $(V)/.ok
	$(BIN)/python -m pip install --quiet -e '.[docs]'
	@touch $@

site: $(V)/.site-ok
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open build/site/index.html in a browser."

tour: $(V)/.ok
	$(BIN)/python docs/tour.py

clean:
	rm -rf $(V) .pytest_cache .mypy_cache .ruff_cache .hypothesis
