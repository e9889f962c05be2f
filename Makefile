# Each target calls one script. Start with: make demo
PYTHON ?= python3
RUN := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup build demo up test check brownie gas attacks fuzz bench format clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## make the clone ready: Python, node, chains, compiler (quick when nothing changed)
	@$(PYTHON) scripts/setup.py

build: setup ## compile the contracts and bring medtrust/artifacts up to date
	@$(RUN) scripts/build.py

demo: setup ## start a chain, deploy everything and tell one story through all of it
	@$(RUN) scripts/demo.py

up: setup ## start a chain with everything deployed, and stay
	@$(RUN) -m medtrust up

test: setup ## run every suite: on Anvil, in Brownie, on Ganache
	@$(RUN) scripts/run_tests.py

check: setup ## lint, format, types, and artifacts that fit the sources
	@$(RUN) scripts/run_checks.py

brownie: setup ## run the suite of those who live in Brownie
	@$(RUN) scripts/brownie_suite.py

gas: setup ## print what each operation costs, beside its bound and its peers
	@$(RUN) scripts/gas.py

attacks: setup ## print each attack with its defence, and without it
	@$(RUN) scripts/attacks.py

fuzz: setup ## drive contracts beside their models for 200,000 random steps, those of money and medicines for as many each
	@$(RUN) scripts/fuzz.py

bench: setup ## measure a million doses, trees, signing, sending, kills, an insurer's year and a country of packs
	@$(RUN) scripts/bench.py

format: setup ## format Python and Solidity
	@$(RUN) scripts/run_checks.py --mend

clean: ## delete what tools built and keep; the environments stay
	@$(PYTHON) scripts/clean.py
