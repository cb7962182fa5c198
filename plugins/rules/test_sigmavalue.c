/* SPDX-License-Identifier: Apache-2.0 */
/* Values, modifiers, lists and maps: what a selection means. */
#include "test_lib.h"

/* A selection `s`, one line each; what it is, or the beginning of what is wrong. */
static const struct {
	const char *yaml, *want, *why;
} rows[] = {
	/* Texts and wildcards. */
	{ "A: x", "(= A \"x\")", NULL },
	{ "A: ''", "(= A \"\")", NULL },
	{ "A: '*'", "(= A *)", NULL },
	{ "A: '**'", "(= A *)", NULL },
	{ "A: 'a*b?c'", "(= A \"a\" * \"b\" ? \"c\")", NULL },
	{ "A: '?" "?'", "(= A ? ?)", NULL },
	{ "A: '*?*'", "(= A * ? *)", NULL },
	{ "A: '\\*'", "(= A \"*\")", NULL },
	{ "A: '\\?'", "(= A \"?\")", NULL },
	{ "A: '\\\\'", "(= A \"\\\\\")", NULL },
	{ "A: '\\'", "(= A \"\\\\\")", NULL },
	{ "A: 'a\\b'", "(= A \"a\\\\b\")", NULL },
	{ "A: 'a\\\\b'", "(= A \"a\\\\b\")", NULL },
	{ "A: 'a\\\\\\b'", "(= A \"a\\\\\\\\b\")", NULL },
	{ "A: 'a\\\\\\\\b'", "(= A \"a\\\\\\\\b\")", NULL },
	{ "A: '\\\\*'", "(= A \"\\\\\" *)", NULL },
	{ "A: '\\\\\\*'", "(= A \"\\\\*\")", NULL },
	{ "A: '\\\\\\\\*'", "(= A \"\\\\\\\\\" *)", NULL },
	{ "A: \"a\\\\*\"", "(= A \"a*\")", NULL },
	{ "A: \"a\\\\\\\\*\"", "(= A \"a\\\\\" *)", NULL },
	{ "A: \"a\\0b\"", "(= A \"a\\x00b\")", NULL },
	{ "A: 'ü*é'", "(= A \"ü\" * \"é\")", NULL },
	/* Scalars that are no strings. */
	{ "A: 22", "(= A \"22\" #int)", NULL },
	{ "A: -1", "(= A \"-1\" #int)", NULL },
	{ "A: 007", "(= A \"007\" #int)", NULL },
	{ "A: 0x1F", "(= A \"31\" #int)", NULL },
	{ "A: 0o17", "(= A \"15\" #int)", NULL },
	{ "A: 0xffffffffffffffff", NULL, "`0xffffffffffffffff` has more than 63 bits" },
	{ "A: 18446744073709551616", "(= A \"18446744073709551616\" #int)", NULL },
	{ "A: 1.50", "(= A \"1.50\" #float)", NULL },
	{ "A: .inf", "(= A \".inf\" #float)", NULL },
	{ "A: True", "(= A \"true\" #bool)", NULL },
	{ "A: FALSE", "(= A \"false\" #bool)", NULL },
	{ "A: yes", "(= A \"yes\")", NULL },
	{ "A: on", "(= A \"on\")", NULL },
	{ "A: 0777", "(= A \"0777\" #int)", NULL },
	{ "A: 2026-01-31", "(= A \"2026-01-31\")", NULL },
	{ "A: 1_000", "(= A \"1_000\")", NULL },
	{ "A: '22'", "(= A \"22\")", NULL },
	{ "A: !!str 22", "(= A \"22\")", NULL },
	{ "A: !!int '22'", "(= A \"22\" #int)", NULL },
	{ "A: !!int x", NULL, "the tag tag:yaml.org,2002:int does not go with `x`" },
	{ "A: !mine x", NULL, "the tag !mine does not go with `x`" },
	{ "A|contains: 00429", "(= A * \"00429\" *)", NULL },
	/* null, '' and exists are three things. */
	{ "A: null", "(absent A)", NULL },
	{ "A:", "(absent A)", NULL },
	{ "A: ~", "(absent A)", NULL },
	{ "A: [x, null, '']", "(or (= A \"x\") (absent A) (= A \"\"))", NULL },
	{ "A|neq: null", "(not (absent A))", NULL },
	{ "A|contains: null", NULL, "`contains` does not take null" },
	{ "A|exists: true", "(present A)", NULL },
	{ "A|exists: false", "(not (present A))", NULL },
	{ "A|exists: [true]", "(present A)", NULL },
	{ "A|exists: [true, false]", NULL, "`exists` takes one value" },
	{ "A|exists: 'true'", NULL, "`exists` is true or false, without quotes" },
	{ "A|exists: null", NULL, "`exists` is true or false" },
	{ "A|exists: 1", NULL, "`exists` is true or false" },
	{ "A|exists|all: true", NULL, "`all` does not go with `exists`, which takes no other" },
	{ "'|exists': true", NULL, "`exists` needs a field" },
	/* Parts of a field. */
	{ "A|contains: x", "(= A * \"x\" *)", NULL },
	{ "A|startswith: x", "(= A \"x\" *)", NULL },
	{ "A|endswith: x", "(= A * \"x\")", NULL },
	{ "A|contains: '\\'", "(= A * \"\\\\\" *)", NULL },
	{ "A|startswith: 'x\\'", "(= A \"x\\\\\" *)", NULL },
	{ "A|endswith: '\\*'", "(= A * \"*\")", NULL },
	{ "A|contains: '*x*'", "(= A * \"x\" *)", NULL },
	{ "A|startswith: '*x'", "(= A * \"x\" *)", NULL },
	{ "A|endswith: 'x*'", "(= A * \"x\" *)", NULL },
	{ "A|contains: ''", "(= A *)", NULL },
	{ "A|contains|startswith: x", NULL,
	  "`startswith` does not go with `contains`" },
	{ "A|contains|contains: x", NULL, "`contains` stands twice" },
	/* Lists, all and neq. */
	{ "A: [x, y]", "(or (= A \"x\") (= A \"y\"))", NULL },
	{ "A|all: [x, y]", "(and (= A \"x\") (= A \"y\"))", NULL },
	{ "A|all|contains: [x, y]", "(and (= A * \"x\" *) (= A * \"y\" *))", NULL },
	{ "A|contains|all: [x, y]", "(and (= A * \"x\" *) (= A * \"y\" *))", NULL },
	{ "A|neq: x", "(not (= A \"x\"))", NULL },
	{ "A|neq: [x, y]", "(not (or (= A \"x\") (= A \"y\")))", NULL },
	{ "A|contains|all|neq: [x, y]", "(not (and (= A * \"x\" *) (= A * \"y\" *)))", NULL },
	{ "A|neq: 5", "(not (= A \"5\" #int))", NULL },
	{ "A|cidr|neq: 10.0.0.0/8", "(not (in A 10.0.0.0/8))", NULL },
	{ "A: []", NULL, "the list is empty" },
	{ "A: [[x]]", NULL, "a value is a text, a number, true, false or null, or a list" },
	{ "A: {B: x}", NULL, "a value is a text" },
	/* Case. */
	{ "A|cased: x", "(== A \"x\")", NULL },
	{ "A|contains|cased: x", "(== A * \"x\" *)", NULL },
	{ "A|cased|contains: x", "(== A * \"x\" *)", NULL },
	/* Regular expressions are left alone. */
	{ "A|re: 'a\\*b\\\\.*?'", "(re A \"a\\\\*b\\\\\\\\.*?\")", NULL },
	{ "A|re|i: x", "(re A \"x\" i)", NULL },
	{ "A|re|i|m|s: x", "(re A \"x\" ims)", NULL },
	{ "A|re|s|i: x", "(re A \"x\" is)", NULL },
	{ "A|re|all: [x, y]", "(and (re A \"x\") (re A \"y\"))", NULL },
	{ "A|re: [x, y]", "(or (re A \"x\") (re A \"y\"))", NULL },
	{ "A|re|neq: x", "(not (re A \"x\"))", NULL },
	{ "A|i|re: x", NULL, "`re` has to stand before `i`: re|i" },
	{ "A|i: x", NULL, "`i` is of a regular expression: re|i" },
	{ "A|re|cased: x", NULL, "`cased` does not go with `re`, which takes all, neq, expand" },
	{ "A|re|contains: x", NULL, "`contains` does not go with `re`" },
	{ "A|contains|re: x", NULL, "`contains` does not go with `re`" },
	{ "A|re: ''", NULL, "an empty regular expression" },
	{ "A|re: null", NULL, "`re` does not take null" },
	/* Networks. */
	{ "A|cidr: 10.0.0.0/8", "(in A 10.0.0.0/8)", NULL },
	{ "A|cidr: 10.1.2.3", "(in A 10.1.2.3/32)", NULL },
	{ "A|cidr: 0.0.0.0/0", "(in A 0.0.0.0/0)", NULL },
	{ "A|cidr: 'FE80::/10'", "(in A fe80::/10)", NULL },
	{ "A|cidr: '::1'", "(in A ::1/128)", NULL },
	{ "A|cidr: '::ffff:10.0.0.0/104'", "(in A 10.0.0.0/8)", NULL },
	{ "A|cidr: ['::/0', 10.0.0.0/31]", "(or (in A ::/0) (in A 10.0.0.0/31))", NULL },
	{ "A|cidr: 10.0.0.1/8", NULL, "`10.0.0.1/8` is an address inside of the network" },
	{ "A|cidr: 'fe80::1/64'", NULL, "`fe80::1/64` is an address inside of the network" },
	{ "A|cidr: 10.0.0.0/33", NULL, "`10.0.0.0/33` is no number of bits" },
	{ "A|cidr: 10.0.0.0/08", NULL, "`10.0.0.0/08` is no number of bits" },
	{ "A|cidr: 10.0.0.0/", NULL, "`10.0.0.0/` is no number of bits" },
	{ "A|cidr: 10.0.0/8", NULL, "`10.0.0/8` is no address" },
	{ "A|cidr: ''", NULL, "`` is no address" },
	{ "A|cidr|contains: 10.0.0.0/8", NULL, "`contains` does not go with `cidr`" },
	/* Numbers. */
	{ "A|gt: 5", "(> A 5)", NULL },
	{ "A|gte: -5", "(>= A -5)", NULL },
	{ "A|lt: 1.5", "(< A 1.5)", NULL },
	{ "A|lte: 0x10", "(<= A 16)", NULL },
	{ "A|gt: 9223372036854775808", "(> A 9.2233720368547758e+18)", NULL },
	{ "A|gt: [5, 6]", "(or (> A 5) (> A 6))", NULL },
	{ "A|gt|all: [5, 6]", "(and (> A 5) (> A 6))", NULL },
	{ "A|gt: '5'", NULL, "`gt` is for a number, without quotes" },
	{ "A|gt: .inf", NULL, "`gt` is for a number" },
	{ "A|gt: .nan", NULL, "`gt` is for a number" },
	{ "A|gt: true", NULL, "`gt` is for a number" },
	{ "A|gt: null", NULL, "`gt` does not take null" },
	{ "A|gt|lt: 5", NULL, "`lt` does not go with `gt`, which takes all or neq" },
	{ "A|gt|contains: 5", NULL, "`contains` does not go with `gt`" },
	/* Points of time. */
	{ "A|minute: 59", "(minute A 59)", NULL },
	{ "A|hour: [22, 23]", "(or (hour A 22) (hour A 23))", NULL },
	{ "A|day: 31", "(day A 31)", NULL },
	{ "A|week: 53", "(week A 53)", NULL },
	{ "A|month: 12", "(month A 12)", NULL },
	{ "A|year: 2026", "(year A 2026)", NULL },
	{ "A|hour: 24", NULL, "`hour` is a whole number from 0 to 23" },
	{ "A|day: 0", NULL, "`day` is a whole number from 1 to 31" },
	{ "A|hour: 1.5", NULL, "`hour` is a whole number" },
	{ "A|hour: '5'", NULL, "`hour` is for a number" },
	{ "A|hour|gte: 5", NULL, "`gte` does not go with `hour`" },
	/* Other fields. */
	{ "A|fieldref: B", "(ref A whole B)", NULL },
	{ "A|fieldref|startswith: B", "(ref A starts B)", NULL },
	{ "A|fieldref|endswith: B", "(ref A ends B)", NULL },
	{ "A|fieldref|contains|neq: B", "(not (ref A contains B))", NULL },
	{ "A|fieldref|cased: B", "(ref-cased A whole B)", NULL },
	{ "A|fieldref: [B, C]", "(or (ref A whole B) (ref A whole C))", NULL },
	{ "A|fieldref: 'B*'", NULL, "the name of one field, without wildcards" },
	{ "A|fieldref: ''", NULL, "the name of one field" },
	{ "A|contains|fieldref: B", NULL, "`fieldref` has to stand before `contains`" },
	{ "'|fieldref': B", NULL, "`fieldref` needs a field" },
	/* Dashes: before a word, not behind one. */
	{ "A|windash: -x", "(or (= A \"-x\") (= A \"/x\") (= A \"–x\") (= A \"—x\") "
	  "(= A \"―x\"))", NULL },
	{ "A|windash|contains: ' --x'", "(or (= A * \" --x\" *) (= A * \" -/x\" *) "
	  "(= A * \" -–x\" *) (= A * \" -—x\" *) (= A * \" -―x\" *))", NULL },
	{ "A|contains|windash: ' -n-c'", "(or (= A * \" -n-c\" *) (= A * \" /n-c\" *) "
	  "(= A * \" –n-c\" *) (= A * \" —n-c\" *) (= A * \" ―n-c\" *))", NULL },
	{ "A|windash: 'a-b'", "(= A \"a-b\")", NULL },
	{ "A|windash: 'é-b'", "(= A \"é-b\")", NULL },
	{ "A|windash: '-'", "(= A \"-\")", NULL },
	{ "A|windash: '/ -'", "(= A \"/ -\")", NULL },
	{ "A|windash: '*-x'", "(or (= A * \"-x\") (= A * \"/x\") (= A * \"–x\") (= A * \"—x\") "
	  "(= A * \"―x\"))", NULL },
	{ "A|windash|all: [-x, y]", "(and (or (= A \"-x\") (= A \"/x\") (= A \"–x\") "
	  "(= A \"—x\") (= A \"―x\")) (= A \"y\"))", NULL },
	{ "A|windash: ' -a -b -c -d -e -f -g -h -i'", NULL, "`windash` is for at most 8" },
	{ "A|windash: ' -a -b -c -d -e -f -g -h'", NULL, "with this one and what modifiers" },
	/* Encodings. */
	{ "A|base64: foo", "(= A \"Zm9v\")", NULL },
	{ "A|base64: fo", "(= A \"Zm8=\")", NULL },
	{ "A|base64: f", "(= A \"Zg==\")", NULL },
	{ "A|base64: 'a\\*b'", "(= A \"YSpi\")", NULL },
	{ "A|base64: 'ü'", "(= A \"w7w=\")", NULL },
	{ "A|base64|contains: foo", "(= A * \"Zm9v\" *)", NULL },
	{ "A|base64|cased: foo", "(== A \"Zm9v\")", NULL },
	{ "A|base64: 'a*b'", NULL, "a wildcard cannot be in a value that is encoded" },
	{ "A|base64: 'a?b'", NULL, "a wildcard cannot be in a value that is encoded" },
	{ "A|base64: ''", NULL, "too short to be encoded: at least 1 bytes" },
	{ "A|contains|base64: foo", NULL, "`base64` has to stand before `contains`" },
	{ "A|base64|base64offset: x", NULL, "`base64offset` does not go with `base64`" },
	{ "A|base64offset|contains: foobar", "(or (= A * \"Zm9vYmFy\" *) (= A * \"Zvb2Jhc\" *) "
	  "(= A * \"mb29iYX\" *))", NULL },
	{ "A|base64offset|contains: fooba", "(or (= A * \"Zm9vYm\" *) (= A * \"Zvb2Jh\" *) "
	  "(= A * \"mb29iY\" *))", NULL },
	{ "A|base64offset|contains: foob", "(or (= A * \"Zm9vY\" *) (= A * \"Zvb2\" *) "
	  "(= A * \"mb29i\" *))", NULL },
	{ "A|base64offset|contains|all: [foo, bar]", "(and (or (= A * \"Zm9v\" *) "
	  "(= A * \"Zvb\" *) (= A * \"mb2\" *)) (or (= A * \"YmFy\" *) (= A * \"Jhc\" *) "
	  "(= A * \"iYX\" *)))", NULL },
	{ "A|base64offset|contains: f", NULL, "too short to be encoded: at least 2 bytes" },
	{ "A|wide|base64: ab", "(= A \"YQBiAA==\")", NULL },
	{ "A|utf16le|base64: ab", "(= A \"YQBiAA==\")", NULL },
	{ "A|utf16be|base64: ab", "(= A \"AGEAYg==\")", NULL },
	{ "A|utf16|base64: ab", "(= A \"//5hAGIA\")", NULL },
	{ "A|utf16le|base64: '😀'", "(= A \"PdgA3g==\")", NULL },
	{ "A|utf16be|base64: 'ü'", "(= A \"APw=\")", NULL },
	{ "A|wide: 'a*b'", "(= A \"a\\x00\" * \"b\\x00\")", NULL },
	{ "A|wide: 'a?b'", NULL, "the wildcard ? cannot be in a value that is encoded" },
	{ "A|base64|wide: ab", NULL, "`wide` has to stand before `base64`" },
	{ "A|wide|utf16be: ab", NULL, "`utf16be` does not go with `wide`" },
	{ "A|windash|wide|base64offset|contains: ' -e'", "(or (= A * \"IAAtAGUA\" *) "
	  "(= A * \"AALQBlA\" *) (= A * \"gAC0AZQ\" *) (= A * \"IAAvAGUA\" *) "
	  "(= A * \"AALwBlA\" *) (= A * \"gAC8AZQ\" *) (= A * \"IAATIGUA\" *) "
	  "(= A * \"AAEyBlA\" *) (= A * \"gABMgZQ\" *) (= A * \"IAAUIGUA\" *) "
	  "(= A * \"AAFCBlA\" *) (= A * \"gABQgZQ\" *) (= A * \"IAAVIGUA\" *) "
	  "(= A * \"AAFSBlA\" *) (= A * \"gABUgZQ\" *))", NULL },
	{ "A|base64|windash: ab", NULL, "`windash` has to stand before `base64`" },
	/* Placeholders. */
	{ "A|expand: '%admins%'", "(or (= A \"root\") (= A \"a*m\"))", NULL },
	{ "A|contains|expand: 'u=%admins% '", "(or (= A * \"u=root \" *) (= A * \"u=a*m \" *))",
	  NULL },
	{ "A|expand: '%admins%*%admins%'", "(or (= A \"root\" * \"root\") (= A \"root\" * "
	  "\"a*m\") (= A \"a*m\" * \"root\") (= A \"a*m\" * \"a*m\"))", NULL },
	{ "A|expand|cidr: '%nets%'", "(or (in A 10.0.0.0/8) (in A fe80::/10))", NULL },
	{ "A|re|expand: '^%admins%$'", "(or (re A \"^root$\") (re A \"^a*m$\"))", NULL },
	{ "A|expand|all: ['%admins%', x]", "(and (or (= A \"root\") (= A \"a*m\")) (= A \"x\"))",
	  NULL },
	{ "A|expand: '\\%admins%'", "(= A \"%admins%\")", NULL },
	{ "A|expand: '100%'", "(= A \"100%\")", NULL },
	{ "A|expand: '50% of %admins%'", "(or (= A \"50% of root\") (= A \"50% of a*m\"))",
	  NULL },
	{ "A|expand: '%%'", "(= A \"%%\")", NULL },
	{ "A: '%admins%'", "(= A \"%admins%\")", NULL },
	{ "A|expand: '%other%'", NULL, "the list of %other% is not there, or empty" },
	{ "A|expand: '%none%'", NULL, "the list of %none% is not there, or empty" },
	{ "A|base64|expand: '%admins%'", NULL, "`expand` has to stand before `base64`" },
	{ "A|expand|fieldref: x", NULL, "`expand` does not go with `fieldref`" },
	/* Fields. */
	{ "process.name: x", "(= process.name \"x\")", NULL },
	{ "'a b': x", "(= \"a b\" \"x\")", NULL },
	{ "4: x", "(= 4 \"x\")", NULL },
	{ "A|: x", NULL, "a modifier is missing after the last |" },
	{ "A|contains|: x", NULL, "a modifier is missing after the last |" },
	{ "A||contains: x", NULL, "`` is no modifier" },
	{ "A|Contains: x", NULL, "`Contains` is no modifier; there are all, neq, contains" },
	{ "A|regex: x", NULL, "`regex` is no modifier" },
	{ "\"A\\0\": x", NULL, "a field with a zero byte in its name" },
	/* Maps and lists of maps. */
	{ "{A: x, B: y}", "(and (= A \"x\") (= B \"y\"))", NULL },
	{ "{A|startswith: a, A|endswith: a}", "(and (= A \"a\" *) (= A * \"a\"))", NULL },
	{ "[{A: x, B: y}, {C: z}]", "(or (and (= A \"x\") (= B \"y\")) (= C \"z\"))", NULL },
	{ "[{A: x}, key]", "(or (= A \"x\") (= <any> * \"key\" *))", NULL },
	{ "[{A: x}, [a, b]]", "(or (= A \"x\") (or (= <any> * \"a\" *) (= <any> * \"b\" *)))",
	  NULL },
	{ "{}", NULL, "a selection without any field or keyword" },
	{ "[]", NULL, "a selection without any field or keyword" },
	{ "null", NULL, "a selection without any field or keyword" },
	{ "[{A: x}, {}]", NULL, "a selection without any field or keyword" },
	{ "{A: x, A: y}", NULL, "the key `A` is here again" },
	{ "{[a]: x}", NULL, "a key is a text, and not a list" },
	{ "{? : x}", NULL, "a key is missing before the colon" },
	{ "{<<: {A: x}}", NULL, "`<<` is not of YAML 1.2" },
	/* Keywords. */
	{ "key", "(= <any> * \"key\" *)", NULL },
	{ "[a, 'b*c']", "(or (= <any> * \"a\" *) (= <any> * \"b\" * \"c\" *))", NULL },
	{ "22", "(= <any> * \"22\" * #int)", NULL },
	{ "'': key", "(= <any> * \"key\" *)", NULL },
	{ "'|all': [a, b]", "(and (= <any> * \"a\" *) (= <any> * \"b\" *))", NULL },
	{ "'|cased': a", "(== <any> * \"a\" *)", NULL },
	{ "'|re': 'a.b'", "(re <any> \"a.b\")", NULL },
	{ "'|contains': a", "(= <any> * \"a\" *)", NULL },
	{ "'|base64': foo", "(= <any> * \"Zm9v\" *)", NULL },
	{ "'|neq': a", "(not (= <any> * \"a\" *))", NULL },
	{ "'|startswith': a", NULL, "`startswith` needs a field" },
	{ "'|gt': 5", NULL, "`gt` needs a field" },
	{ "''", NULL, "an empty keyword" },
	{ "[null]", NULL, "null is no keyword" },
};

