# Everything one does with this repository from a shell. `make help` lists it.
# What a target lacks it fetches: tools/bootstrap (PyPI) and tools/system-packages (Debian, as root).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# `make CC=clang` reaches everything below; make's own defaults name no compiler one may rely on.
ifeq ($(origin CC),default)
CC := cc
endif
ifeq ($(origin CXX),default)
CXX := c++
endif
export CC
CARGO ?= cargo
PKG_CONFIG ?= pkg-config
JOBS ?= $(shell nproc)

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
DESTDIR ?=

# Cargo.toml is the one place that knows the version.
VERSION := $(shell sed -n '/^\[package\]/,/^\[[^p]/s/^version *= *"\([^"]*\)".*/\1/p' Cargo.toml)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
SHARED := $(RELEASE)/libbytesio.so
STATIC := $(RELEASE)/libbytesio.a
NATIVE := $(RELEASE)/libbytesio.native-libs
TOOLS := .tools/bin

.PHONY: help
help: ## list the targets
	@echo "libbytesio $(VERSION)"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "Variables: PREFIX LIBDIR INCLUDEDIR DATADIR DESTDIR CC CXX CARGO JOBS"

## Building

# A call for each, since cargo passes no link-time optimisation where it builds several kinds at once.
CARGO_LIB := $(CARGO) rustc --release --locked --lib --crate-type
ifeq ($(shell uname -s),Linux)
SONAME := -C link-arg=-Wl,-soname,libbytesio.so.$(SOVERSION)
endif
BUILD_SHARED = $(CARGO_LIB) cdylib -- $(SONAME)
BUILD_STATIC = $(CARGO_LIB) staticlib

.PHONY: lib
lib: ## build the shared and the static library
	$(BUILD_SHARED)
	$(BUILD_STATIC)
	@$(MAKE) $(NATIVE)

# `make install` as root, after `make lib` as oneself, must not need cargo: hence files, not `lib`.
LIB_SOURCES := Cargo.toml Cargo.lock build.rs $(shell find src -type f 2>/dev/null)
$(SHARED): $(LIB_SOURCES)
	$(BUILD_SHARED)

$(STATIC): $(LIB_SOURCES)
	$(BUILD_STATIC)

$(NATIVE): $(STATIC) tools/native-static-libs
	tools/native-static-libs > $@

.PHONY: header
header: ## write include/bytesio.h and bytesio.abi.json anew from the sources
	BYTESIO_BLESS=1 $(CARGO) test --locked --test header

.PHONY: tools
tools:
	@tools/bootstrap
	@tools/system-packages

## Running

EXAMPLES = python3 examples/check.py --cc "$(CC)" --cxx "$(CXX)" --include include --libdir $(RELEASE) \
	--go $(TOOLS)/go --zig $(TOOLS)/zig --pkg-config "$(PKG_CONFIG)"

.PHONY: demo
demo: lib tools ## build everything and run the examples on real input
	$(EXAMPLES) --out build/demo --container build/demo/sources.tar --demo

.PHONY: bench
bench: lib ## run the benchmarks
	@if [ -x benches/run ]; then benches/run; else echo "no benchmarks yet: benches/run is not there"; fi

## Testing

.PHONY: configure
configure: lib tools
	@$(TOOLS)/cmake -S c_tests -B build/c_tests -G Ninja \
	  -DCMAKE_MAKE_PROGRAM="$(CURDIR)/$(TOOLS)/ninja" -DCMAKE_C_COMPILER="$(CC)" -DCMAKE_CXX_COMPILER="$(CXX)" \
	  -DBYTESIO_INCLUDE_DIR="$(CURDIR)/include" -DBYTESIO_SHARED="$(abspath $(SHARED))" \
	  -DBYTESIO_STATIC="$(abspath $(STATIC))" -DBYTESIO_NATIVE_LIBS="$$(cat $(NATIVE))" \
	  -DBYTESIO_VERSION="$(VERSION)" -DBYTESIO_TOOLS="$(CURDIR)/$(TOOLS)" \
	  -DBYTESIO_MAKE="$(firstword $(MAKE))" -DBYTESIO_PKG_CONFIG="$(PKG_CONFIG)" --log-level=NOTICE
	@$(TOOLS)/cmake --build build/c_tests -- -j $(JOBS) --quiet

CTEST = $(TOOLS)/ctest --test-dir build/c_tests --output-on-failure --no-tests=error -j $(JOBS)

.PHONY: test
test: configure ## run every test: Rust, C, memcheck, ABI, installation, examples
	@failed=0; run() { echo "$$*"; "$$@" || failed=1; }; \
	  run $(CARGO) test --locked --no-fail-fast; \
	  run env BYTESIO_MAPPED_FROM=1 $(CARGO) test --locked --no-fail-fast; \
	  run $(MAKE) models; \
	  run $(CTEST); exit $$failed

.PHONY: models
models: ## check counts and lock in every interleaving of threads
	RUSTFLAGS="$(RUSTFLAGS) --cfg loom" $(CARGO) test --locked --release --lib --target-dir build/loom

# The stable compiler has the sanitizers, behind its bootstrap switch; the target keeps build scripts free of them.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
.PHONY: asan
asan: ## run the Rust tests under address and leak sanitizer
	ASAN_OPTIONS=allocator_may_return_null=1 LSAN_OPTIONS="suppressions=$(CURDIR)/tests/leaks.txt:print_suppressions=0" \
	  RUSTC_BOOTSTRAP=1 RUSTFLAGS="$(RUSTFLAGS) -Zsanitizer=address" $(CARGO) test --locked --target $(HOST) \
	  --target-dir build/asan --lib --test allocator --test malloc --test memory --test model --test oom --test search \
	  --test threads

