# SPDX-License-Identifier: Apache-2.0
# make                @NAME@.so
# make test           its own test; SAN=address,undefined or SAN=thread for sanitizers
# make try            over a capture, with faults and reloads: CAPTURE=..., TRY_FLAGS=...
# make verify         what weirctl has to say of it
# sudo make install   into the sensor's folder of plugins; a running one does not see it
# sudo make enable    its settings into conf.d; then: weird --check, weirctl reload
NAME = @NAME@

PKG_CONFIG ?= pkg-config
WEIR_PLUGIN_TEST ?= weir-plugin-test
pc = $(shell $(PKG_CONFIG) $(1) weir-plugin)
WEIRCTL ?= $(call pc,--variable=weirctl)

CFLAGS ?= -O2 -g
STD ?= c11
all_cflags = -std=$(STD) -D_POSIX_C_SOURCE=200809L -Wall -Wextra -fPIC -pthread \
	-fvisibility=hidden $(call pc,--cflags) $(CPPFLAGS) $(CFLAGS)
all_ldflags = -shared -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack \
	-Wl,--build-id $(LDFLAGS)
san_flags = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
CAPTURE ?= $(call pc,--variable=samplecap)
TRY_FLAGS ?= --fail-alloc 7 --reload 5 --repeat 20

all: $(NAME).so

# Aside and renamed: a sensor may have the old file mapped.
$(NAME).so: $(NAME).c
	$(CC) $(all_cflags) -o .$@.new $< $(all_ldflags) $(LDLIBS)
	mv -f .$@.new $@

test_$(NAME): test_$(NAME).c $(NAME).c
	$(CC) $(all_cflags) $(san_flags) -o $@ $^ $(LDFLAGS) $(LDLIBS)

test: test_$(NAME)
	./test_$(NAME)

try: $(NAME).so
	$(WEIR_PLUGIN_TEST) $(TRY_FLAGS) $(NAME).so $(CAPTURE)

# Who owns the file matters where it is installed, not here.
verify: $(NAME).so
	$(WEIRCTL) plugin verify --any-owner $(NAME).so

install: $(NAME).so
	mkdir -p "$(DESTDIR)$(call pc,--variable=pluginsdir)"
	install -m 644 $(NAME).so "$(DESTDIR)$(call pc,--variable=pluginsdir)/.$(NAME).so.new"
	mv -f "$(DESTDIR)$(call pc,--variable=pluginsdir)/.$(NAME).so.new" \
		"$(DESTDIR)$(call pc,--variable=pluginsdir)/$(NAME).so"

enable:
	mkdir -p "$(DESTDIR)$(call pc,--variable=confdir)/conf.d"
	install -m 644 $(NAME).conf "$(DESTDIR)$(call pc,--variable=confdir)/conf.d/$(NAME).conf"

clean:
	rm -f $(NAME).so .$(NAME).so.new test_$(NAME)

.PHONY: all test try verify install enable clean
