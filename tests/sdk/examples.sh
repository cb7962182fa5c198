#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The plugins of examples/, in Rust and C++, built as an author would.
# shellcheck disable=SC1091,SC2154  # lib.sh sets them
. "${WEIR_SRC:?}/tests/sdk/lib.sh" || exit 1
cd "$tmp" || exit 1
# What pkg-config would say of an installed tree.
cat >weir-plugin.pc <<END
Name: weir-plugin
Description: this tree
Version: 0
Cflags: -I$WEIR_SRC/plugin-api
END
export PKG_CONFIG_PATH=$tmp

# try NAME ARGUMENT...: verified, and over the sample
try()
{
	local name=$1
	shift
	run "$weirctl" plugin verify --any-owner "$name.so"
	ok $? "$name: is verified"
	run "$plugintest" --threads 2 --repeat 3 --reload 7 --fail-alloc 5 "$name.so" "$sample"
	ok $? "$name: over the sample"
	run "$plugintest" --cycles 0 --print "$@" "$name.so" "$sample"
	has "$tmp/out" " $name\\.[a-z]+=" "$name: adds its fields"
}

for cxx in g++ clang++; do
	if ! command -v $cxx >/dev/null; then
		skip "C++ with $cxx" "no $cxx"
		continue
	fi
	rm -rf cpp
	cp -r "$WEIR_SRC/examples/cpp" cpp && chmod -R u+w cpp
	run make -C cpp CXX=$cxx CXXFLAGS="-O2 -g -Werror"
	ok $? "C++ with $cxx: builds"
	cp cpp/bursts.so . && try bursts --option limit=2
done

cp -r "$WEIR_SRC/examples/rust" rust && chmod -R u+w rust
run "${CC:-cc}" -Wall -I"$WEIR_SRC/plugin-api" -o offsets rust/offsets.c && run ./offsets
cmp -s out rust/src/layout.rs
ok $? "Rust: src/layout.rs is what offsets.c prints of today's header"
export CARGO_TARGET_DIR=$tmp/target CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
# offset_of! is as young as that.
if ! command -v cargo >/dev/null ||
	! rustc --version | awk '{ split($2, v, "."); exit v[1] == 1 && v[2] < 77 }'; then
	skip "Rust" "no cargo of 1.77 or later"
	done_testing
fi
cd rust || exit 1
run cargo build --release --offline --locked
ok $? "Rust: builds"
run cargo test --offline --locked
ok $? "Rust: its tests"
cd .. || exit 1
cp target/release/liboddargs.so oddargs.so && try oddargs --option max_len=10
# The proof is one: another place in the header does not compile.
sed -i '0,/pub kind: u8,/s//pub moved: u8,\n    pub kind: u8,/' rust/src/weir.rs
(cd rust && ! run cargo build --release --offline --locked)
ok $? "Rust: another layout does not compile"
done_testing
