# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                  builds out/cnibox, by .config if there is one
# make install          installs to DESTDIR= CNI_BIN_DIR=/opt/cni/bin
# make fetch            fills DEPS_DIR=out/deps; with it make needs no network
# make clean            removes what was built; distclean: all that was made
#
# defconfig, X_defconfig (of build/configs), allnoconfig, allyesconfig,
# olddefconfig, randconfig (KCONFIG_SEED=) write .config. savedefconfig writes
# what is on to out/defconfig. menuconfig, nconfig, oldconfig ask; they need
# kconfig-frontends or kconfiglib.
#
# V=1 shows commands. O= is the folder for all output, KCONFIG_CONFIG= replaces
# .config. CC, CROSS_COMPILE, CFLAGS, EXTRA_CFLAGS, LDFLAGS are as usual;
# SYSROOT and PKG_CONFIG are for musl systems, see build/deps.mk.

# The plugins whose behaviour this is, and what is ours: to those who compare
# versions, such as Nomad and nerdctl, it is the former.
REFERENCE := 1.9.1
VERSION := 0.2.0

O ?= out
KCONFIG_CONFIG ?= .config
CNI_BIN_DIR ?= /opt/cni/bin
KCONFIG_SEED ?= $(shell date +%s)

MAKEFLAGS += --no-builtin-rules --no-print-directory
export SOURCE_DATE_EPOCH ?= 0
comma := ,
Q := $(if $(V),,@)
quoted = '$(subst ','\'',$(1))'
say = @$(if $(V),:,printf '  %-7s %s\n' $(1) $(2))
# What depends on a file made anew is left alone if the file is the same.
update = if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
BINARY := $(O)/cnibox
GEN := $(O)/gen

ifneq ($(and $(filter %config,$(MAKECMDGOALS)),$(word 2,$(MAKECMDGOALS))),)

# What is made depends on .config: one goal after the other.
.PHONY: $(MAKECMDGOALS) in-turn
$(MAKECMDGOALS): in-turn
	@:
in-turn:
	@for goal in $(MAKECMDGOALS); do $(MAKE) $$goal || exit; done

else ifneq ($(filter-out help clean distclean,$(or $(MAKECMDGOALS),all)),)

all: $(BINARY)

# ---- options

# The file of an applet that carries its Kconfig block.
CARRIERS := $(wildcard applets/*/*.c) $(foreach d,$(wildcard applets/*/*/), \
	$(wildcard $(d)$(notdir $(d:/=)).c))
KCONFIGS := Kconfig $(GEN)/Kconfig.applets
configure = awk -v mode=$(1) -f build/config.awk $(KCONFIGS) answers=1 $(2) \
	>$(KCONFIG_CONFIG).new && mv $(KCONFIG_CONFIG).new $(KCONFIG_CONFIG)

$(GEN)/Kconfig.applets $(GEN)/applets.mk: FORCE
	@mkdir -p $(@D)
	@awk -f build/kconfig.awk make=$(if $(filter %.mk,$@),1) \
		$(CARRIERS) /dev/null >$@.new
	@$(update)

# Made if missing, completed when an applet has come or gone.
$(KCONFIG_CONFIG): $(KCONFIGS)
	$(call say,CONFIG,$@)
	@$(call configure,default,$(or $(wildcard $@),build/configs/defconfig))

include $(KCONFIG_CONFIG)
include $(GEN)/applets.mk
# To choose options takes neither compiler nor libraries.
ifeq ($(filter %config,$(MAKECMDGOALS)),)
include build/deps.mk
endif

$(GEN)/autoconf.h: $(KCONFIG_CONFIG)
	@sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=y$$/#define \1 1/p;t;s/^\(CONFIG_[A-Z0-9_]*\)=/#define \1 /p' \
		$< >$@.new
	@$(update)

symbol = $(subst -,_,$(1))
$(GEN)/applets.def: FORCE
	@printf '%s\n' $(foreach a,$(APPLETS),'APPLET($(call symbol,$(a)))') >$@.new
	@$(update)
# With the option of a tool that is not built.
$(GEN)/tools.def: FORCE
	@printf '%s\n' $(foreach a,$(TOOLS),'TOOL($(call symbol,$(a)))') \
		$(foreach a,$(call symbol,$(sort $(tools-))), \
		'UNBUILT($(a)$(comma) $(shell echo $(a) | tr a-z A-Z))') >$@.new
	@$(update)

# ---- the binary

APPLET_LISTS := $(GEN)/applets.def $(GEN)/tools.def
APPLETS := $(sort $(applets-y))
TOOLS := $(sort $(tools-y))
NAT_SRC := $(wildcard core/tables/*.c core/kernel/nft*.c) core/kernel/ct.c
CORE_SRC := $(filter-out $(if $(CONFIG_NAT),,$(NAT_SRC)) \
	$(if $(CONFIG_HELP),,core/data/conf_help.c) \
	$(if $(CONFIG_SANDBOX),,core/cni/sandbox.c), \
	$(wildcard core/*.c core/*/*.c))
