# make lab    an interview in JupyterLab            make test        everything that is checked
# make model  fetch a small local model             make bench       the figures of docs/benchmarks.md
# make bench-view       StreamView beside other ways to show a stream
# make bench-interview  what the interview and its scores hold to
# make bench-latency    the latency lab beside known times, GuideLLM (which brings 6 GB) and AIPerf
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL ?= smollm2
GUIDELLM := 0.8.1
AIPERF := 0.13.0
PIP := $(BIN)/python -m pip --disable-pip-version-check install -q -c constraints.txt

.PHONY: lab test check unit notebooks browser bench bench-view bench-interview bench-latency model format clean

lab: $(VENV)/lab.stamp
	$(BIN)/python -m mockmate_nb lab

test: check unit notebooks browser

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m "not browser"

notebooks: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --nbval notebooks --ignore=notebooks/90_live_model.ipynb

browser: $(VENV)/dev.stamp $(VENV)/ipykernel6.stamp
	$(BIN)/python -m pytest -m browser -rs tests/browser

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

bench-view: $(VENV)/bench.stamp $(VENV)/ipykernel6.stamp
	$(BIN)/python -m benchmarks.view

bench-interview: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks.interview

bench-latency: $(VENV)/dev.stamp $(VENV)-guidellm/$(GUIDELLM).stamp $(VENV)-aiperf/$(AIPERF).stamp
	$(BIN)/python -m mockmate_nb model smollm2
	$(BIN)/python -m benchmarks.latency

model: $(VENV)/local.stamp
	$(BIN)/python -m mockmate_nb model $(MODEL)

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(VENV)-guidellm $(VENV)-aiperf .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/lab.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	touch $@

$(VENV)/local.stamp: $(VENV)/lab.stamp
	$(PIP) -e '.[local]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/lab.stamp
	$(PIP) -e '.[local,gateway,dev]'
	touch $@ $(VENV)/local.stamp

$(VENV)/bench.stamp: $(VENV)/dev.stamp
	$(PIP) -e '.[bench]'
	touch $@

# The kernel of the line before, beside the one that is installed: the tests run on both.
$(VENV)/ipykernel6.stamp: | $(BIN)/python
	rm -rf $(VENV)/ipykernel6
	$(BIN)/python -m pip --disable-pip-version-check install -q --no-deps --target $(VENV)/ipykernel6 "ipykernel==6.31.*"
	touch $@

# What they need does not go together with ours: each has an environment of its own.
$(VENV)-guidellm/$(GUIDELLM).stamp: PEER := guidellm==$(GUIDELLM)
$(VENV)-aiperf/$(AIPERF).stamp: PEER := aiperf==$(AIPERF)
$(VENV)-guidellm/$(GUIDELLM).stamp $(VENV)-aiperf/$(AIPERF).stamp:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check install -q "$(PEER)"
	touch $@
