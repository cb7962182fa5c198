// SPDX-License-Identifier: Apache-2.0
// Draws a profile. Texts of the profile become text nodes and attributes that mean nothing,
// never markup. Only the rows that can be seen exist: a profile may have a hundred thousand.
'use strict';

const { profile: data, nodes: rawNodes } = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const ROW = 26;		// pixels, as in the style

// ---- texts ---------------------------------------------------------------------------

// Controls are escaped already. What cannot be seen in a browser is shown by its number.
const printable = (s) => s.replace(/[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u206f\ufeff]/g,
	(c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

function make(name, kind, text) {
	const e = document.createElement(name);
	if (kind)
		e.className = kind;
	if (text !== undefined)
		e.textContent = text;
	return e;
}

function add(parent, ...children) {
	parent.append(...children);
	return parent;
}

const clock = (s) => new Date(s * 1000).toISOString().replace('T', ' ').slice(0, 19);
const number = (n) => n.toLocaleString('en-US');
const plural = (n, what) => number(n) + ' ' + what + (n === 1 ? '' : 's');

// ---- nodes ---------------------------------------------------------------------------
// nodes[0] is the root; each is behind the one that it is below.

const FAMILY = { program: 'program', script: 'program', user: 'user', arguments: 'file', network: 'net',
	port: 'net', socket: 'net', name: 'name', signal: 'power', tracing: 'power', module: 'power',
	credentials: 'power', capabilities: 'power', capability: 'power', mount: 'power', 'system call': 'user' };

const nodes = [{ id: 0, kind: '', text: '', access: [], origin: [], sights: [], below: [], depth: 0 }];
for (const d of rawNodes) {
	const above = nodes[d.p];
	const n = { id: nodes.length, above, kind: d.k, text: printable(d.t), access: d.a || [], origin: d.o || [],
		sights: d.s || [], below: [], depth: above.depth + 1 };
	n.family = FAMILY[n.kind] || 'file';
	above.below.push(n);
	nodes.push(n);
}

const isFile = (n) => n.kind === 'file' || n.kind === 'pattern';

// A file's path; of others their text.
function whole(n) {
	let path = '';
	if (!isFile(n))
		return n.text;
	for (; isFile(n); n = n.above)
		path = '/' + n.text + path;
	return path;
}

// The programs above a node, the outermost first.
function programs(n) {
	const list = [];
	for (n = n.above; n; n = n.above)
		if (n.kind === 'program')
			list.unshift(n.text);
	return list;
}

// ---- what is shown -------------------------------------------------------------------

const view = { version: -1, kind: '', words: [], open: new Set(), chosen: 0, tab: 'tree' };

const sightsOf = (n) => view.version < 0 ? n.sights : n.sights.filter((s) => s[0] === view.version);

function hay(n) {
	if (n.hay === undefined)
		n.hay = (n.kind + ' ' + whole(n)).toLowerCase();
	return n.hay;
}

function matches(n) {
	return (!view.kind || n.kind === view.kind) && view.words.every((w) => hay(n).includes(w));
}

const isFiltered = () => view.words.length > 0 || view.kind !== '';

// Marks nodes: hit, and shown (it or one below it is a hit). The number of hits.
function filter() {
	let hits = 0;
	for (const n of nodes)
		n.shown = n.hit = false;
	for (let i = nodes.length - 1; i > 0; i--) {
		const n = nodes[i];
		n.hit = sightsOf(n).length > 0 && matches(n);
		hits += n.hit;
		n.shown = n.shown || n.hit;
		if (n.shown)
			n.above.shown = true;
	}
	return hits;
}

// The way to each hit, but not further: what is below is opened by hand.
function openHits() {
	view.open.clear();
	for (let i = nodes.length - 1; i > 0; i--) {
		const n = nodes[i];
		if (n.shown && (n.hit || view.open.has(n)))
			view.open.add(n.above);
	}
}

function openFirst() {
	view.open.clear();
	for (const n of nodes)
		if (n.depth < 2)
			view.open.add(n);
}

// ---- rows: only those within the window exist -----------------------------------------

// draw(i): the element of row i.
function rowList(box, draw) {
	const sheet = box.firstElementChild;
	const list = { box, n: 0, from: -1, to: -1 };
	list.paint = (anew) => {
		const height = box.clientHeight || 600;
		const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 10);
		const to = Math.min(list.n, Math.ceil((box.scrollTop + height) / ROW) + 10);
		if (!anew && from === list.from && to === list.to)
			return;
		list.from = from;
		list.to = to;
		const rows = [];
		for (let i = from; i < to; i++) {
			const e = draw(i);
			e.style.top = i * ROW + 'px';
			rows.push(e);
		}
		sheet.replaceChildren(...rows);
	};
	list.resize = (n) => {
		list.n = n;
		sheet.style.height = n * ROW + 'px';
		list.paint(true);
		if (!n)
			sheet.append(make('p', 'none', 'Nothing is like that.'));
	};
	list.reveal = (i) => {
		const height = box.clientHeight || 600;
		if (i * ROW < box.scrollTop || (i + 1) * ROW > box.scrollTop + height)
			box.scrollTop = Math.max(0, i * ROW - height / 3);
		list.paint(true);
	};
	box.addEventListener('scroll', () => list.paint(false));
	return list;
}

// The text with what is searched for marked.
function marked(text, kind) {
	const e = make('span', kind);
	const low = text.toLowerCase();
	const on = new Uint8Array(text.length);
	// Where lower case is longer than what it is of, places would be wrong.
	if (low.length === text.length)
		for (const w of view.words)
			for (let at = low.indexOf(w); at >= 0; at = low.indexOf(w, at + 1))
				on.fill(1, at, at + w.length);
	for (let from = 0, to; from < text.length; from = to) {
		for (to = from + 1; to < text.length && on[to] === on[from]; to++)
			;
		const part = text.slice(from, to);
		e.append(on[from] ? make('mark', '', part) : part);
	}
	return e;
}

const kindOf = (n) => make('span', 'kind ' + n.family, n.kind);

// ---- the tree ------------------------------------------------------------------------

let lines = [];		// nodes that are open, in order

function listLines() {
	const below = (n) => {
		for (const c of n.below) {
			if (!c.shown)
				continue;
			lines.push(c);
			if (view.open.has(c))
				below(c);
		}
	};
	lines = [];
	below(nodes[0]);
}

const isBranch = (n) => n.below.some((c) => c.shown);

function toggle(n) {
	if (!isBranch(n))
		return;
	if (!view.open.delete(n))
		view.open.add(n);
	listLines();
	tree.resize(lines.length);
}

function drawNode(i) {
	const n = lines[i], row = make('div', 'row'), sights = sightsOf(n);
	row.setAttribute('role', 'treeitem');
	row.setAttribute('aria-level', n.depth);
	row.dataset.id = n.id;
	row.style.paddingLeft = 10 + 18 * Math.min(n.depth - 1, 30) + 'px';
	if (n === view.chosen) {
		row.classList.add('chosen');
		row.setAttribute('aria-selected', 'true');
	}
	if (!sights.length)
		row.classList.add('way');
	const twist = make('button', 'twist', isBranch(n) ? '▶' : '');
	twist.tabIndex = -1;
	twist.setAttribute('aria-hidden', 'true');
	if (isBranch(n))
		row.setAttribute('aria-expanded', view.open.has(n));
	add(row, twist, kindOf(n), marked(isFile(n) && !isFile(n.above) ? '/' + n.text : n.text, 'text ' + n.kind));
	for (const a of n.access)
		row.append(make('span', 'tag ' + a, a));
	if (n.origin.includes('approved'))
		row.append(make('span', 'tag approved', 'approved'));
	if (sights.length)
		add(row, make('span', 'count', number(sights.reduce((sum, s) => sum + s[3], 0)) + ' ×'),
			make('span', 'when', clock(sights.reduce((last, s) => Math.max(last, s[2]), 0))));
	return row;
}

const tree = rowList($('tree'), drawNode);

function choose(n, reveal) {
	view.chosen = n;
	drawDetails();
	if (reveal) {
		for (let a = n.above; a; a = a.above)
			view.open.add(a);
		listLines();
		tree.resize(lines.length);
		tree.reveal(lines.indexOf(n));
	} else {
		tree.paint(true);
	}
	times.paint(true);
	remember();
}

$('tree').addEventListener('click', (ev) => {
	const row = ev.target.closest('.row');
	if (!row)
		return;
	const n = nodes[row.dataset.id];
	if (ev.target.closest('.twist') || (ev.detail === 2 && isBranch(n)))
		toggle(n);
	choose(n, false);
});

$('tree').addEventListener('keydown', (ev) => {
	const n = view.chosen, at = lines.indexOf(n);
	const go = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1,
		PageDown: Math.min(at + 20, lines.length - 1), PageUp: Math.max(at - 20, 0) };
	if (ev.key in go) {
		const to = lines[go[ev.key]];
		if (to)
			choose(to, true);
	} else if (ev.key === 'ArrowRight' && n && !view.open.has(n)) {
		toggle(n);
	} else if (ev.key === 'ArrowLeft' && n && view.open.has(n) && isBranch(n)) {
		toggle(n);
	} else if (ev.key === 'ArrowLeft' && n && n.above && n.above.id) {
		choose(n.above, true);
	} else if (ev.key === 'Enter' && n) {
		toggle(n);
	} else {
		return;
	}
	ev.preventDefault();
});

