/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the scanner: what is hidden, what is left. Through the plugin's own
 * words, so that the defaults are what is tested.
 */
#include "../example/fake.h"
#include "secret.h"
#include "secretprog.h"
#include "secrettoken.h"
#include "tap.h"
#include "testwords.h"

static struct secretkeys keys;

/* What the text becomes; its length. */
static uint32_t hide(const char *in, uint32_t len, uint32_t flags, char *out)
{
	uint32_t done = 0, n = 0;
	struct secret_scan s;
	struct secret_range r;

	secret_begin(&s, &keys, in, len, flags, SECRET_NONE);
	while (secret_next(&s, &r)) {
		memcpy(out + n, in + done, r.off - done);
		n += r.off - done;
		n += secret_mask(&r, in, out + n);
		done = r.off + r.len;
	}
	memcpy(out + n, in + done, len - done);
	return n + len - done;
}

static const char *printable(char *text, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = '|';
	text[len] = 0;
	return text;
}

/* ---- keys ------------------------------------------------------------------------*/

static const struct {
	const char *key;
	enum secret_class cls;
} names[] = {
	{ "password", SECRET_PASSWORD }, { "PASSWORD", SECRET_PASSWORD },
	{ "db_password", SECRET_PASSWORD }, { "dbPassword", SECRET_PASSWORD },
	{ "DBPassword", SECRET_PASSWORD }, { "PGPASSWORD", SECRET_PASSWORD },
	{ "MYSQL_PWD", SECRET_PASSWORD }, { "passwd", SECRET_PASSWORD },
	{ "user.password", SECRET_PASSWORD }, { "password2", SECRET_PASSWORD },
	{ "old-password-hash", SECRET_PASSWORD }, { "passphrase", SECRET_PASSWORD },
	{ "storepass", SECRET_PASSWORD }, { "pass", SECRET_PASSWORD },
	{ "compass", SECRET_NONE }, { "bypass", SECRET_NONE }, { "passive", SECRET_NONE },
	{ "passwordless", SECRET_NONE },
	{ "api_key", SECRET_KEY }, { "apikey", SECRET_KEY }, { "api-key", SECRET_KEY },
	{ "X-Api-Key", SECRET_KEY }, { "apiKey", SECRET_KEY }, { "MYAPIKEY", SECRET_KEY },
	{ "auth", SECRET_KEY }, { "proxyAuth", SECRET_KEY }, { "x_auth", SECRET_KEY },
	{ "author", SECRET_NONE }, { "authority", SECRET_NONE }, { "XAUTHORITY", SECRET_NONE },
	{ "authenticated", SECRET_NONE }, { "unauth", SECRET_NONE },
	{ "token", SECRET_KEY }, { "accessToken", SECRET_KEY }, { "GITHUB_TOKEN", SECRET_KEY },
	{ "tokenizer", SECRET_NONE }, { "max_tokens", SECRET_NONE },
	{ "secret", SECRET_KEY }, { "client_secret", SECRET_KEY }, { "secretary", SECRET_NONE },
	{ "AWS_SECRET_ACCESS_KEY", SECRET_KEY }, { "aws_access_key_id", SECRET_KEY },
	{ "private_key", SECRET_KEY }, { "private.key", SECRET_KEY },
	{ "Authorization", SECRET_KEY }, { "credentials", SECRET_KEY },
	{ "key", SECRET_HINT }, { "ssh-key", SECRET_HINT }, { "monkey", SECRET_NONE },
	{ "keyboard", SECRET_NONE }, { "session", SECRET_HINT },
	{ "password_file", SECRET_NONE }, { "passwordFile", SECRET_NONE },
	{ "SSH_AUTH_SOCK", SECRET_NONE }, { "PasswordAuthentication", SECRET_NONE },
	{ "secret-name", SECRET_NONE }, { "file_password", SECRET_PASSWORD },
	{ "token_profile", SECRET_KEY }, { "", SECRET_NONE }, { "_", SECRET_NONE },
	{ "pa_ss", SECRET_PASSWORD }, { "word", SECRET_NONE }, { "p", SECRET_NONE },
};

static void test_names(void)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is_int(secretkeys_find(&keys, names[i].key, strlen(names[i].key)), names[i].cls,
		       "name %s", names[i].key);
}

