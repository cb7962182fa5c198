/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of programs, sorted by name. An option that says what it is
 * (--password, -storepass) needs no row: secretkey.c knows its words.
 */
#include "secretprog.h"

#include <string.h>

#define RULES(name)	static const struct secretprog_rule name[]
#define END		{ NULL, false, false, 0 }

RULES(mysql) = { { "-p", true, false, 0 }, END };
RULES(lower_p) = { { "-p", true, true, 0 }, END };
RULES(next_p) = { { "-p", false, true, 0 }, END };
RULES(upper_p) = { { "-P", true, true, 0 }, END };
RULES(next_w) = { { "-w", true, true, 0 }, END };
RULES(next_a) = { { "-a", false, true, 0 }, END };
RULES(curl) = {
	{ "-u", true, true, ':' }, { "--user", true, true, ':' },
	{ "-U", true, true, ':' }, { "--proxy-user", true, true, ':' },
	{ "-E", true, true, ':' }, { "--cert", true, true, ':' },
	{ "-b", true, true, '=' }, END
};
RULES(samba) = {
	{ "-U", true, true, '%' }, { "--user", true, true, '%' },
	{ "--username", true, true, '%' }, END
};
RULES(ldappasswd) = {
	{ "-w", true, true, 0 }, { "-s", true, true, 0 }, { "-a", true, true, 0 }, END
};
RULES(lftp) = { { "-u", true, true, ',' }, { "--user", true, true, ',' }, END };
RULES(openssl) = { { "-k", false, true, 0 }, { "-K", false, true, 0 }, END };
RULES(rar) = { { "-p", true, false, 0 }, { "-hp", true, false, 0 }, END };
RULES(snmp) = {
	{ "-c", true, true, 0 }, { "-A", true, true, 0 }, { "-X", true, true, 0 }, END
};
RULES(ssh_keygen) = { { "-N", false, true, 0 }, { "-P", false, true, 0 }, END };
RULES(freerdp) = { { "/p:", true, false, 0 }, { "-p", false, true, 0 }, END };
RULES(httpie) = { { "-a", true, true, ':' }, { "--auth", true, true, ':' }, END };