$('open-all').addEventListener('click', () => {
	view.open = new Set(nodes);
	listLines();
	tree.resize(lines.length);
});
$('close-all').addEventListener('click', () => {
	view.open = new Set([nodes[0]]);
	listLines();
	tree.resize(lines.length);
});

// ---- what was new ----------------------------------------------------------------------

// When each node was seen first, and in which version.
const news = nodes.filter((n) => n.sights.length).map((n) => {
	const first = n.sights.reduce((a, b) => b[1] < a[1] ? b : a);
	return { n, version: first[0], at: first[1] };
}).sort((a, b) => b.at - a.at || a.n.id - b.n.id);

let shownNews = [];

function drawNews(i) {
	const x = shownNews[i], row = make('div', 'row');
	row.setAttribute('role', 'listitem');
	row.dataset.id = x.n.id;
	if (x.n === view.chosen)
		row.classList.add('chosen');
	const by = programs(x.n);
	add(row, make('span', 'when', clock(x.at)), make('span', 'tag', printable(data.versions[x.version].version)),
		kindOf(x.n), marked(whole(x.n), 'text ' + x.n.kind));
	if (by.length)
		row.append(make('span', 'by', (x.n.kind === 'program' ? 'run by ' : 'by ') + by.join(' › ')));
	return row;
}

