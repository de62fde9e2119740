# Seedbook: make help lists the words.
.DEFAULT_GOAL := help
SHELL := /bin/sh
GO := go

help: ## what each word does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## install what is missing, build, start everything and open the console
	@.ci/need run
	@$(MAKE) -s build
	@exec bin/csa serve

test: ## pass every test, with race detection
	@.ci/need test
	@$(MAKE) -s design
	$(GO) vet ./...
	$(GO) test -race -timeout 20m ./...
	$(GO) test -timeout 10m ./service/web/console -run 'TestHostileText'

build: design ## build bin/csa
	@$(GO) build -o bin/csa ./cmd/csa

design: service/web/static/built/seedbook.css service/auth/words/built/breached ## compile the design system, and the list of breached passwords

service/web/static/built/seedbook.css: package-lock.json service/web/design/build.mjs $(wildcard service/web/design/*.scss service/web/design/own/*.scss)
	@npm ci --no-audit --no-fund --loglevel=error
	@npm run -s build

service/auth/words/built/breached: service/auth/breached.mjs service/web/static/built/seedbook.css
	@node service/auth/breached.mjs

golden: ## write anew the files that people read, for review
	@for p in $$(grep -rl --include='*_test.go' '"update"' . | xargs -n1 dirname | sort -u); do $(GO) test $$p -update || exit 1; done

bench: build ## print throughput, latency and cost as the work grows
	bin/csa bench ledger
	bin/csa bench

.PHONY: help run test build design golden bench