static void test_words(void)
{
	static const struct {
		const char *word, *why;
	} bad[] = {
		{ "", "is one letter or none" }, { "*", "is one letter or none" },
		{ "x", "is one letter or none" }, { "a b", "has more than" },
		{ "a*", "has more than" }, { "p\303\244ss", "has more than" },
		{ "abcdefghijklmnopqrstuvwxyz0123456789", "is too long" },
	};
	static struct secretkeys k;
	const char *why = "";
	char word[8];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(secretkeys_add(&k, bad[i].word, SECRET_KEY, &why), -1, "'%s' is refused",
		       bad[i].word);
		ok(strstr(why, bad[i].why), "because it %s", why);
	}
	for (i = 0; i < SECRETKEY_WORDS; i++) {
		snprintf(word, sizeof(word), "w%zu", i);
		if (secretkeys_add(&k, word, SECRET_KEY, &why))
			break;
	}
	is_int((int)i, SECRETKEY_WORDS, "so many words");
	is_int(secretkeys_add(&k, "more", SECRET_KEY, &why), -1, "and none more");
}

/* ---- texts -----------------------------------------------------------------------*/

#define JWT	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefWXYZ"
#define AKIA	"AKIAIOSFODNN7EXAMPLE"
#define HEX	"0123456789abcdef0123456789abcdef"

#define ARGS(in, out)	{ 0, in, sizeof(in), out, sizeof(out) }
#define LINE(in, out)	{ SECRET_LINE, in, sizeof(in) - 1, out, sizeof(out) - 1 }
#define TEXT(in, out)	{ 0, in, sizeof(in) - 1, out, sizeof(out) - 1 }
#define CUT(in, out)	{ SECRET_CUT, in, sizeof(in) - 1, out, sizeof(out) - 1 }
#define SAME(in)	{ 0, in, sizeof(in), in, sizeof(in) }
#define SAME_LINE(in)	{ SECRET_LINE, in, sizeof(in) - 1, in, sizeof(in) - 1 }