const times = rowList($('times'), drawNews);

$('times').addEventListener('click', (ev) => {
	const row = ev.target.closest('.row');
	if (row)
		choose(nodes[row.dataset.id], false);
});
$('times').addEventListener('dblclick', (ev) => {
	const row = ev.target.closest('.row');
	if (row) {
		show('tree');
		choose(nodes[row.dataset.id], true);
	}
});

const hue = (version) => `hsl(${(200 + version * 67) % 360} 55% 48%)`;

function svg(name, attributes, text) {
	const e = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const key in attributes)
		e.setAttribute(key, attributes[key]);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

// Between the first and the last, in as many parts as there is room for; a number of each version.
function count(parts) {
	const last = news[0].at, first = news[news.length - 1].at;
	const span = Math.max(1, last - first + 1);
	const bins = Array.from({ length: parts }, () => ({ n: 0, by: new Map() }));
	for (const x of shownNews) {
		const bin = bins[Math.min(parts - 1, Math.floor((x.at - first) * parts / span))];
		bin.n++;
		bin.by.set(x.version, (bin.by.get(x.version) || 0) + 1);
	}
	return { bins, first, span };
}

function drawChart() {
	const PARTS = 120, W = 960, H = 120, FLOOR = 98;
	const box = $('chart');
	box.replaceChildren();
	if (!news.length)
		return;
	const { bins, first, span } = count(PARTS);
	const most = Math.max(1, ...bins.map((b) => b.n));
	const step = W / PARTS, picture = svg('svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none',
		role: 'img', 'aria-label': 'How much was new, over time' });
	bins.forEach((bin, i) => {
		const from = first + Math.floor(i * span / PARTS);
		const hit = svg('rect', { class: 'hit', x: i * step, y: 0, width: step, height: FLOOR });
		let y = FLOOR;
		if (!bin.n)
			return;
		hit.append(svg('title', {}, clock(from) + ': ' + bin.n + ' new'));
		hit.addEventListener('click', () => {
			const at = shownNews.findIndex((x) => x.at < from + span / PARTS);
			times.box.scrollTop = Math.max(0, at) * ROW;
			times.paint(true);
		});
		picture.append(hit);
		for (const [version, n] of [...bin.by].sort((a, b) => a[0] - b[0])) {
			// A single one is seen, too, beside many.
			const h = Math.max(3, n / most * (FLOOR - 8));
			y -= h;
			picture.append(svg('rect', { x: i * step + 0.5, y, width: step - 1, height: h,
				fill: hue(version), 'pointer-events': 'none' }));
		}
	});
	picture.append(svg('line', { class: 'axis', x1: 0, x2: W, y1: FLOOR, y2: FLOOR }));
	box.append(picture);
	const legend = make('div', 'legend');
	add(legend, make('span', '', clock(first) + ' to ' + clock(first + span - 1) + ' UTC'));
	for (const version of [...new Set(shownNews.map((x) => x.version))].sort((a, b) => a - b)) {
		const swatch = make('span', 'swatch');
		swatch.style.background = hue(version);
		add(legend, add(make('span'), swatch, printable(data.versions[version].version)));
	}
	box.append(legend);
}