.PHONY: soak
soak: ## run the random tests for some minutes, with heap and with mapped blocks
	PROPTEST_CASES=20000 $(CARGO) test --locked --release --test model
	PROPTEST_CASES=20000 BYTESIO_MAPPED_FROM=1 $(CARGO) test --locked --release --test model

.PHONY: ctest
ctest: configure ## run the tests in C only, without memcheck
	$(CTEST) -LE valgrind

.PHONY: valgrind
valgrind: configure ## run the tests in C under memcheck
	$(CTEST) -L valgrind

C_FILES = find c_tests examples $(wildcard benches include/bytesio) -type f \
	\( -name '*.[ch]' -o -name '*.cpp' -o -name '*.hpp' \)

.PHONY: fmt
fmt: tools ## format Rust, C, C++, Go and Zig
	$(CARGO) fmt
	$(C_FILES) | xargs -r $(TOOLS)/clang-format -i
	find examples -name '*.go' | xargs -r $(TOOLS)/gofmt -w
	find examples -name '*.zig' | xargs -r $(TOOLS)/zig fmt

# rustfmt leaves comments as long as they are.
MAX_WIDTH = $(shell sed -n 's/^max_width = //p' rustfmt.toml)
.PHONY: lint
lint: tools ## check formatting, line lengths, clippy and shell syntax; changes nothing
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	long=$$(LC_ALL=C.UTF-8 grep -rnE "^.{$$(($(MAX_WIDTH) + 1)),}" --include='*.rs' src tests build.rs || [ $$? -eq 1 ]); \
	  [ -z "$$long" ] || { printf 'longer than $(MAX_WIDTH) columns:\n%s\n' "$$long" >&2; exit 1; }
	$(C_FILES) | xargs -r $(TOOLS)/clang-format --dry-run -Werror
	find examples -name '*.zig' | xargs -r $(TOOLS)/zig fmt --check
	unformatted=$$(find examples -name '*.go' | xargs -r $(TOOLS)/gofmt -l); \
	  [ -z "$$unformatted" ] || { echo "not gofmt's form: $$unformatted" >&2; exit 1; }
	for script in $$(grep -rlE '^#!.*bash' tools c_tests .ci); do bash -n "$$script"; done

## Installing

DEST_LIB = $(DESTDIR)$(LIBDIR)
DEST_PC = $(DEST_LIB)/pkgconfig
DEST_INCLUDE = $(DESTDIR)$(INCLUDEDIR)
DEST_DATA = $(DESTDIR)$(DATADIR)/bytesio
ADAPTERS := $(wildcard include/bytesio/*.h)
from_pc = $$(realpath -m --relative-to="$(LIBDIR)/pkgconfig" "$(1)")

.PHONY: install
install: $(SHARED) $(STATIC) $(NATIVE) ## put libraries, headers, ABI data and bytesio.pc below PREFIX
	install -d "$(DEST_PC)" "$(DEST_INCLUDE)/bytesio" "$(DEST_DATA)"
	install -m 755 $(SHARED) "$(DEST_LIB)/libbytesio.so.$(VERSION)"
	ln -sf libbytesio.so.$(VERSION) "$(DEST_LIB)/libbytesio.so.$(SOVERSION)"
	ln -sf libbytesio.so.$(SOVERSION) "$(DEST_LIB)/libbytesio.so"
	install -m 644 $(STATIC) "$(DEST_LIB)/libbytesio.a"
	install -m 644 include/bytesio.h "$(DEST_INCLUDE)/bytesio.h"
	install -m 644 include/bytesio.abi.json "$(DEST_DATA)/bytesio.abi.json"
	install -m 644 $(ADAPTERS) "$(DEST_INCLUDE)/bytesio"
	sed -e "s|@PREFIX@|$(call from_pc,$(PREFIX))|" -e "s|@LIBDIR@|$(call from_pc,$(LIBDIR))|" \
	  -e "s|@INCLUDEDIR@|$(call from_pc,$(INCLUDEDIR))|" -e "s|@DATADIR@|$(call from_pc,$(DATADIR))|" \
	  -e "s|@VERSION@|$(VERSION)|" \
	  -e "s|@NATIVE@|$$(cat $(NATIVE))|" tools/bytesio.pc.in > "$(DEST_PC)/bytesio.pc"
	chmod 644 "$(DEST_PC)/bytesio.pc"

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f "$(DEST_LIB)"/libbytesio.so{,.$(SOVERSION),.$(VERSION)} "$(DEST_LIB)/libbytesio.a" \
	  "$(DEST_INCLUDE)/bytesio.h" "$(DEST_PC)/bytesio.pc" "$(DEST_DATA)/bytesio.abi.json" \
	  $(ADAPTERS:include/%="$(DEST_INCLUDE)/%")
	rmdir "$(DEST_INCLUDE)/bytesio" 2>/dev/null || :

## Cleaning

.PHONY: clean
clean: ## remove what was built
	rm -rf build
	$(CARGO) clean --quiet

.PHONY: distclean
distclean: clean ## remove the fetched tools too
	rm -rf .tools