static const struct {
	uint32_t flags;
	const char *in;
	size_t len;
	const char *out;
	size_t out_len;
} rows[] = {
	/* name=value, --name value, name: value */
	ARGS("x\0--password=hunter2\0-v", "x\0--password=***\0-v"),
	ARGS("x\0--password\0hunter2\0-v", "x\0--password\0***\0-v"),
	ARGS("x\0--password\0with two words\0-v", "x\0--password\0***\0-v"),
	ARGS("x\0--password\0a,b=c", "x\0--password\0***"),
	ARGS("x\0--password\0p", "x\0--password\0*"),
	ARGS("x\0--password\0pw", "x\0--password\0**"),
	ARGS("x\0--password=p", "x\0--password=*"),
	SAME("x\0--password=\0y"), SAME("x\0--password\0\0y"), SAME("x\0--password"),
	SAME("x\0--password\0--host\0y"), SAME("x\0--password\0-h\0y"),
	ARGS("x\0--pin\0-1234", "x\0--pin\0***"),
	ARGS("x\0-password\0abcd", "x\0-password\0***"),
	ARGS("x\0PASSWORD=my pass phrase", "x\0PASSWORD=***"),
	ARGS("x\0password: foo bar", "x\0password: ***"),
	ARGS("x\0db_password=a;b&c", "x\0db_password=***"),
	ARGS("x\0-Djavax.net.ssl.keyStorePassword=changeit", "x\0-Djavax.net.ssl.keyStorePassword=***"),
	ARGS("x\0username=u,password=p,q,domain=d", "x\0username=u,password=***,domain=d"),
	ARGS("x\0password=p,q,domain=d", "x\0password=***,domain=d"),
	ARGS("x\0host=h password=p1 user=u", "x\0host=h password=** user=u"),
	ARGS("x\0Server=s;Password=p123;User=u", "x\0Server=s;Password=***;User=u"),
	ARGS("x\0a\0--token\0" HEX, "x\0a\0--token\0***cdef"),
	ARGS("x\0--token=short", "x\0--token=***"),
	ARGS("x\0--password=" HEX, "x\0--password=***"),
	ARGS("x\0--api-key=" HEX, "x\0--api-key=***cdef"),
	ARGS("x\0--api_key\0k", "x\0--api_key\0*"),
	SAME("x\0--author=Jane\0--authority\0y\0--compass=n"),
	SAME("x\0--password-file\0/etc/pw\0--token-ttl=5"),
	SAME("x\0--auth=true\0--auth=none"),
	SAME("x\0--private-key\0~/.ssh/id_rsa\0-auth\0/run/user/0/xauth"),
	SAME("x\0-o\0PasswordAuthentication=no"),
	SAME("git\0commit\0-m\0fix password reset"),
	SAME("x\0PWD=/home/u\0OLDPWD=/x"), ARGS("x\0PWD=geheim", "x\0PWD=***"),
	SAME("x\0--key\0/etc/ssl/x.pem\0sort\0--key=2"),
	ARGS("x\0--key\0" HEX, "x\0--key\0***cdef"), ARGS("x\0key=" HEX, "x\0key=***cdef"),
	SAME("x\0key=value\0session=5"),
	SAME("x\0SSH_AUTH_SOCK=/tmp/ssh-x/agent.1"),
	SAME("/usr/bin/password\0token\0secret"),
	/* JSON and its kin */
	ARGS("x\0{\"user\":\"u\",\"password\":\"a b\",\"n\":1}", "x\0{\"user\":\"u\",\"password\":\"***\",\"n\":1}"),
	ARGS("x\0{\"password\" : \"a\\\"b\" }", "x\0{\"password\" : \"***\" }"),
	ARGS("x\0{\"pin\":1234,\"n\":1}", "x\0{\"pin\":***,\"n\":1}"),
	ARGS("x\0{\\\"token\\\":\\\"abcdef\\\"}", "x\0{\\\"token\\\":\\\"***\\\"}"),
	ARGS("x\0{'password': 'abc', 'x': 1}", "x\0{'password': '***', 'x': 1}"),
	ARGS("x\0{:password=>'abc'}", "x\0{:password=>'***'}"),
	ARGS("x\0a b: password: abc, c: d", "x\0a b: password: ***, c: d"),
	/* headers */
	ARGS("curl\0-H\0Authorization: Bearer abc def", "curl\0-H\0Authorization: Bearer ***"),
	ARGS("curl\0-H\0Authorization: Basic " HEX, "curl\0-H\0Authorization: Basic ***cdef"),
	ARGS("curl\0-H\0X-Auth-Token: abc def", "curl\0-H\0X-Auth-Token: ***"),
	ARGS("curl\0-H\0Cookie: a=b; c=d", "curl\0-H\0Cookie: ***"),
	LINE("curl -H \"Authorization: Bearer abc\" http://x", "curl -H \"Authorization: Bearer ***\" http://x"),
	LINE("curl -H 'Cookie: a=b; c=d' x", "curl -H 'Cookie: ***' x"),
	SAME("curl\0-H\0Accept: text/html\0-H\0Authority: x"),
	/* programs */
	ARGS("mysql\0-uroot\0-phunter2\0-P\0" "3306", "mysql\0-uroot\0-p***\0-P\0" "3306"),
	ARGS("/usr/bin/mysqldump\0-pa b\0db", "/usr/bin/mysqldump\0-p***\0db"),
	SAME("mysql\0-p\0db"), SAME("mysql\0--port=1\0--protocol=tcp"), SAME("grep\0-pfoo\0x"),
	ARGS("mysql\0-e\0select 1; drop zip x\0-pfoo", "mysql\0-e\0select 1; drop zip x\0-p***"),
	ARGS("sshpass\0-p\0abc\0ssh\0h", "sshpass\0-p\0***\0ssh\0h"),
	ARGS("sshpass\0-pabc\0ssh\0-p\0" "22\0h", "sshpass\0-p***\0ssh\0-p\0" "22\0h"),
	ARGS("sudo\0-u\0m\0mysql\0-pabc", "sudo\0-u\0m\0mysql\0-p***"),
	ARGS("curl\0-u\0u:abc:d\0http://h", "curl\0-u\0u:***\0http://h"),
	ARGS("curl\0-uu:abc\0--user=u:p\0--user\0u", "curl\0-uu:***\0--user=u:*\0--user\0u"),
	ARGS("curl\0-b\0sid=abcdef\0-b\0file", "curl\0-b\0sid=***\0-b\0file"),
	ARGS("curl\0--proxy\0http://u:p1@h:1\0x", "curl\0--proxy\0http://u:**@h:1\0x"),
	ARGS("curl\0--oauth2-bearer\0abc", "curl\0--oauth2-bearer\0***"),
	ARGS("wget\0--http-password=abc\0--password\0d", "wget\0--http-password=***\0--password\0*"),
	ARGS("ldapsearch\0-x\0-w\0abc\0-D\0cn=x", "ldapsearch\0-x\0-w\0***\0-D\0cn=x"),
	ARGS("smbclient\0-U\0dom\\u%abc\0//h/s", "smbclient\0-U\0dom\\u%***\0//h/s"),
	SAME("smbclient\0-U\0u\0//h/s"),
	ARGS("redis-cli\0-a\0abc\0ping", "redis-cli\0-a\0***\0ping"),
	ARGS("openssl\0rsa\0-passin\0pass:abc\0-in\0k", "openssl\0rsa\0-passin\0pass:***\0-in\0k"),
	SAME("openssl\0rsa\0-passin\0file:/x\0-passin\0env:X"),
	ARGS("openssl\0enc\0-k\0abc", "openssl\0enc\0-k\0***"),
	ARGS("docker\0login\0-u\0u\0-p\0abc\0r", "docker\0login\0-u\0u\0-p\0***\0r"),
	SAME("docker\0run\0-p\0" "80:80\0x"), SAME("docker\0run\0-p80:80\0login"),
	ARGS("helm\0registry\0login\0-p\0abc", "helm\0registry\0login\0-p\0***"),
	ARGS("7z\0x\0-pabc\0f", "7z\0x\0-p***\0f"),
	ARGS("xfreerdp\0/u:u\0/p:abc\0/v:h", "xfreerdp\0/u:u\0/p:***\0/v:h"),
	ARGS("ssh-keygen\0-N\0abc\0-f\0k", "ssh-keygen\0-N\0***\0-f\0k"),
	ARGS("plink\0-pw\0abc\0h", "plink\0-pw\0***\0h"),
	/* URLs */
	ARGS("psql\0postgres://u:abc@h:5432/d", "psql\0postgres://u:***@h:5432/d"),
	ARGS("x\0https://u:a@b@h/", "x\0https://u:***@h/"),
	ARGS("x\0postgres://u:a/b#c@h/d", "x\0postgres://u:***@h/d"),
	ARGS("x\0redis://:abc@h", "x\0redis://:***@h"),
	ARGS("x\0https://" HEX "@github.com/a", "x\0https://***cdef@github.com/a"),
	SAME("x\0https://h:8080/a@b\0https://u@h/\0http://[::1]:80/\0https://h/p:q@r"),
	SAME("x\0https://:@h/\0://\0a://"),
	ARGS("x\0https://h/p?a=b&token=abc&c=d#e", "x\0https://h/p?a=b&token=***&c=d#e"),
	ARGS("x\0https://h/?X-Amz-Signature=" HEX, "x\0https://h/?X-Amz-Signature=***cdef"),
	ARGS("x\0git clone https://u:abc@h/r now", "x\0git clone https://u:***@h/r now"),
	/* by their looks */
	ARGS("x\0" JWT, "x\0***WXYZ"), ARGS("x\0a " JWT " b", "x\0a ***WXYZ b"),
	ARGS("x\0" AKIA, "x\0***MPLE"), SAME("x\0" AKIA "1"), SAME("x\0xAKIAIOSFODNN7EXAMPLE"),
	ARGS("x\0ghp_0123456789abcdefghij0123456789abcdef", "x\0***cdef"),
	ARGS("x\0glpat-0123456789abcdefghij", "x\0***ghij"),
	ARGS("x\0xoxb-123456789012-abcdefghijkl", "x\0***ijkl"),
	ARGS("x\0github_pat_11ABCDEFG0123456789_abc", "x\0***_abc"),
	SAME("x\0eyJshort\0ghp_short\0sk-learn\0SG.x\0eyJabcdefghijklmnopqrstuvwxyz"),
	ARGS("x\0-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n",
	     "x\0-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\n"),
	ARGS("x\0-----BEGIN PRIVATE KEY-----\nMI", "x\0-----BEGIN PRIVATE KEY-----***"),
	SAME("x\0-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"),
	/* lines, and commands in arguments */
	LINE("mysql -u root -pabc db", "mysql -u root -p*** db"),
	LINE("mysql -p'a b' db", "mysql -p'***' db"), LINE("mysql -p\"a b\"", "mysql -p\"***\""),
	LINE("export DB_PASSWORD=abc; ls", "export DB_PASSWORD=***; ls"),
	LINE("PGPASSWORD='a b' psql -h x", "PGPASSWORD='***' psql -h x"),
	LINE("PGPASSWORD=abc psql -h x", "PGPASSWORD=*** psql -h x"),
	LINE("x --password 'a b' -v", "x --password '***' -v"),
	LINE("x --password  abc -v", "x --password  *** -v"),
	LINE("x --password a\\ b -v", "x --password *** -v"),
	LINE("x --password; y", "x --password; y"),
	LINE("echo abc | sshpass -p abc ssh h", "echo abc | sshpass -p *** ssh h"),
	LINE("mysql x; grep -pfoo y", "mysql x; grep -pfoo y"),
	SAME_LINE("x --password \"$PASS\" --token=$TOKEN --api-key ${KEY}"),
	SAME_LINE("x --password $(cat f)"),
	LINE("x --password '$PASS'", "x --password '***'"),
	LINE("x --password ${A:-abc}", "x --password ***"),
	LINE("curl -d '{\"password\":\"abc\"}' x", "curl -d '{\"password\":\"***\"}' x"),
	ARGS("sh\0-c\0PGPASSWORD=abc psql -h x\0y", "sh\0-c\0PGPASSWORD=*** psql -h x\0y"),
	ARGS("bash\0-lc\0mysql -pabc | x\0-pfoo", "bash\0-lc\0mysql -p*** | x\0-pfoo"),
	ARGS("sh\0-c\0x --password=$P y", "sh\0-c\0x --password=$P y"),
	ARGS("ssh\0h\0mysql -pabc && x --password d", "ssh\0h\0mysql -p*** && x --password *"),
	/* what was cut */
	CUT("x\0--password\0hun", "x\0--password\0***"), CUT("x\0--password=h", "x\0--password=*"),
	CUT("x\0https://u:pass", "x\0https://u:***"), CUT("x\0https://u:123", "x\0https://u:***"),
	CUT("x\0https://host/a:b", "x\0https://host/a:b"), CUT("x\0AKIA12", "x\0***"),
	CUT("x\0eyJhbGci", "x\0***"), CUT("x\0ghp_ab", "x\0***"), CUT("x\0key=abcdef", "x\0key=***"),
	CUT("x\0{\"password\":\"ab", "x\0{\"password\":\"**"), CUT("mysql\0-pa", "mysql\0-p*"),
	CUT("x\0-----BEGIN PRIVATE KEY-----\nM", "x\0-----BEGIN PRIVATE KEY-----**"),
	/* one text */
	TEXT("password=a b", "password=***"), TEXT("", ""), TEXT("=", "="), TEXT(":", ":"),
	TEXT("--password", "--password"), TEXT("password", "password"), TEXT("\"", "\""),
	TEXT("password==abc", "password==***"), TEXT("password = abc", "password = ***"),
	TEXT("x password := abc", "x password := ***"),
};

