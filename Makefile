# Everything starts here: `make` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

TICKETS ?= 1000000
EDITION ?= extension
KILLS ?= 200
MINUTES ?= 10
SEED ?= $(shell shuf --input-range 1-1000000 --head-count 1)
SERVER := driver/dev/private-server
# Of the suite, what make test runs with the plain-SQL edition as well: a minute.
PLAIN_TESTS := run:: tokens:: sweep:: verify:: workers:: roles:: kinds:: model::

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# PGXN's client calls this, and then install, which builds.
all: setup

setup: ## Install missing packages and cargo-pgrx
	@docker/build-deps.sh

demo: setup ## Rotate TICKETS=1000000 tickets on a private server, with an interruption; EDITION=plain: without the extension
	@driver/dev/demo $(TICKETS) $(EDITION)

script: ## Write sql/ticket_rotation.sql anew: the plain-SQL edition, for people without the driver
	@cargo run --quiet --package rotate-driver -- setup --print >sql/ticket_rotation.sql.new
	@mv sql/ticket_rotation.sql.new sql/ticket_rotation.sql

test: setup ## Run all tests on private servers
	@eval "$$($(SERVER) env)"; cargo pgrx test "pg$$PG_MAJOR" --package ticket_ext
	@$(SERVER) install
	@driver/dev/pgbouncer
	@driver/dev/pg_cron
	@echo "The containers are not tested here: that is make test-docker"
	@cargo test --package rotate-driver
	@EDITION=plain cargo test --package rotate-driver --test suite -- $(PLAIN_TESTS)

test-plain: setup ## Run the driver's suite with the plain-SQL edition, as an owner who is no superuser
	@$(SERVER) install
	@driver/dev/pgbouncer
	@EDITION=plain cargo test --package rotate-driver --test suite

test-citus: setup ## Run the tests of Citus tables on clusters of the server of PG_CONFIG, which has to have Citus
	@$(SERVER) install
	@CITUS=1 cargo test --package rotate-driver --test suite -- citus::

test-docker: ## Run the story of Docker's users in containers; SUITE=bookworm PG_MAJOR=15 for the older release
	@docker/test.sh

bench: setup ## Compare with other ways to rotate, and beside an application; PART=all SCALE=1000000 ROUNDS=5
	@driver/bench/run

faults: setup ## Run under KILLS=200 faults; SEED=n repeats a schedule of them; EDITION=plain: without the extension
	@EDITION=$(EDITION) KILLS=$(KILLS) SEED=$(SEED) cargo test --quiet --package rotate-driver --test suite -- \
		--nocapture --exact faults::a_run_survives_a_campaign_of_faults

fuzz: setup ## Throw random connection strings, password files and lists of tokens at the driver for MINUTES=10
	@FUZZ_MINUTES=$(MINUTES) cargo test --quiet --package rotate-driver --bins -- --nocapture --test-threads 16 mangled

check: setup ## Check formatting, lints, and dependencies where cargo-deny is there
	@cargo fmt --all --check
	@! git grep --line-number --perl-regexp '^(?=\s*(//|--)).{121,}' -- '*.rs' '*.sql' || { echo "longer than 120 columns"; exit 1; }
	@eval "$$($(SERVER) env)"; cargo clippy --package ticket_ext --all-targets --no-default-features \
		--features "pg$$PG_MAJOR pg_test" -- --deny warnings
	@cargo clippy --package rotate-driver --all-targets -- --deny warnings
	@! command -v cargo-deny >/dev/null || cargo deny --log-level error check bans licenses sources

deny: ## Check what is built from: licences, versions, sources, and advisories, which are fetched
	@command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny@0.20.2
	@cargo deny check bans licenses sources
	@cargo deny check advisories

dist: setup ## Make packages, archives, checksums and lists of dependencies under target/dist
	@driver/dev/dist/build

test-packages: ## Install the packages of target/dist in a container, rotate and remove them; SUITE=bookworm PG_MAJOR=15
	@docker/test-packages.sh

test-matrix: ## Run all tests with each supported release, in containers; RELEASES="trixie:17 forky:18" for some
	@docker/test-matrix.sh $(RELEASES)

test-upgrade: setup ## Upgrade from the extension of OLD=v0.1.0 under a run that is half done; SCRIPT=… for a script of its own
	@driver/dev/test-upgrade $(OLD) $(SCRIPT)

install: ## Install the extension into the server of PG_CONFIG, the driver into cargo's folder
	@driver/dev/install "$(PG_CONFIG)"

.PHONY: help all setup demo script test test-plain test-citus test-docker faults fuzz bench check deny dist \
	test-packages test-matrix test-upgrade install