// ---- versions ------------------------------------------------------------------------

function table(head, rows) {
	const t = make('table'), top = make('tr');
	for (const h of head)
		top.append(make('th', h === 'Events' || h === 'Times' ? 'n' : '', h));
	t.append(top);
	for (const row of rows)
		t.append(add(make('tr'), ...row));
	return t;
}

const moment = (s) => s ? s.replace('T', ' ').replace('Z', '') : '';

function drawStates() {
	for (const v of data.versions) {
		const card = make('div');
		add(card, make('h2', '', printable(v.version) + ': ' + v.state),
			make('p', 'when', moment(v.first) + ' to ' + moment(v.last)));
		if (v.types.length)
			card.append(table(['Type', 'State', 'Since', 'Last new', 'Events'], v.types.map((t) => [
				make('td', '', t.type), make('td', 'state ' + t.state, t.state), make('td', '', moment(t.since)),
				make('td', '', moment(t.last_new)), make('td', 'n', number(t.events))])));
		$('states').append(card);
	}
}

// ---- one node ------------------------------------------------------------------------

function drawDetails() {
	const n = view.chosen, box = $('details');
	box.replaceChildren();
	if (!n)
		return;
	const list = make('dl');
	const say = (what, text) => text && add(list, make('dt', '', what), make('dd', '', text));
	say('By', programs(n).join(' › '));
	say('Access', n.access.join(', '));
	say('Known by', n.origin.join(', '));
	say('Below it', n.below.length ? plural(n.below.length, 'node') : '');
	add(box, kindOf(n), make('h2', '', whole(n)), list);
	if (n.sights.length)
		box.append(table(['Version', 'First', 'Last', 'Times'], n.sights.map((s) => [
			make('td', '', printable(data.versions[s[0]].version)), make('td', '', clock(s[1])),
			make('td', '', clock(s[2])), make('td', 'n', number(s[3]))])));
	else
		box.append(make('p', 'when', 'Only the way to what is below it.'));
}

