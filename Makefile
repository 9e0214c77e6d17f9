# Every target sets up what it needs; `make help` lists them.
.NOTPARALLEL:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := benchmarks/peers
PEERS_VENV := .venvs/peers
PEERS_READY := $(PEERS_VENV)/.ready
SGLANG_VENV := .venvs/sglang
SGLANG_READY := $(SGLANG_VENV)/.ready
NODE := tests/clients/node
NODE_READY := $(NODE)/node_modules/.ready

# Most modules of what is installed are never imported; those that are get compiled then.
INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile

# A process that crashes is a failure and is not replaced: with loadscope the run would then never end.
TOGETHER := --numprocesses auto --maxprocesses 8 --max-worker-restart 0 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup gen demo serve test test-together test-alone fuzz check checkgenerate golden bench-env bench bench-attacks soak sglang-env test-sglang bench-sglang clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing tokenwire and its tools into $(VENV) (a few minutes the first time)"
	@$(BIN)/python $(INSTALL) --editable '.[dev]' --constraint constraints.txt
	@touch $@

$(NODE_READY): $(NODE)/package.json $(NODE)/package-lock.json
	@command -v npm >/dev/null || { echo "make: npm is missing; install Node.js 18 or newer (Debian: apt-get install nodejs npm)" >&2; exit 1; }
	@npm ci --prefix $(NODE) --no-audit --no-fund --silent
	@touch $@

setup: $(READY) ## make the virtual environment in .venv

gen: $(READY) ## lint and build proto/, write generated/
	@$(BIN)/buf lint
	@$(BIN)/tokenwire gen

demo: $(READY) ## generate, serve the embedded model, stream over gRPC and the OpenAI SDK, stop
	@$(MAKE) --no-print-directory gen
	@$(BIN)/python examples/demo.py

serve: $(READY) ## serve the embedded model (ARGS="--model-path DIR --port 30000")
	@$(BIN)/tokenwire serve $(ARGS)

ifdef ARGS
test: $(READY) $(NODE_READY)
	@$(BIN)/python -m pytest $(ARGS)
else
test: ## run every test; with ARGS="tests/grpc -k ping" some, by pytest with these arguments
	@$(MAKE) --no-print-directory --keep-going test-together test-alone
endif

test-together: $(READY) $(NODE_READY) ## run the tests of which several may run at a time
	@$(BIN)/python -m pytest -m "not alone" $(TOGETHER)

test-alone: $(READY) $(NODE_READY) ## run the tests that want the machine for themselves
	@$(BIN)/python -m pytest -m alone

fuzz: $(READY) ## fuzz one target (ARGS="connection --seconds 600 --corpus build/corpus")
	@$(BIN)/python -m tests.fuzz $(or $(ARGS),--help)

check: $(READY) checkgenerate ## everything but the tests: schema, format, lint, types, generated code
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code
	@$(BIN)/buf breaking --against proto/baseline.binpb
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pyright

checkgenerate: $(READY) ## fail if generated code is not what the schema says
	@$(BIN)/tokenwire gen --check

golden: $(READY) ## rewrite the golden files of the generator's tests
	@$(BIN)/python -m pytest tests/codegen --update-golden -q

$(PEERS_READY): $(PEERS)/requirements.txt $(PEERS)/stubs.py proto/sglang/runtime/v1/sglang.proto
	@test -x $(PEERS_VENV)/bin/python || { echo "making $(PEERS_VENV)"; $(PYTHON) -m venv $(PEERS_VENV); }
	@$(PEERS_VENV)/bin/python $(INSTALL) --no-deps --requirement $(PEERS)/requirements.txt
	@$(PEERS_VENV)/bin/python $(PEERS)/stubs.py $(PEERS_VENV)/stubs
	@touch $@

bench-env: $(PEERS_READY) ## make the environment of the servers that ours is measured beside

bench: $(READY) $(PEERS_READY) ## measure the server beside others (ARGS="streams chat --loop uvloop --rounds 9")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-attacks: $(READY) ## attack a server of its own, another client beside it (ARGS="rapid_reset --seconds 3")
	@$(BIN)/python -m benchmarks.attacks $(ARGS)

soak: $(READY) ## serve 200 clients with faults for 10 minutes, and look for what is lost or left (ARGS="--seconds 60")
	@$(BIN)/python -m benchmarks.soak $(ARGS)

$(SGLANG_READY): tools/sglang_cpu/build tools/sglang_cpu/torch.txt tools/sglang_cpu/requirements.txt pyproject.toml
	@tools/sglang_cpu/build $(SGLANG_VENV) $(PYTHON)
	@touch $@

sglang-env: $(SGLANG_READY) ## make the environment in which the real SGLang runs on a CPU

test-sglang: $(SGLANG_READY) ## run the tests of engine sglang on the real SGLang
	@SGLANG_USE_CPU_ENGINE=1 $(SGLANG_VENV)/bin/python -m pytest -c tests/sglang/pytest.ini --rootdir=. $(ARGS)

bench-sglang: $(READY) $(SGLANG_READY) ## measure front ends of the same real SGLang engine
	@$(BIN)/python -m benchmarks.sglang $(ARGS)

clean: ## remove what the other targets made
	@rm -rf $(VENV) .venvs $(NODE)/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
