/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines typed into shells. User space attaches these programs to a shell's
 * functions when it first sees that shell (plugin `shell`); the cookie of an
 * attachment is the shell's kind.
 *
 *   bash	uretprobe readline	returns the line
 *   zsh	uprobe zleentry		a line is asked for, or something else
 *		uretprobe zleentry	returns the line
 *   dash	uprobe read		of libc, in that process: into which buffer
 *		uretprobe read		how much
 *
 * dash reads a line at once; a `read` of a script takes byte by byte and is no
 * command.
 */
#include "weir.bpf.h"

#define ZLE_CMD_READ	1
#define ZSH_META	0x83	/* the next byte has its bit 5 flipped */
#define LINE_MAX	WEIR_PATH_MAX

struct shell_call {
	__u64 buf;
};

/* Calls that have begun, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct shell_call);
} m_shell SEC(".maps");

SEC("uprobe")
int on_shell_enter(struct user_regs *regs)
{
	__u32 kind = bpf_get_attach_cookie(regs), tid = bpf_get_current_pid_tgid();
	struct shell_call call = { .buf = regs_arg(regs, 1) };
	__u32 first = regs_arg(regs, 0);

	if (!type_enabled(WEIR_EV_shell_command))
		return 0;
	if (kind == WEIR_SHELL_ZSH ? first == ZLE_CMD_READ :
				     first == 0 && regs_arg(regs, 2) > 1)
		bpf_map_update_elem(&m_shell, &tid, &call, BPF_ANY);
	else
		bpf_map_delete_elem(&m_shell, &tid);
	return 0;
}

/*
 * State in the slot, not on the stack: verifiers before 6.7 look at one round of
 * a loop only, and take what is on the stack before it for what is there always.
 * env_at: where the text is; env_end: its length; walk_pos: bytes that are done;
 * env_cut: the next one is flipped.
 */
static long unmeta_byte(__u32 i, struct scratch **slot)
{
	struct scratch *s = *slot;
	__u32 from = s->env_at + i, to = s->env_at + s->walk_pos;
	__u8 c;

	if (i >= s->env_end)
		return 1;
	BOUND(from);
	BOUND(to);
	if (from >= WEIR_REC_MAX || to >= WEIR_REC_MAX)
		return 1;
	c = s->rec[from];
	if (c == ZSH_META && !s->env_cut) {
		s->env_cut = 1;
		return 0;
	}
	s->rec[to] = s->env_cut ? c ^ 32 : c;
	s->env_cut = 0;
	s->walk_pos++;
	return 0;
}

/* zsh keeps bytes above 127 in an encoding of its own. */
static __always_inline __u64 line_unmeta(struct scratch *s, __u64 bits)
{
	s->env_at = (__u32)bits;
	s->env_end = (__u32)(bits >> 32) & WEIR_STR_LEN;
	s->walk_pos = 0;
	s->env_cut = 0;
	if (!cfg_have_loop || !s->env_at)
		return bits;
	bpf_loop(LINE_MAX, unmeta_byte, &s, 0);
	return (bits & ~((__u64)WEIR_STR_LEN << 32)) | (__u64)s->walk_pos << 32;
}

/* Without the newline at its end; 0: an empty line. */
static __always_inline __u64 line_trim(struct scratch *s, __u64 bits)
{
	__u32 len = (__u32)(bits >> 32) & WEIR_STR_LEN, last = (__u32)bits + len - 1;

	BOUND(last);
	if (len && last < WEIR_REC_MAX && s->rec[last] == '\n')
		bits -= 1ull << 32;
	return (bits >> 32 & WEIR_STR_LEN) || !(__u32)bits ? bits : 0;
}

static __always_inline void line_emit(__u32 kind, __u64 from, __u32 len)
{
	struct weir_shell_command *e;
	struct scratch *s;
	__u64 line;

	s = op_begin(WEIR_EV_shell_command, sizeof(*e));
	if (!s)
		return;
	e = (void *)s->rec;
	e->shell_kind = kind;
	line = user_text_put(s, from, len);
	if (kind == WEIR_SHELL_ZSH)
		line = line_unmeta(s, line);
	line = line_trim(s, line);
	e->shell_line = str_of(line);
	if (line)
		op_now(s, NULL, WEIR_OUTCOME_UNKNOWN);
	else
		scratch_release(s);
}

SEC("uretprobe")
int on_shell_leave(struct user_regs *regs)
{
	__u32 kind = bpf_get_attach_cookie(regs), tid = bpf_get_current_pid_tgid();
	__u64 ret = regs_ret(regs);
	struct shell_call *call;

	if (!type_enabled(WEIR_EV_shell_command))
		return 0;
	if (kind != WEIR_SHELL_ZSH && kind != WEIR_SHELL_DASH) {
		if (ret)
			line_emit(kind, ret, LINE_MAX);
		return 0;
	}
	call = bpf_map_lookup_elem(&m_shell, &tid);
	if (!call)
		return 0;
	if (kind == WEIR_SHELL_ZSH && ret)
		line_emit(kind, ret, LINE_MAX);
	else if (kind == WEIR_SHELL_DASH && (__s64)ret > 0)
		line_emit(kind, call->buf, ret > LINE_MAX - 1 ? LINE_MAX : (__u32)ret);
	bpf_map_delete_elem(&m_shell, &tid);
	return 0;
}
