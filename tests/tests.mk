# SPDX-License-Identifier: GPL-2.0-or-later
#
# make check            builds and runs all tests; needs root
# make check-clients    runs containerd, podman, buildah, libcni on it; needs root
# make demo             a node in miniature, its pods and packets; needs root
# make demo-nodes       the same with several nodes; needs root
# make soak             N=10000 random operations on 1000 pods; needs root.
#                       SEED= repeats the decisions. Then every system call
#                       fails, and check-configs; 40 minutes
# make bench            measures against the Go plugins, and those in PEER=dir;
#                       needs root. bench-quick: in five minutes
# make bench-clients    measures how long containerd takes to run and to stop pods
#                       with cnibox and with the Go plugins; needs root
# make sizes            builds without each option, or OPTIONS=: what it costs, and
#                       whether its help and README say so; four minutes
# make bench-readme     puts what the last make bench has measured into README
# make plot             draws tests/bench/speed.svg from README's figures
# make unit             builds and runs the unit tests; test-unit-X: one
# make test-e2e-X       runs tests/e2e/X.bats, what F=regex names; needs root
# make test-lists       plays the lists of tests/lists, what F=regex names; needs root
# make mutants          makes N=10 mistakes at random, or all of a list, and tells
#                       which of them no test notices; those that tests/e2e has
#                       to notice with E2E=1; needs root
# make fuzz             fuzzes T=60 seconds for each target, or FUZZ=target
# make lint             checks the house rules
# make analyze          looks for bugs with gcc, clang-tidy, scan-build, cppcheck
# make check-configs    builds N=10 random configurations, and one without each
#                       option; 20 minutes
# make check-cross      builds for the other architectures of Debian; needs root

UNIT_AT_ONCE ?= 1
T ?= 60

# The same sources for the host's libc, under the sanitizers.
EACH_ALONE := -DJOB_CHUNK_SIZE=0
SANITIZE ?= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
NAT_UNITS := $(basename $(notdir $(NAT_SRC)))
UNIT := $(filter-out $(if $(CONFIG_NAT),,$(NAT_UNITS:%=test_%) \
		$(addsuffix _%,$(NAT_UNITS:%=test_%)) test_attachment_nat test_heir test_masq test_show) \
	$(patsubst %,test_%,$(call symbol,$(applets-) $(tools-))) \
	$(if $(CONFIG_FIREWALL),,test_forward test_closed) \
	$(if $(CONFIG_NODES),,test_exempt) \
	$(if $(CONFIG_NODES_VXLAN),,test_vxlan) \
	$(if $(CONFIG_FIREWALL_EGRESS),,test_egress test_sender) \
	$(if $(CONFIG_HELP),,test_conf_help) \
	$(if $(CONFIG_SANDBOX),,test_sandbox) \
	$(if $(CONFIG_IPAM_EXEC),,test_delegate) \
	$(if $(CONFIG_HOST_LOCAL_INDEX),,test_store_index),$(UNIT))
UNIT := $(UNIT:%=$(O)/host/%)
HOST_OBJ := $(patsubst %.c,$(O)/host/%.o,$(filter-out core/main.c build/%,$(SRC)))
host_compile := $(HOSTCC) $(ours) $(HOST_CFLAGS) $(SANITIZE) $(EACH_ALONE)

$(GEN)/host-flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(host_compile)) >$@.new
	@$(update)

$(O)/host/%.o: %.c $(GEN)/autoconf.h $(GEN)/host-flags | $(APPLET_LISTS) $(HOST_READY)
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)
	$(Q)$(host_compile) $(if $(filter tests/%,$<),,$(banned)) -MMD -MP -c -o $@ $<

$(O)/host/all.a: $(HOST_OBJ) $(GEN)/HOST_OBJ.list
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $(HOST_OBJ)

$(UNIT): $(O)/host/%: $(O)/host/tests/unit/%.o $(O)/host/all.a
	$(call say,LINK,$@)
	$(Q)$(HOSTCC) $(SANITIZE) -o $@ $^ $(HOST_LIBS)

test-unit-%: $(O)/host/test_%
	$<

test-e2e-%: all
	bats tests/e2e/$*.bats $(if $(F),-f $(call quoted,$(F)))

test-lists: all
	bats tests/lists/lists.bats $(if $(F),-f $(call quoted,$(F)))

unit-build: $(UNIT)

unit: unit-build
	@printf '%s\n' $(UNIT) | xargs -n 1 -P $(UNIT_AT_ONCE) sh -c '$$0'

mutants: all unit-build
	O=$(call quoted,$(abspath $(O))) DEPS_DIR=$(call quoted,$(abspath $(DEPS_DIR))) \
		tests/mutants/run $(N)

# ---- fuzzing

