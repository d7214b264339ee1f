# pktsh: what to type. `make run` needs only Go; `make test` installs what the
# tests compare with (tshark) where it can, and says so.

GO      ?= go
BIN     := bin/pktsh
SAMPLE  := testdata/browse.pcapng
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)

# Capturing with libpcap inside pktsh needs its headers and a C compiler; where these
# are, it is built in. Capturing with dumpcap needs neither.
TAGS = $(shell for d in /usr/include /usr/local/include; do [ -e $$d/pcap/pcap.h ] && command -v $${CC:-cc} >/dev/null && echo -tags libpcap && break; done)

.PHONY: run build test soak differential lint bench bench-data fuzz docs deps clean

## run: the shell on a sample capture
run: build
	@$(BIN) $(SAMPLE)

## build: the program, bin/pktsh
build:
	@mkdir -p bin
	@$(GO) build $(TAGS) -trimpath -buildvcs=false -ldflags '-X main.version=$(VERSION)' -o $(BIN) ./cmd/pktsh

## deps: what the tests compare against, and libpcap's headers; installed by apt-get
## where that exists
deps:
	@if [ ! -e /usr/include/pcap/pcap.h ] && [ ! -e /usr/local/include/pcap/pcap.h ] && command -v apt-get >/dev/null; then \
		echo "make: no libpcap headers; installing libpcap-dev with apt-get"; \
		{ $(SUDO) apt-get update -q && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q libpcap-dev; } >/dev/null 2>&1 || \
			echo "make: apt-get could not; capturing with libpcap is left out"; fi
	@missing=; \
	for p in tshark sharkd editcap capinfos mergecap; do command -v $$p >/dev/null || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "make: not found:$$missing. There is no apt-get here: install Wireshark's command-line programs yourself; until then the tests that compare with them are skipped."; exit 0; fi; \
	echo "make: not found:$$missing; installing tshark with apt-get"; \
	log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	$(SUDO) apt-get update -q >"$$log" 2>&1 || true; \
	if ! $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q tshark >>"$$log" 2>&1; then \
		tail -5 "$$log"; echo "make: apt-get could not; the tests that compare with tshark are skipped"; exit 0; fi; \
	command -v sharkd >/dev/null || $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q sharkd >/dev/null 2>&1 || \
		echo "make: no sharkd in this system's packages; its tests are skipped"

## test: every test, the comparisons with tshark included
test: deps
	$(GO) test $(TAGS) -timeout 30m ./...

## soak: five minutes of a capture in a ring, with its memory and its place on disk (needs
## the permission to capture on lo)
soak: deps
	PKTSH_SOAK=5m $(GO) test $(TAGS) ./engine -run '^TestSoak$$' -count=1 -v -timeout 20m

## differential: what pktsh is sure of against tshark -2, on all captures and mutants of them
differential: deps
	PKTSH_DIFFERENTIAL=all $(GO) test ./engine/native -run '^TestDifferential' -count=1 -v -timeout 60m

## lint: gofmt, go vet, staticcheck
lint:
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l cmd completion dissect engine repl testdata) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet $(TAGS) ./...
	$(GO) tool staticcheck ./...
	$(if $(TAGS),$(GO) tool staticcheck $(TAGS) ./engine/live)

## bench: figures as ratios against tshark, tcpdump and others, in one run, into
## docs/performance.md; BENCH_FLAGS='-only growth -write=' measures a part and only prints it
BENCH_FLAGS ?=
bench: build bench-data
	$(GO) run ./cmd/pktsh-bench -pktsh $(BIN) -data $(BENCH_DATA) -write docs/performance.md $(BENCH_FLAGS)

## bench-data: the captures for bench, built when absent (some 2 GB)
BENCH_DATA ?= $(shell echo $${XDG_CACHE_HOME:-$$HOME/.cache})/pktsh/bench
bench-data:
	@$(GO) run ./cmd/pktsh-bench -make -data $(BENCH_DATA) -captures $(PKTSH_CAPTURES_DIR)
PKTSH_CAPTURES_DIR ?= $(if $(PKTSH_CAPTURES),$(PKTSH_CAPTURES),../shared/captures)

## fuzz: each fuzz target for FUZZTIME
FUZZTIME ?= 30s
fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; done

## docs: regenerate docs/commands.md, docs/pktsh.1 and docs/tour.md from the records
docs:
	$(GO) test ./repl/command -run TestDocs -update
	$(GO) test ./cmd/pktsh -run 'TestManPage|TestTour' -update

clean:
	rm -rf bin