SRC := $(CORE_SRC) $(DEPS_SRC) \
	$(foreach a,$(APPLETS) $(TOOLS),$(wildcard applets/*/$(a).c applets/*/$(a)/*.c))
OBJ := $(SRC:%.c=$(O)/obj/%.o)

# What the compiler knows of these options.
known = $(shell $(CC) -Werror $(1) -S -o /dev/null -x c /dev/null 2>/dev/null && echo $(1))
CFLAGS ?= $(if $(CONFIG_DEBUG),-Og -g,$(or $(call known,-Oz),-Os))
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wno-missing-field-initializers -Werror=vla -Werror=date-time \
	-Werror=implicit-function-declaration
ours = -std=c11 -D_GNU_SOURCE -DCNIBOX_VERSION='"$(REFERENCE)+cnibox.$(VERSION)"' -I. -I$(GEN) \
	-include autoconf.h -include build/enabled.h $(WARNINGS) $(EXTRA_CFLAGS)
# No registers of floating point, which each function with variable arguments
# saves, no gaps before data; and without what -Oz does for speed, at the price of
# size: each was measured, together they save 2.2 KB.
FRUGAL := $(foreach option,-mgeneral-regs-only -malign-data=abi \
	-fno-caller-saves -fno-move-loop-invariants -fno-if-conversion \
	-fno-optimize-sibling-calls -fno-expensive-optimizations -fno-shrink-wrap \
	-fno-forward-propagate -fno-tree-tail-merge \
	-fno-inline-functions-called-once, \
	$(call known,$(option)))
# That a large frame cannot step over the guard of the stack costs nothing. Left
# out is what would do nothing here: musl has no functions for _FORTIFY_SOURCE,
# and its objects lack the marks of -fcf-protection and bti, without which the
# kernel leaves these off; relro is for what a dynamic linker has written.
HARDENING := $(call known,-fstack-clash-protection) $(if $(CONFIG_HARDENED), \
	-fstack-protector-strong $(call known,-ftrivial-auto-var-init=zero) \
	$(call known,-mbranch-protection=pac-ret), \
	-fno-stack-protector)
banned := -include build/banned.h
# All of the program at once is 2 KB smaller. LTO= leaves it out.
LTO ?= $(if $(CONFIG_DEBUG),,$(call known,-flto -flto-partition=one))
# What the linker has to know, too, when it is it that compiles.
generate := $(CFLAGS) $(LTO) $(if $(PIE),-fPIE,-fno-pie) -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables $(HARDENING) $(FRUGAL)
compile := $(CC) $(ours) $(LIBC_CFLAGS) $(generate) \
	-ffile-prefix-map=$(call quoted,$(CURDIR))=.
# The smaller common page lets the data follow in the file without a gap.
link := $(CC) $(generate) $(LDFLAGS) -Wl,--gc-sections,--build-id=none \
	-Wl,-z,norelro,-z,noseparate-code,-z,noexecstack \
	-Wl,-z,max-page-size=4096,-z,common-page-size=64 \
	$(if $(CONFIG_DEBUG),,-Wl,-T,build/discard.ld)

$(GEN)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(compile)) $(call quoted,$(link)) >$@.new
	@$(update)

$(O)/obj/%.o: %.c $(GEN)/autoconf.h $(GEN)/flags | $(APPLET_LISTS) $(DEPS_READY)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(compile) $(if $(filter build/%,$<),,$(banned)) -MMD -MP -c -o $@ $<

# A source that leaves the tree makes no object newer.
$(GEN)/%.list: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $($*) >$@.new
	@$(update)

# Some compilers take -static for a wish.
$(BINARY): $(OBJ) $(GEN)/OBJ.list
	$(call say,LINK,$@)
	$(Q)$(link) -o $@.new $(call LIBC_LINK,$(sort $(OBJ)))
	@if $(READELF) -lW $@.new | grep -E 'INTERP$(if $(PIE),,|DYNAMIC)' || \
		$(READELF) -dW $@.new | grep NEEDED; then \
		echo '$@.new is not static' >&2; exit 1; fi
	$(if $(CONFIG_DEBUG),,$(Q)$(STRIP) -s -R .comment $@.new)
	@mv $@.new $@

install: all
	mkdir -p '$(DESTDIR)$(CNI_BIN_DIR)'
	install -m 755 $(BINARY) '$(DESTDIR)$(CNI_BIN_DIR)/cnibox'
	for name in $(APPLETS); do \
		ln -sf cnibox '$(DESTDIR)$(CNI_BIN_DIR)'/$$name; done

include tests/tests.mk

endif

# ---- choosing options

defconfig olddefconfig: $(KCONFIGS)
	@$(call configure,default,$(if $(filter old%,$@), \
		$(KCONFIG_CONFIG),build/configs/$@))

# What such a file does not name is off.
%_defconfig: build/configs/%_defconfig $(KCONFIGS)
	@$(call configure,no,$<)

allnoconfig: $(KCONFIGS)
	@$(call configure,no)

allyesconfig: $(KCONFIGS)
	@$(call configure,yes)

randconfig: $(KCONFIGS)
	@echo KCONFIG_SEED=$(KCONFIG_SEED)
	@$(call configure,random -v seed=$(KCONFIG_SEED))

savedefconfig: $(KCONFIG_CONFIG)
	grep '^CONFIG_' $< >$(O)/defconfig

menuconfig nconfig oldconfig: $(KCONFIG_CONFIG)
	@KCONFIG_CONFIG=$(KCONFIG_CONFIG) build/kconfig $@

# ---- the rest

clean:
	rm -rf $(O)/obj $(O)/host $(O)/gen $(O)/configs $(BINARY) $(BINARY).new \
		$(addprefix $(O)/fuzz/,core applets tests all.a fuzz_*)

distclean:
	rm -rf $(O) $(KCONFIG_CONFIG) $(KCONFIG_CONFIG).old

help:
	@sed -n '3,/^$$/s/^# \{0,1\}//p' Makefile && echo
	@sed -n '3,/^$$/s/^# \{0,1\}//p' tests/tests.mk

FORCE:
.PHONY: all install fetch clean distclean help FORCE
