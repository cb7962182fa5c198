#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real sensor with the stage scrub: no secret is in what comes out, a stage before
# it has seen the originals, and a filter on them still matches.
# shellcheck disable=SC1091,SC2154  # config-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/config-lib.sh" || exit 1
cd "${tmp:?}" || exit 1
mkdir plugins
cp "$WEIR_PLUGIN_PATH"/*.so "$WEIR_BUILD/tests/unit/plugins/.libs/seenargs.so" plugins
chmod 755 plugins/*.so
unset WEIR_PLUGIN_PATH

"$WEIR_BUILD/tests/tools/mkstory" cap <<'END' || exit 1
fork	1	2
env	PATH=/bin	DB_PASSWORD=hunter2 x	TOKEN=0123456789abcdef0123
exec	2	/usr/bin/mysql	mysql	-uroot	-phunter2	db
fork	2	3
exec	3	/usr/bin/curl	curl	-u	me:hunter2	https://me:hunter2@h/?token=hunter2&a=b
exec	3	/bin/ls	ls	--author	/tmp
shell	3	PGPASSWORD='hunter2' psql -h x --password $P
exit	3
END

# conf MORE FILE
conf() {
	cat >"$2" <<-EOF
		plugins = { path = [ "$tmp/plugins" ]; crashes = "$tmp/crashes"; };
		control = { socket = "$tmp/sock"; };
		sync = ( { plugin = "process"; }, { plugin = "variables"; define = [ "db_password string hunter2" ]; },
			$1 { plugin = "json"; }, { plugin = "stdout"; } );
	EOF
}
run() { "$weird" -c "$1" --replay cap >out 2>err; }
all() { jq -c "$1" out; }

conf '{ plugin = "scrub"; },' plain
run plain
is $? 0 'status'
is "$(grep -c hunter2 out)" 0 'no line has a secret'
is "$(all 'select(.type == "exec") | .process.args' | sed -n 1p)" \
	'["mysql","-uroot","-p***","db"]' 'arguments'
is "$(all 'select(.type == "exec") | .exec.env' | sed -n 1p)" \
	'["PATH=/bin","DB_PASSWORD=***","TOKEN=***0123"]' 'environment'
is "$(all 'select(.type == "exec") | .process.parent.args' | sed -n 2p)" \
	'["mysql","-uroot","-p***","db"]' "the parent's arguments"
is "$(all 'select(.type == "exec") | .process.args' | sed -n 2p)" \
	'["curl","-u","me:***","https://me:***@h/?token=***&a=b"]' 'a URL'
is "$(all 'select(.type == "shell_command") | .shell.line')" \
	"\"PGPASSWORD='***' psql -h x --password \$P\"" 'a line of a shell'
is "$(all '.variables.global[0].value' | sort -u)" '"***"' 'a variable, by its name'
is "$(all 'select(.type == "exec") | .scrub.fields' | sed -n 1p)" \
	'["process.args","exec.env","variables.global"]' 'the event says where'
is "$(all 'select(.type == "exec") | .scrubbed' | sort -u)" true 'and that'
is "$(all 'select(.type == "exec") | .process.args' | sed -n 3p)" '["ls","--author","/tmp"]' \
	'what is none stays'

conf '{ plugin = "seenargs"; }, { plugin = "scrub"; except = [ "seenargs.args" ]; },' seen
run seen
is "$(all 'select(.type == "exec") | .seenargs.args' | sed -n 1p)" \
	'["mysql","-uroot","-phunter2","db"]' 'a stage before it sees all'
is "$(all 'select(.type == "exec") | .process.args' | sed -n 1p)" \
	'["mysql","-uroot","-p***","db"]' 'who reads the field behind it does not'
conf '{ plugin = "seenargs"; filter = "process.args *= hunter2"; },
	{ plugin = "scrub"; except = [ "seenargs.args" ]; },' filter
run filter
is "$(jq -r 'select(.seenargs) | .process.args[0]' out | xargs)" 'mysql curl' \
	'a filter before it matches the originals'
conf '{ plugin = "scrub"; fields = [ "process.argz" ]; },' bad
run bad
is $? 1 'a field that is not there: status'
has "$(messages)" 'scrub: fields: there is no field "process.argz" here' 'and message'
done_testing