static void test_rows(void)
{
	char got[512];
	char want[512];
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = hide(rows[i].in, (uint32_t)rows[i].len, rows[i].flags, got);
		memcpy(want, rows[i].out, rows[i].out_len);
		printable(want, (uint32_t)rows[i].out_len);
		is_str(printable(got, n), want, "row %zu", i);
	}
}

/* Each row of the tables is reached. */
static void test_tables(void)
{
	static const char *const some[] = {
		"7z", "bcp", "curl", "mysql", "net", "redis-cli", "sshpass", "xfreerdp", "zip",
	};
	size_t i, value;

	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		ok(secretprog_find(some[i], strlen(some[i])), "program %s", some[i]);
	ok(!secretprog_find("mysq", 4) && !secretprog_find("mysqlx", 6) &&
	   !secretprog_find("", 0) && !secretprog_find("zz", 2), "no other program");
	ok(!secretprog_rule(secretprog_find("mysql", 5), "-", 1, &value), "no option");
	ok(secretprog_is_sorted(), "the programs are sorted");
	ok(secrettoken_is_sorted(), "the tokens are found by their first letter");
}

/* Time is linear: what is worst for each look ahead. */
static void test_worst(void)
{
	static const char *const worst[] = {
		"key=", "token=/etc/", "a:b://", "pw=$(", "-----BEGIN", "password:", "\"key\":\"",
		"--password ", "key=,", "://", "-", "a,", "mysql -p ", "key=${", "auth=$x",
	};
	static char in[WEIR_ARGS_MAX], out[WEIR_ARGS_MAX];
	struct timespec t;
	size_t i, n;

	for (i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		n = strlen(worst[i]);
		for (size_t at = 0; at < sizeof(in); at++)
			in[at] = worst[i][at % n];
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		int64_t begin = t.tv_sec * 1000000000 + t.tv_nsec;

		hide(in, sizeof(in), SECRET_LINE, out);
		hide(in, sizeof(in), 0, out);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		begin = t.tv_sec * 1000000000 + t.tv_nsec - begin;
		/* 64 KiB; quadratic would be seconds. */
		ok(begin < 100000000, "%s...: %.2f ms", worst[i], (double)begin / 1e6);
	}
}

int main(void)
{
	testwords_init(&keys);
	test_names();
	test_words();
	test_rows();
	test_tables();
	test_worst();
	return done_testing();
}
