# 'make' alone lists what there is. Needs Python 3.11 to 3.13 and make; nothing else.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
SEED ?= 72

.PHONY: help book pdf test metadata pair results survey serve translate release site check lint \
  lock exit-check clean
.DEFAULT_GOAL := help

help: ## List what there is to make
	@echo "Cities of Equality: an evidence and guidance book"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

book: $(VENV)/installed ## Install, execute what changed, and build the site into _build/html
	@$(PY) -m equalcities.build book

test: book ## Run every test, the notebooks included
	@$(PY) -m pytest -n auto --dist loadgroup --nbmake --nbmake-timeout=600 tests notebooks

pair: $(VENV)/installed ## Generate notebooks/NAME.ipynb from notebooks/NAME.md
	@$(PY) -m equalcities.build pair

metadata: $(VENV)/installed ## Write CITATION.cff and .zenodo.json from book/metadata.yml
	@$(PY) -m equalcities.build metadata

results: $(VENV)/installed ## Accept what the notebooks now publish; prints old → new
	@$(PY) -m equalcities.build results

pdf: $(VENV)/installed ## Build, then print the book into _build/pdf/cities_of_equality.pdf (needs Chromium)
	@$(PY) -m equalcities.build pdf

survey: $(VENV)/installed ## Put survey responses in place and rebuild (RESPONSES=file.csv; none: simulated)
	@RESPONSES="$(RESPONSES)" ENCODING="$(ENCODING)" $(PY) -m equalcities.build survey

translate: $(VENV)/installed ## Bring the French catalogues into step with the English pages
	@$(PY) -m equalcities.build translate

check: $(VENV)/installed ## Check pairs, data and prose, without executing anything
	@$(PY) -m equalcities.build check

serve: book ## Build, then serve the site on this machine (PORT=8000)
	@echo "http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

release: $(VENV)/installed ## Freeze a version into dist/ (VERSION=2026.1; TESTS=no, PDF=no only for trials)
	@$(PY) -m equalcities.release freeze "$(VERSION)" $(if $(filter no,$(TESTS)),--without tests) $(if $(filter no,$(PDF)),--without pdf)

site: $(VENV)/installed ## Assemble all frozen versions into the public tree _build/public
	@$(PY) -m equalcities.release site

coverage-study: $(VENV)/installed ## Simulate 2,000 surveys and print what each interval covers (SEED=72)
	@$(PY) benchmarks/coverage_study.py $(SEED)

lint: $(VENV)/installed ## Check the style of the code
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

lock: ## Renew the locks from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra book --extra evaluation --extra test --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  -q -o requirements.lock
	uv pip compile pyproject.toml --extra exit --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  -q -o requirements-exit.lock

exit-check: book .venv-exit/installed ## Build the same book with plain current Sphinx
	@$(PY) -m equalcities.build exit

# Frozen releases stay: they can't be made again.
clean: ## Remove everything that was made, the environment included, but no frozen release
	rm -rf _build $(VENV) .venv-exit book/data book/cities book/cities.md book/practices book/practices.md book/recommendations book/recommendations.md book/ledger.md book/status.md
	rm -f book/corrections.md book/whats_changed.md

# One environment, from the hashed lock. The package itself is installed without a network.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "Python 3.11 to 3.13 is needed, $(PYTHON) is %d.%d. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" % v)'
	@echo "• install the environment into $(VENV) …"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv-exit/installed: requirements-exit.lock pyproject.toml
	@echo "• install plain Sphinx into .venv-exit …"
	@test -x .venv-exit/bin/python || $(PYTHON) -m venv .venv-exit
	@.venv-exit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-exit.lock
	@.venv-exit/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