# Each target with all of the program, for libFuzzer.
FUZZ_CC ?= clang
FUZZ_SANITIZE := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=address,undefined
FUZZ_OFF := $(if $(CONFIG_NAT),,condition nfnetlink record) \
	$(if $(CONFIG_HOST_LOCAL),,resolv)
FUZZ ?= $(filter-out $(FUZZ_OFF), \
	$(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_BIN := $(FUZZ:%=$(O)/fuzz/fuzz_%)
FUZZ_CONF := $(patsubst %.c,$(O)/fuzz/%.o,$(wildcard $(APPLETS:%=tests/fuzz/conf/%.c)))
FUZZ_OBJ := $(patsubst %.c,$(O)/fuzz/%.o,$(filter-out core/main.c build/%,$(SRC)))
fuzz_compile := $(FUZZ_CC) $(ours) $(HOST_CFLAGS) $(EACH_ALONE) \
	$(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link

$(O)/fuzz/%.o: %.c $(GEN)/autoconf.h Makefile tests/tests.mk | $(APPLET_LISTS) $(HOST_READY)
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(fuzz_compile) $(if $(filter tests/%,$<),,$(banned)) -MMD -MP -c -o $@ $<

$(O)/fuzz/all.a: $(FUZZ_OBJ) $(GEN)/FUZZ_OBJ.list
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $(FUZZ_OBJ)

$(FUZZ_BIN): $(O)/fuzz/%: $(O)/fuzz/tests/fuzz/%.o $(O)/fuzz/all.a
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ \
		$(filter %.o,$^) $(filter %.a,$^ $(HOST_LIBS))

$(O)/fuzz/fuzz_conf: $(FUZZ_CONF) $(GEN)/FUZZ_CONF.list

fuzz-build: $(FUZZ_BIN)

fuzz:
	tests/setup fuzz
	$(MAKE) fuzz-build
	for name in $(FUZZ); do tests/fuzz/run $(O)/fuzz $$name $(T) || exit 1; done

lint:
	build/lint

analyze: $(GEN)/autoconf.h $(APPLET_LISTS) | $(HOST_READY)
	$(Q)tests/setup analyze
	$(Q)GEN=$(GEN) COMPILE=$(call quoted,$(ours) $(HOST_CFLAGS) $(banned)) \
		build/analyze $(filter-out build/glibc-chk.c,$(SRC))

check:
	tests/setup check
	$(MAKE) all
	tests/run $(PARTS)

check-clients:
	tests/setup check
	tests/clients/setup
	$(MAKE) all
	tests/run clients

soak: all
	tests/setup check
	CNIBOX=$(call quoted,$(abspath $(BINARY))) N=$(or $(N),10000) PODS=1000 tests/soak
	CNIBOX=$(call quoted,$(abspath $(BINARY))) tests/faults/run all
	tests/builds all

check-configs:
	tests/builds all

check-cross:
	tests/setup cross
	tests/builds cross

demo demo-nodes: all
	tests/setup demo
	tests/$@

bench bench-quick: all
	tests/setup check
	O=$(call quoted,$(abspath $(O))) DEPS_DIR=$(call quoted,$(DEPS_DIR)) \
		HOSTCC=$(call quoted,$(HOSTCC)) \
		COMPILE=$(call quoted,$(compile)) \
		LINK=$(call quoted,$(link) $(call LIBC_LINK,"$$object")) \
		tests/bench/bench $(@:bench-%=%)

bench-clients: all
	tests/setup check
	tests/clients/setup
	O=$(call quoted,$(abspath $(O))) tests/bench/clients

bench-readme:
	awk -f tests/bench/readme.awk $(call quoted,$(O))/bench/table.md \
		README.md README.md >README.md.new
	mv README.md.new README.md
	$(MAKE) plot

sizes:
	O=$(call quoted,$(abspath $(O))) DEPS_DIR=$(call quoted,$(DEPS_DIR)) \
		tests/sizes $(OPTIONS)

plot:
	awk -f tests/bench/picture.awk README.md >tests/bench/speed.svg.new
	mv tests/bench/speed.svg.new tests/bench/speed.svg

-include $(OBJ:.o=.d) $(HOST_OBJ:.o=.d) \
	$(patsubst $(O)/host/%,$(O)/host/tests/unit/%.d,$(UNIT)) \
	$(FUZZ_OBJ:.o=.d) $(FUZZ_CONF:.o=.d) $(FUZZ_BIN:$(O)/fuzz/%=$(O)/fuzz/tests/fuzz/%.d)

.PHONY: unit unit-build test-lists mutants fuzz fuzz-build lint analyze check \
	check-clients check-configs check-cross soak demo demo-nodes bench \
	bench-quick bench-clients bench-readme sizes plot
