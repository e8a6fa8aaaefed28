.DEFAULT_GOAL := help
.PHONY: help setup demo up down test test-kafka test-prometheus lint unit synth cost faults soak guards attacks audit bench lock

help:  ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "make %-15s %s\n", $$1, $$2}'

setup:  ## Install everything the project needs, inside this folder
	@bin/setup

demo: setup  ## Start the local cloud and watch real jobs travel the whole road
	@.venv/bin/smartqueue-local demo

up: setup  ## Start the local cloud and deploy to it
	@.venv/bin/smartqueue-local up

down: setup  ## Stop the local cloud (its data stays)
	@.venv/bin/smartqueue-local down

test: setup  ## Lint, types, import rules and every test suite but the next one
	@bin/test

test-prometheus: setup  ## Prove rules, Grafana board and exporter with a real Prometheus (fetches its package if need be)
	@.venv/bin/pytest tests/prometheus

test-kafka: setup  ## Run what touches Kafka on Apache Kafka itself, with TLS and a login (fetches it if need be)
	@bin/test-kafka

lint: setup  ## Lint, types and import rules only
	@bin/lint

unit: setup  ## Unit tests only (seconds)
	@.venv/bin/pytest tests/unit

synth: setup  ## Synthesise the AWS stages dev and prod into infra/cdk/cdk.out, and tell what their packages weigh
	@.venv/bin/python bin/synth

faults: setup  ## Break the system in every way we know, check every promise, and write the table of docs/guarantees.md
	@bin/faults run --write

soak: setup  ## A quarter of an hour of three tenants, a flood and random faults, with an eye on latencies and memory
	@bin/faults soak --write

cost: setup  ## Tell what dev and prod cost, and write it into docs/cost.md
	@.venv/bin/python bin/cost --write

guards: setup  ## Take every guard of the code away, one at a time: a test must fail (minutes)
	@.venv/bin/python bin/guards --jobs 2

attacks: setup  ## Attack the API, its tokens, its tenants and its webhooks with thousands of made-up requests (minutes)
	@ATTACK_EXAMPLES=$${ATTACK_EXAMPLES:-100} .venv/bin/pytest tests/security

bench: setup  ## Measure this system, its floors and its peers on this machine, and tell which targets hold (minutes)
	@bin/bench run

audit: setup  ## Look for known weaknesses in the code and in every locked dependency
	@.venv/bin/python bin/audit

lock: setup  ## Resolve the dependencies anew and write requirements/*.lock
	@PATH=.venv/bin:$$PATH bin/lock
