# SPDX-License-Identifier: Apache-2.0
# usage: python3 rulefold.py CaseFolding.txt >rulefold_table.def
# Makes the tables of rulefold.c from a file of the Unicode character database
# (in Debian: package unicode-data). Statuses C and S: simple folding.
import re
import sys


def ranges(pairs):
    """Runs (first, last, stride, delta) of what maps by the same difference."""
    out = []
    for c, to in sorted(pairs.items()):
        r = out[-1] if out else None
        if r and to - c == r[3] and (c - r[1] == r[2] or r[0] == r[1] and c - r[1] <= 2):
            r[2] = c - r[1]
            r[1] = c
        else:
            out.append([c, c, 1, to - c])
    return out


lines = open(sys.argv[1], encoding='utf-8').read().splitlines()
version = re.search(r'CaseFolding-([0-9.]+)\.txt', lines[0]).group(1)
to = {}
for line in lines:
    row = [x.strip() for x in line.split('#')[0].split(';')]
    if len(row) > 2 and row[1] in 'CS':
        to[int(row[0], 16)] = int(row[2], 16)
tables = [to]
back = {}
for c, f in sorted(to.items()):
    back.setdefault(f, []).append(c)
for i in range(max(map(len, back.values()))):
    tables.append({f: cs[i] for f, cs in back.items() if len(cs) > i})
print('/* SPDX-License-Identifier: Apache-2.0 */')
print('/* Made by rulefold.py of CaseFolding.txt, Unicode %s: statuses C and S. */' % version)
for i, table in enumerate(tables):
    print('/* %s */' % ('A character: what it folds to.' if not i else
                       'What others fold to: the one that is number %d of them.' % i))
    for first, last, stride, delta in ranges(table):
        print('FOLD(%d, 0x%05x, 0x%05x, %d, %d)' % (i, first, last, stride, delta))
