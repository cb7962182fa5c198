#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weirctl profile html: the page has what the profile has and nothing that a profile could
# smuggle in; and a browser draws it, searches in it, and tells versions apart.
# shellcheck disable=SC1091,SC2154  # profile-lib.sh sets them
. "${WEIR_SRC:?}/tests/replay/profile-lib.sh" || exit 1

shop() {
	line state v1 exec stable "$(at 100)"
	line state v2 exec learning "$(at 900)"
	node 1 2 0 /usr/sbin/shop 0 2 v1 3 0 60
	node 1 2 0 /usr/sbin/shop 0 4 v2 2 900 960
	node 2 3 0 srv 0 0
	node 3 3 0 cache 0 0
	node 4 3 0 entry 1 4 v1 5 10 20
	node 3 3 0 a 3 4 v2 1 910 910
	node 2 8 1 cache.shop.example 0 4 v1 7 10 70
	node 2 2 0 /bin/sh 0 9 v2 1 920 920
}
attack='</script><script>document.title="owned"</script><img src=x onerror=alert(1)><!--@DATA@'
shop | make shop.profile unit:shop.service "$(at 2000)"
{
	node 1 2 0 "/usr/bin/$attack" 0 4 "v$attack" 1 0 0
	node 2 14 0 $'\e[31m"\'\\&amp;\xff\u202e\u200b' 0 4 "v$attack" 1 1 1
} | make evil.profile "image:$attack" "$(at 2000)"

# ---- the file ----------------------------------------------------------------------------
run html -o shop.html shop.profile
is "$status $(cat out err) $(stat -c %a shop.html)" '0  600' 'a page, for its owner only'
run html shop.profile
is "$status $(sed 's/nonce[-=]"*[0-9a-f]*//g' out | cksum)" "0 $(sed 's/nonce[-=]"*[0-9a-f]*//g' shop.html | cksum)" \
	'the same to standard output'
[ "$(grep -oE -m 1 'nonce-[0-9a-f]{32}' out)" != "$(grep -oE -m 1 'nonce-[0-9a-f]{32}' shop.html)" ]
ok $? 'with another secret'
is "$(grep -cE "^<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';" out)" 1 'nothing may be fetched'
is "$(grep -oE '@(NONCE|STYLE|SCRIPT|DATA)@|(src|href)=|https?://[^'"']*" out)" http://www.w3.org/2000/svg 'nor would it'
sed -n 's/.*type="application\/json">//; /^{"profile"/,/]}<\/script>/{s/<\/script>//; p}' out >data
is "$(jq -c '[.profile.name, (.nodes | length), .nodes[4], (.profile.versions | map(.version))]' data)" \
	'["unit:shop.service",7,{"p":4,"k":"file","t":"entry","a":["read"],"o":["learnt"],"s":[[0,1700000010,1700000020,5]]},["v1","v2"]]' \
	'its data'
run html --version v2 shop.profile
is "$status $(grep -c '"t":"entry"' out) $(grep -c '"t":"a"' out)" '0 0 1' 'of one version'
run html -o evil.html evil.profile
is "$status $(grep -o '</*script' evil.html | tr '\n' ' ')" '0 <script </script <script </script ' \
	'a hostile profile ends no element'
run html -o none/x.html shop.profile
is "$status $(cat err)" '1 weirctl: none/x.html: No such file or directory' 'no folder is made'
mkdir state
cp shop.profile state/unit%3ashop.service.profile
run html --state state unit:shop.service
is "$status $(grep -c '"t":"entry"' out)" '0 1' 'by the name of the profile'
run html --state state unit:none
is "$status $(cat out err)" '1 weirctl: state/unit%3anone.profile: No such file or directory' 'which there is not'

# ---- in a browser -------------------------------------------------------------------------
for browser in chromium chromium-browser google-chrome; do
	command -v $browser >/dev/null && break
	browser=
done
if [ -z "$browser" ]; then
	n=$((n + 1))
	echo "ok $n # SKIP there is no chromium: the page is not drawn"
	done_testing
fi

# browse PAGE#VIEW OPTION...
browse() {
	local page=$1
	shift
	HOME=$tmp timeout 300 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--hide-scrollbars --no-first-run --user-data-dir="$tmp/browser" --window-size=1200,800 \
		--virtual-time-budget=5000 "$@" "file://$tmp/$page" 2>browser.err
}
# The rows of a list: their texts, and which of them are marked.
rows() {
	sed -n 's/<div id="'"$1"'"/\n&/; s/<\/section>/\n&/; p' dom | grep -F "<div id=\"$1\"" |
		grep -oE '<span class="text [^"]*">([^<]|<mark[^>]*>|</mark>)*' |
		sed 's/<span[^>]*>//; s/<mark[^>]*>/[/; s/<\/mark>/]/'
}

browse shop.html --dump-dom >dom
is "$(grep -m 1 -o '<title>.*</title>' dom)" '<title>unit:shop.service · weir profile</title>' 'it has a name'
is "$(rows tree)" '/usr/sbin/shop
/srv
cache.shop.example type 1
/bin/sh' 'the tree is drawn; what is deeper is not open'
browse 'shop.html#search=CACHE' --dump-dom >dom
is "$(rows tree)" '/usr/sbin/shop
/srv
[cache]
entry
[cache].shop.example type 1' 'only what matches and the way to it'
has "$(cat dom)" '<span id="found" role="status">2 matches</span>' 'and how much that is'
browse 'shop.html#version=v2&tab=time' --dump-dom >dom
is "$(rows times)" '/bin/sh
/srv/a' 'what was new in one version, the latest first'
browse evil.html --dump-dom >dom
is "$(grep -oE '<(img|script)' dom | tr '\n' ' ')$(grep -c '<title>.*owned.*· weir profile</title>' dom)" \
	'<script <script 1' 'texts stay texts'
has "$(rows tree)" '^\\x1b\[31m"'"'"'\\&amp;amp;\\xff\\xe2\\x80\\xae\\u200b$' 'what cannot be seen is shown'

browse 'shop.html#search=cache' --screenshot="$tmp/page.png" >/dev/null
read -r width height colours most < <("$WEIR_BUILD/tests/tools/pngstat" page.png)
is "$width $height" '1200 800' 'a picture of it'
[ "${colours:-0}" -gt 100 ] && [ "$most" -lt 950 ]
ok $? "which is not blank: ${colours:-no} colours"
"$WEIR_BUILD/tests/tools/pngstat" page.png 600 1 >pixels
has "$(cat pixels)" '^#(0b6e8f|4fb6d8)$' 'and has its style'
done_testing