// ---- all of it -------------------------------------------------------------------------

function refresh() {
	const hits = filter();
	if (isFiltered())
		openHits();
	else
		openFirst();
	listLines();
	tree.resize(lines.length);
	shownNews = news.filter((x) => x.n.hit && (view.version < 0 || x.version === view.version));
	times.resize(shownNews.length);
	drawChart();
	$('found').textContent = isFiltered() ? plural(hits, 'match').replace(/matchs$/, 'matches') : '';
}

function show(tab) {
	view.tab = tab;
	for (const name of ['tree', 'time', 'states']) {
		$(name + '-view').hidden = name !== tab;
		$('tab-' + name).setAttribute('aria-selected', name === tab);
	}
	tree.paint(true);
	times.paint(true);
	remember();
}

// The view is in the address behind #: search, version, kind, tab, node.
let restoring = true;

function remember() {
	const p = new URLSearchParams();
	if (restoring)
		return;
	if ($('search').value)
		p.set('search', $('search').value);
	if (view.version >= 0)
		p.set('version', data.versions[view.version].version);
	if (view.kind)
		p.set('kind', view.kind);
	if (view.tab !== 'tree')
		p.set('tab', view.tab);
	if (view.chosen)
		p.set('node', view.chosen.id);
	// Where an address may not be changed, the page does without.
	try {
		history.replaceState(null, '', '#' + p);
	} catch (e) {
	}
}

const split = (s) => s.toLowerCase().split(/\s+/).filter((w) => w);

function restore() {
	const p = new URLSearchParams(location.hash.slice(1));
	restoring = true;
	$('search').value = p.get('search') || '';
	view.words = split($('search').value);
	view.version = data.versions.findIndex((v) => v.version === p.get('version'));
	view.kind = nodes.some((n) => n.id && n.kind === p.get('kind')) ? p.get('kind') : '';
	$('version').value = view.version;
	$('kind').value = view.kind;
	refresh();
	show(['tree', 'time', 'states'].includes(p.get('tab')) ? p.get('tab') : 'tree');
	const chosen = nodes[p.get('node')];
	if (chosen && chosen.id)
		choose(chosen, true);
	restoring = false;
}

function option(value, text) {
	const o = make('option', '', text);
	o.value = value;
	return o;
}

function fillPickers() {
	$('version').append(option(-1, 'all'));
	data.versions.forEach((v, i) => $('version').append(option(i, printable(v.version))));
	$('kind').append(option('', 'all'));
	for (const kind of [...new Set(nodes.slice(1).map((n) => n.kind))].sort())
		$('kind').append(option(kind, kind));
	$('version').addEventListener('change', () => {
		view.version = Number($('version').value);
		refresh();
		remember();
	});
	$('kind').addEventListener('change', () => {
		view.kind = $('kind').value;
		refresh();
		remember();
	});
}

function theme(name) {
	document.documentElement.dataset.theme = name;
}

let typing = 0;
$('search').addEventListener('input', () => {
	clearTimeout(typing);
	typing = setTimeout(() => {
		view.words = split($('search').value);
		refresh();
		remember();
	}, nodes.length > 20000 ? 200 : 30);
});
document.addEventListener('keydown', (ev) => {
	if (ev.key === '/' && document.activeElement !== $('search')) {
		$('search').focus();
		ev.preventDefault();
	}
});
for (const name of ['tree', 'time', 'states'])
	$('tab-' + name).addEventListener('click', () => show(name));
$('theme').addEventListener('click', () =>
	theme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
theme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
window.addEventListener('resize', () => {
	tree.paint(true);
	times.paint(true);
});
window.addEventListener('hashchange', restore);

document.title = printable(data.name) + ' · weir profile';
$('name').textContent = printable(data.name);
$('about').textContent = [plural(nodes.length - 1, 'node'), plural(data.versions.length, 'version'),
	'begun ' + moment(data.begun), 'written ' + moment(data.written) + ' UTC'].join(' · ');
fillPickers();
drawStates();
restore();