/* Below `s:`, a map's item on a line of its own. */
static void try_row(const char *yaml, const char *want, const char *why)
{
	bool is_item = !strchr("{[", *yaml) && (strstr(yaml, ": ") || yaml[strlen(yaml) - 1] == ':');
	char text[1024], have[8192], *expr;
	const struct sigma_rule *rule;
	struct sigma_set *set;

	snprintf(text, sizeof(text), is_item ? "  s:\n    %s\n  condition: s" :
		 "  s: %s\n  condition: s", yaml);
	set = test_detection(text);
	rule = set->n_rules ? set->rules[0] : NULL;
	if (!want) {
		ok(rule && rule->refused && strstr(test_diag(set, RULEDIAG_ERROR), why),
		   "%s: %s", yaml, why);
		if (!rule || !strstr(test_diag(set, RULEDIAG_ERROR), why))
			test_tell(set);
		sigma_free(set);
		return;
	}
	expr = rule ? sigma_text(rule->expr) : NULL;
	snprintf(have, sizeof(have), "(s %s)", want);
	is_str(expr, have, "%s", yaml);
	if (set->diags.n_errors)
		test_tell(set);
	free(expr);
	sigma_free(set);
}

static void test_warnings(void)
{
	static const struct { const char *yaml, *want; } warnings[] = {
		{ "A|all: x", "t.yml:5:12: warning: t: `all` of one value" },
		{ "A|all: [x]", "`all` of one value" },
		{ "A|contains: ''", "an empty text is in each value" },
		{ "A|contains: 5", "`contains` takes a text: write '5', in quotes" },
		{ "A|wide: x", "`wide` finds only text of zero bytes unless base64" },
		{ "A|base64offset: xy", "`base64offset` is meant for a part of the field" },
		{ "A|expand: x", "there is no %name% in it" },
		{ "'A ': x", "the field `A ` has a blank at its begin or end" },
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		struct sigma_set *set;

		snprintf(text, sizeof(text), "  s:\n    %s\n  condition: s", warnings[i].yaml);
		set = test_detection(text);
		ok(!set->diags.n_errors && !set->rules[0]->refused &&
		   strstr(test_diag(set, RULEDIAG_WARNING), warnings[i].want), "%s: %s",
		   warnings[i].yaml, warnings[i].want);
		sigma_free(set);
	}
}

