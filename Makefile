# The front door. Each target installs what it lacks, through scripts/setup. `make help` lists them.
BUILD ?= build
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
CMAKE_FLAGS ?=

.PHONY: all help setup demo demo-netxduo demo-firmware firmware test check-all interop bench size coverage fuzz format install clean

all: $(BUILD)/configured
	@cmake --build $(BUILD) -j$(JOBS) -- --no-print-directory $(QUIET)

$(BUILD)/configured: CMakeLists.txt
	@scripts/setup build
	@cmake -S . -B $(BUILD) $(CMAKE_FLAGS) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log && touch $@

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo "  make            builds the command, build/postino, and the libraries"

demo: QUIET = >/dev/null
demo: ## delivers a real mail with an attachment to a server of our own, and shows that it arrived
	@scripts/setup build demo
	@$(MAKE) --no-print-directory all QUIET=">/dev/null"
	@scripts/demo $(BUILD)/postino

demo-netxduo: all ## the demo of NetX Duo's guide on the host layer, delivered to the sink
	@scripts/demo-netxduo $(BUILD)/postino

firmware: ## firmware of three emulated boards, in build/firmware; from the sources of lwIP and BearSSL that Debian has
	@scripts/setup firmware
	@scripts/firmware $(BUILD)/firmware

demo-firmware: QUIET = >/dev/null
demo-firmware: ## the board of 64 KB of RAM delivers an alarm with a log that is larger than its memory, over TLS
	@scripts/setup build firmware
	@$(MAKE) --no-print-directory all QUIET=">/dev/null"
	@scripts/demo-firmware $(BUILD)/postino $(BUILD)/firmware

test: ## all tests: `N passed, N failed` (about twelve minutes)
	@scripts/setup build test size firmware
	@tests/run $(BUILD)

check-all: ## everything: longer fuzzing, every mutation, every server
	@scripts/setup build test size firmware interop bench
	@tests/run --all $(BUILD)

interop: ## nine real servers: in the clear, STARTTLS, TLS from the start, every mechanism of AUTH
	@scripts/setup interop
	@tests/run --gcc --all --only interop $(BUILD)

bench: all ## round trips, system calls and speed, beside the peers, into bench/RESULTS.md
	@scripts/setup bench
	@POSTINO=$(BUILD)/postino bench/run

size: ## what each feature costs on a Cortex-M4, and what the firmware of each board needs, by room
	@scripts/setup size firmware
	@scripts/size
	@if scripts/firmware $(BUILD)/firmware >/dev/null; then echo && scripts/firmware-size $(BUILD)/postino $(BUILD)/firmware; fi

coverage: ## lines and branches of src/session that the tests reach
	@scripts/setup build test
	@scripts/coverage

fuzz: ## fuzzes for ten minutes; FUZZ_SECONDS sets how long
	@scripts/setup build fuzz
	@fuzz/run $${FUZZ_SECONDS:-600}

format: ## lays out all C as .clang-format says
	@scripts/setup format
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

install: all ## installs into PREFIX (default /usr/local)
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

clean: ## removes what was built
	@rm -rf $(BUILD)