static const struct secretprog programs[] = {
	{ "7z", NULL, false, mysql },
	{ "7za", NULL, false, mysql },
	{ "7zr", NULL, false, mysql },
	{ "bcp", NULL, false, upper_p },
	{ "buildah", "login", false, lower_p },
	{ "cme", NULL, false, next_p },
	{ "cqlsh", NULL, false, next_p },
	{ "crackmapexec", NULL, false, next_p },
	{ "curl", NULL, false, curl },
	{ "docker", "login", false, lower_p },
	{ "evil-winrm", NULL, false, next_p },
	{ "helm", "login", false, lower_p },
	{ "http", NULL, false, httpie },
	{ "https", NULL, false, httpie },
	{ "ipmitool", NULL, false, upper_p },
	{ "ldapadd", NULL, false, next_w },
	{ "ldapcompare", NULL, false, next_w },
	{ "ldapdelete", NULL, false, next_w },
	{ "ldapexop", NULL, false, next_w },
	{ "ldapmodify", NULL, false, next_w },
	{ "ldapmodrdn", NULL, false, next_w },
	{ "ldappasswd", NULL, false, ldappasswd },
	{ "ldapsearch", NULL, false, next_w },
	{ "ldapwhoami", NULL, false, next_w },
	{ "lftp", NULL, false, lftp },
	{ "mariadb", NULL, false, mysql },
	{ "mariadb-admin", NULL, false, mysql },
	{ "mariadb-backup", NULL, false, mysql },
	{ "mariadb-check", NULL, false, mysql },
	{ "mariadb-dump", NULL, false, mysql },
	{ "mariadb-import", NULL, false, mysql },
	{ "mongo", NULL, false, lower_p },
	{ "mongodump", NULL, false, lower_p },
	{ "mongoexport", NULL, false, lower_p },
	{ "mongoimport", NULL, false, lower_p },
	{ "mongorestore", NULL, false, lower_p },
	{ "mongosh", NULL, false, lower_p },
	{ "mysql", NULL, false, mysql },
	{ "mysqladmin", NULL, false, mysql },
	{ "mysqlbinlog", NULL, false, mysql },
	{ "mysqlcheck", NULL, false, mysql },
	{ "mysqldump", NULL, false, mysql },
	{ "mysqlimport", NULL, false, mysql },
	{ "mysqlpump", NULL, false, mysql },
	{ "mysqlshow", NULL, false, mysql },
	{ "mysqlslap", NULL, false, mysql },
	{ "ncftp", NULL, false, lower_p },
	{ "ncftpget", NULL, false, lower_p },
	{ "ncftpput", NULL, false, lower_p },
	{ "nerdctl", "login", false, lower_p },
	{ "net", NULL, false, samba },
	{ "netexec", NULL, false, next_p },
	{ "nxc", NULL, false, next_p },
	{ "oc", "login", false, lower_p },
	{ "openssl", NULL, false, openssl },
	{ "podman", "login", false, lower_p },
	{ "rar", NULL, false, rar },
	{ "rdesktop", NULL, false, lower_p },
	{ "redis-cli", NULL, false, next_a },
	{ "rpcclient", NULL, false, samba },
	{ "skopeo", "login", false, lower_p },
	{ "smbcacls", NULL, false, samba },
	{ "smbclient", NULL, false, samba },
	{ "smbget", NULL, false, samba },
	{ "snmpbulkwalk", NULL, false, snmp },
	{ "snmpget", NULL, false, snmp },
	{ "snmpset", NULL, false, snmp },
	{ "snmpwalk", NULL, false, snmp },
	{ "sqlcmd", NULL, false, upper_p },
	{ "ssh-keygen", NULL, false, ssh_keygen },
	{ "sshpass", NULL, true, lower_p },
	{ "tsql", NULL, false, upper_p },
	{ "unrar", NULL, false, rar },
	{ "unzip", NULL, false, upper_p },
	{ "useradd", NULL, false, lower_p },
	{ "usermod", NULL, false, lower_p },
	{ "valkey-cli", NULL, false, next_a },
	{ "winexe", NULL, false, samba },
	{ "xfreerdp", NULL, false, freerdp },
	{ "zip", NULL, false, upper_p },
};
#define N_PROGRAMS	(sizeof(programs) / sizeof(programs[0]))
#define NAME_MIN	2u
#define NAME_LONGEST	14u

static int compare(const char *name, size_t len, const char *with)
{
	int r = *name - *with;	/* mostly that is all there is to see */

	r = r ? r : strncmp(name, with, len);
	return r ? r : with[len] ? -1 : 0;
}

const struct secretprog *secretprog_find(const char *name, size_t len)
{
	size_t low = 0, high = N_PROGRAMS, mid;
	int r;

	if (len < NAME_MIN || len > NAME_LONGEST)
		return NULL;
	while (low < high) {
		mid = (low + high) / 2;
		r = compare(name, len, programs[mid].name);
		if (!r)
			return &programs[mid];
		if (r < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* 0: it is not this option; else where its value begins. */
static size_t value_of(const struct secretprog_rule *r, const char *arg, size_t len)
{
	size_t n = strlen(r->option);

	if (len < n || memcmp(arg, r->option, n))
		return 0;
	if (len == n)
		return r->next ? len : 0;
	if (!r->attached)
		return 0;
	if (r->option[1] != '-')
		return n;
	return arg[n] == '=' ? n + 1 : 0;
}

const struct secretprog_rule *secretprog_rule(const struct secretprog *prog, const char *arg,
					      size_t len, size_t *value)
{
	const struct secretprog_rule *r;

	for (r = prog->rules; r->option; r++) {
		*value = value_of(r, arg, len);
		if (*value)
			return r;
	}
	return NULL;
}

bool secretprog_is_sorted(void)
{
	size_t i;

	for (i = 1; i < N_PROGRAMS; i++)
		if (strcmp(programs[i - 1].name, programs[i].name) >= 0)
			return false;
	for (i = 0; i < N_PROGRAMS; i++)
		if (strlen(programs[i].name) < NAME_MIN || strlen(programs[i].name) > NAME_LONGEST)
			return false;
	return true;
}