/* What a report needs. */
static void test_written(void)
{
	struct sigma_set *set = test_detection("  s:\n    A|contains|all:\n      - 'x*'\n"
					       "      - y\n    B: null\n  condition: s");
	const struct sigma_expr *e = set->rules[0]->expr->of[0];

	is_str(e->of[0]->of[0]->test->written, "contains|all: x*", "the value as written");
	is_int(e->of[0]->of[0]->test->place.line, 6, "its line");
	is_int(e->of[0]->of[0]->test->place.col, 9, "its column");
	is_int(e->of[0]->of[1]->test->place.line, 7, "the line of the next one");
	is_str(e->of[0]->of[1]->test->place.file, "t.yml", "its file");
	is_str(e->of[1]->test->written, "null", "null as written");
	is_int(e->of[1]->test->place.line, 8, "its line");
	sigma_free(set);
}

static void test_limits_of_values(void)
{
	static const char text[] = "title: t\nlogsource: {category: c}\ndetection:\n"
		"  s: {A: [a, b, c], B|windash: -x}\n  condition: s\n";
	struct sigma_set *set = test_limits(text, sizeof(text) - 1, 0, 8);

	is_int(set->diags.n_errors, 0, "eight values are not more than eight");
	sigma_free(set);
	set = test_limits(text, sizeof(text) - 1, 0, 7);
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "the rule has more than 7 values") &&
	   set->rules[0]->refused, "more than seven values");
	sigma_free(set);
	set = test_limits(text, sizeof(text) - 1, 0, 2);
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "more than 2 values in a rule") ||
	   strstr(test_diag(set, RULEDIAG_ERROR), "the rule has more than 2"), "more than two");
	sigma_free(set);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		try_row(rows[i].yaml, rows[i].want, rows[i].why);
	test_warnings();
	test_written();
	test_limits_of_values();
	return done_testing();
}
