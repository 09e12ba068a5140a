'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const chart = $('chart'), map = $('map'), tip = $('tip');
const GUTTER = 150, AXIS = 26, BAND = 15, THIN = 6, ROWS_MAX = 6;

// kind: [token, glyph, words]
const KINDS = {
  accepted: ['accepted', 'triangle', 'acknowledged'],
  duplicate: ['duplicate', 'triangle', 'duplicate, same answer'],
  rejected: ['refused', 'bar', 'rejected'],
  unavailable: ['limited', 'bar', 'told to come back'],
  unanswered: ['unknown', 'ring', 'no answer'],
  delivered: ['delivered', 'dot', 'delivered'],
  failed: ['failed', 'cross', 'attempt failed'],
  refused: ['failed', 'square', 'refused for good'],
  limited: ['limited', 'diamond', 'rate limited'],
  unknown: ['unknown', 'ring', 'outcome unknown'],
  dead: ['failed', 'skull', 'dead letter'],
  write: ['journal', 'tick', 'journal write'],
  'write-failed': ['failed', 'cross', 'write failed'],
  snapshot: ['journal', 'square', 'snapshot'],
  recovered: ['accent', 'diamond', 'recovered'],
  operator: ['operator', 'square', 'operator'],
  error: ['violation', 'cross', 'crash or ERROR'],
  note: ['muted', 'tick', 'note'],
};
const BANDS = {
  incarnation: 'incarnation', draining: 'half', owner: 'owner', closed: 'closed', 'half-open': 'half', open: 'open',
};

// ---- the data, indexed by lane ------------------------------------------------------------------
const lanes = data.lanes.map((lane, index) => ({...lane, index, marks: [], bands: [], faults: [], rows: 1, longest: 0}));
const M = data.marks;
const markCount = M.at.length;
for (let i = 0; i < markCount; i++) lanes[M.lane[i]].marks.push(i);
for (const band of data.bands) lanes[band.lane].bands.push(band);
for (const lane of lanes) {
  lane.bandsHigh = lane.bands.some(b => !b.thin) ? (BAND + 2) * (1 + Math.max(...lane.bands.filter(b => !b.thin).map(b => b.row))) + 1 : 0;
  lane.thinHigh = lane.bands.some(b => b.thin) ? THIN + 3 : 0;
}
const faultLane = lanes.findIndex(lane => lane.group === 'faults');
for (const fault of data.faults) {
  for (const lane of fault.lanes) lanes[lane].faults.push(fault);
  if (faultLane >= 0) lanes[faultLane].faults.push(fault);
}
const row = new Uint8Array(markCount);
for (const lane of lanes) {
  lane.marks.sort((a, b) => M.at[a] - M.at[b] || a - b);
  const free = [];
  for (const i of lane.marks) {
    const length = M.until[i] - M.at[i];
    lane.longest = Math.max(lane.longest, length);
    let r = free.findIndex(until => until <= M.at[i]);
    if (r < 0) r = free.length < ROWS_MAX ? free.push(0) - 1 : free.indexOf(Math.min(...free));
    free[r] = M.until[i] + (length > 0 ? 1 : 0);
    row[i] = length > 0 || lane.group === 'destinations' ? r : 0;
    lane.rows = Math.max(lane.rows, row[i] + 1);
  }
}
// Faults share the rows of their own lane.
if (faultLane >= 0) {
  const free = [];
  for (const fault of [...lanes[faultLane].faults].sort((a, b) => a.from - b.from)) {
    let r = free.findIndex(until => until <= fault.from);
    if (r < 0) r = free.length < 4 ? free.push(0) - 1 : free.indexOf(Math.min(...free));
    // Room for its label when the whole run is shown.
    free[r] = Math.max(fault.until, fault.from + (data.end - data.start) * (fault.label.length + 3) * 6.4 / 880);
    fault.row = r;
    lanes[faultLane].rows = Math.max(lanes[faultLane].rows, r + 1);
  }
}
const byWebhook = new Map();
for (let i = 0; i < markCount; i++)
  for (const w of M.webhooks[i]) {
    if (!byWebhook.has(w)) byWebhook.set(w, []);
    byWebhook.get(w).push(i);
  }
const indexOfWebhook = new Map(data.webhooks.map((name, index) => [name, index]));

// ---- the view -----------------------------------------------------------------------------------
const whole = {from: data.start, to: Math.max(data.end, data.start + 1)};
const view = {...whole};
let selected = -1, hovered = null, offset = 0, contentHeight = 0, colours = {}, hatch = null, pending = false;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['ground', 'surface', 'stripe', 'ink', 'muted', 'faint', 'line', 'strong', 'accent', 'accepted', 'duplicate',
    'refused', 'delivered', 'failed', 'limited', 'unknown', 'journal', 'operator', 'violation', 'fault', 'incarnation', 'owner',
    'closed', 'half', 'open', 'quiet']) colours[name] = style.getPropertyValue('--' + name).trim();
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const g = tile.getContext('2d');
  g.strokeStyle = colours.fault; g.globalAlpha = .62; g.lineWidth = 1.5;
  for (const d of [-8, 0, 8]) { g.beginPath(); g.moveTo(d, 8); g.lineTo(d + 8, 0); g.stroke(); }
  hatch = tile;
}

function size(canvas, height) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  }
  const g = canvas.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  return g;
}

const visibleHeight = () => $('scroll').clientHeight;
const plotWidth = () => chart.clientWidth - GUTTER - 10;
const x = at => GUTTER + (at - view.from) / (view.to - view.from) * plotWidth();
const timeAt = px => view.from + (px - GUTTER) / plotWidth() * (view.to - view.from);

/** Heights and tops. Room that is left is shared out, so that few lanes are drawn large. */
function layOut() {
  let natural = measure(9);
  if (natural > visibleHeight() - AXIS) natural = measure(6);
  if (natural > visibleHeight() - AXIS) natural = measure(4.5);
  const stretch = Math.min(1.7, Math.max(1, (visibleHeight() - AXIS - 8) / natural));
  let top = AXIS + 2;
  for (const lane of lanes) {
    lane.extra = lane.group === 'faults' ? 0 : lane.natural * (stretch - 1);
    lane.top = top + lane.head;
    lane.height = lane.natural - lane.head + lane.extra;
    top = lane.top + lane.height;
  }
  contentHeight = top + 6;
  offset = Math.max(0, Math.min(offset, contentHeight - visibleHeight()));
}
function measure(rowHeight) {
  let natural = 0;
  for (const lane of lanes) {
    const first = lane.index === 0 || lanes[lane.index - 1].group !== lane.group;
    const marks = lane.group === 'faults' ? lane.rows * 17 : lane.marks.length ? Math.max(lane.rows * rowHeight, rowHeight < 9 ? 10 : 12) : lane.bandsHigh ? 0 : 12;
    lane.head = first ? 9 : 0;
    lane.natural = lane.head + 4 + lane.bandsHigh + lane.thinHigh + marks + 4;
    natural += lane.natural;
  }
  return natural;
}

const bandTop = (lane, band) => lane.top + 4 + (band.thin ? lane.bandsHigh : band.row * (BAND + 2));
const marksTop = lane => lane.top + 4 + lane.bandsHigh + lane.thinHigh;
function rowStep(lane) {
  const room = lane.top + lane.height - 4 - marksTop(lane);
  return lane.rows > 1 ? Math.min(15, room / lane.rows) : room;
}
function markY(lane, i) { const step = rowStep(lane); return marksTop(lane) + step * (row[i] + .5); }

function clock(millis, digits) {
  const negative = millis < 0 ? '-' : '';
  let rest = Math.abs(millis);
  const h = Math.floor(rest / 3600000); rest -= h * 3600000;
  const m = Math.floor(rest / 60000); rest -= m * 60000;
  const s = (rest / 1000).toFixed(digits);
  if (h) return `${negative}${h} h ${String(m).padStart(2, '0')} m` + (digits || Number(s) ? ` ${s.padStart(digits ? 3 + digits : 2, '0')} s` : '');
  if (m) return `${negative}${m} m ${s.padStart(digits ? 3 + digits : 2, '0')} s`;
  return `${negative}${s} s`;
}
function span(millis) {
  if (millis < 1) return (millis * 1000).toFixed(0) + ' µs';
  if (millis < 1000) return millis.toFixed(millis < 10 ? 1 : 0) + ' ms';
  return clock(millis, millis < 10000 ? 1 : 0);
}

const STEPS = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000,
  60000, 120000, 300000, 600000, 900000, 1800000, 3600000, 7200000, 14400000, 28800000, 86400000];

function drawAxis(g, width) {
  const wanted = (view.to - view.from) / Math.max(3, plotWidth() / 115);
  const step = STEPS.find(each => each >= wanted) || STEPS[STEPS.length - 1];
  const digits = step >= 1000 ? 0 : Math.min(6, Math.ceil(-Math.log10(step / 1000)));
  g.fillStyle = colours.surface; g.fillRect(0, 0, width, AXIS);
  g.strokeStyle = colours.line; g.lineWidth = 1;
  g.beginPath(); g.moveTo(0, AXIS - .5); g.lineTo(width, AXIS - .5); g.stroke();
  g.font = '11px ' + FONT; g.textAlign = 'center'; g.textBaseline = 'middle';
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const px = Math.round(x(at)) + .5;
    g.fillStyle = colours.muted;
    if (px > GUTTER + 12) g.fillText(clock(at, digits), Math.min(px, width - 30), AXIS / 2);
    g.strokeStyle = colours.line; g.beginPath(); g.moveTo(px, AXIS); g.lineTo(px, visibleHeight()); g.stroke();
  }
}
const FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif';

function clipText(g, text, left, right, y, colour) {
  const from = Math.max(left, GUTTER) + 5, room = Math.min(right, chart.clientWidth) - from - 3;
  if (room < 12) return;
  let shown = text;
  if (g.measureText(shown).width > room) {
    while (shown.length > 1 && g.measureText(shown + '…').width > room) shown = shown.slice(0, -1);
    if (shown.length < 2) return;
    shown += '…';
  }
  g.textAlign = 'left'; g.textBaseline = 'middle'; g.fillStyle = colour; g.fillText(shown, from, y);
}

function glyph(g, shape, px, py, r, colour) {
  g.fillStyle = g.strokeStyle = colour; g.lineWidth = 1.6;
  g.beginPath();
  switch (shape) {
    case 'dot': g.arc(px, py, r * .9, 0, 7); g.fill(); break;
    case 'ring': g.arc(px, py, r * .85, 0, 7); g.stroke(); break;
    case 'triangle': g.moveTo(px - r, py - r * .8); g.lineTo(px + r, py - r * .8); g.lineTo(px, py + r); g.closePath(); g.fill(); break;
    case 'cross': g.moveTo(px - r * .8, py - r * .8); g.lineTo(px + r * .8, py + r * .8); g.moveTo(px + r * .8, py - r * .8); g.lineTo(px - r * .8, py + r * .8); g.stroke(); break;
    case 'square': g.rect(px - r * .8, py - r * .8, r * 1.6, r * 1.6); g.fill(); break;
    case 'diamond': g.moveTo(px, py - r); g.lineTo(px + r, py); g.lineTo(px, py + r); g.lineTo(px - r, py); g.closePath(); g.fill(); break;
    case 'bar': g.rect(px - r, py - r * .35, r * 2, r * .7); g.fill(); break;
    case 'skull': g.rect(px - r, py - r, r * 2, r * 2); g.fill(); g.strokeStyle = colours.surface; g.lineWidth = 1.4; g.beginPath();
      g.moveTo(px - r * .5, py - r * .5); g.lineTo(px + r * .5, py + r * .5); g.moveTo(px + r * .5, py - r * .5); g.lineTo(px - r * .5, py + r * .5); g.stroke(); break;
    default: g.lineWidth = 1.2; g.moveTo(px, py - r); g.lineTo(px, py + r); g.stroke();
  }
}

function lower(list, at) { let lo = 0, hi = list.length; while (lo < hi) { const mid = (lo + hi) >> 1; if (M.at[list[mid]] < at) lo = mid + 1; else hi = mid; } return lo; }
function visible(lane) {
  return [lower(lane.marks, view.from - lane.longest), lower(lane.marks, view.to + (view.to - view.from) * .002)];
}
const isOf = (i, w) => w < 0 || M.webhooks[i].includes(w);
const kindOf = i => KINDS[data.kinds[M.kind[i]]] || KINDS.note;

function drawLane(g, lane, width) {
  if (lane.top + lane.height - offset < AXIS || lane.top - offset > visibleHeight()) return;
  g.save();
  g.beginPath(); g.rect(GUTTER, lane.top, width - GUTTER, lane.height); g.clip();
  g.font = '11px ' + FONT;
  for (const band of lane.bands) {
    const left = x(band.from), right = x(band.until);
    if (right < GUTTER || left > width) continue;
    const top = bandTop(lane, band), height = band.thin ? THIN : BAND;
    g.fillStyle = colours[BANDS[band.kind] || 'quiet'];
    g.fillRect(left, top, Math.max(right - left - .6, 1), height);
    if (!band.thin) clipText(g, band.label, left, right, top + height / 2 + .5, colours.ink);
  }
  for (const fault of lane.faults) {
    const left = x(fault.from), right = Math.max(x(fault.until), left + 3);
    if (right < GUTTER || left > width) continue;
    const own = lane.index === faultLane, top = own ? lane.top + 5 + fault.row * 17 : lane.top + 1.5, height = own ? 15 : lane.height - 3;
    g.fillStyle = colours.fault; g.globalAlpha = .1; g.fillRect(left, top, right - left, height);
    g.globalAlpha = own ? .8 : .5; g.fillStyle = g.createPattern(hatch, 'repeat'); g.fillRect(left, top, right - left, height);
    g.globalAlpha = .9; g.fillStyle = colours.fault; g.fillRect(left, top, 1.4, height);
    g.globalAlpha = 1;
    if (own) {
      const text = fault.label, wide = g.measureText(text).width, at = Math.max(GUTTER + 4, Math.min(Math.max(left, GUTTER) + 5, width - wide - 10));
      g.fillStyle = colours.ground; g.globalAlpha = .82; g.fillRect(at - 2, top + 1, wide + 5, height - 2); g.globalAlpha = 1;
      g.fillStyle = colours.ink; g.textAlign = 'left'; g.textBaseline = 'middle'; g.fillText(text, at, top + height / 2 + .5);
    }
  }
  const [from, to] = visible(lane);
  if (to - from <= plotWidth() * .55) drawMarks(g, lane, lane.marks.slice(from, to));
  else {
    g.globalAlpha = selected < 0 ? 1 : .25;
    drawDensity(g, lane, from, to);
    g.globalAlpha = 1;
    if (selected >= 0) drawMarks(g, lane, (byWebhook.get(selected) || []).filter(i => M.lane[i] === lane.index));
  }
  g.restore();
}

function drawDensity(g, lane, from, to) {
  const cell = 3, cells = Math.ceil(plotWidth() / cell) + 1, bins = new Map();
  for (let n = from; n < to; n++) {
    const i = lane.marks[n], c = Math.floor((x(M.at[i]) - GUTTER) / cell);
    if (c < 0 || c >= cells) continue;
    let bin = bins.get(c);
    if (!bin) bins.set(c, bin = new Map());
    bin.set(M.kind[i], (bin.get(M.kind[i]) || 0) + 1);
  }
  const top = marksTop(lane), room = lane.top + lane.height - 4 - top;
  let most = 1;
  for (const bin of bins.values()) { let sum = 0; for (const n of bin.values()) sum += n; most = Math.max(most, sum); }
  for (const [c, bin] of bins) {
    let sum = 0;
    for (const n of bin.values()) sum += n;
    let base = top + room;
    const tall = Math.max(4, room * Math.sqrt(sum / most));
    for (const [kind, n] of [...bin].sort((a, b) => a[0] - b[0])) {
      const height = Math.max(1.5, tall * n / sum);
      g.fillStyle = colours[(KINDS[data.kinds[kind]] || KINDS.note)[0]];
      g.fillRect(GUTTER + c * cell, base - height, cell - .4, height);
      base -= height;
    }
  }
}

function drawMarks(g, lane, marks) {
  const step = rowStep(lane), r = Math.max(2.6, Math.min(4.6, step * .42));
  for (const i of marks) {
    const [token, shape] = kindOf(i), colour = colours[token];
    const px = x(M.at[i]), end = x(M.until[i]), py = markY(lane, i);
    const dim = !isOf(i, selected);
    g.globalAlpha = dim ? .13 : 1;
    if (end - px > 1.5) {
      g.globalAlpha *= .5; g.strokeStyle = colour; g.lineWidth = Math.min(3, step * .34);
      g.beginPath(); g.moveTo(px, py); g.lineTo(end, py); g.stroke();
      g.globalAlpha = dim ? .13 : 1;
    }
    if (end > GUTTER - 8 && end < chart.clientWidth + 8) glyph(g, shape, end, py, r, colour);
  }
  g.globalAlpha = 1;
}

function chainPoints() {
  const violation = data.violations[current];
  if (!violation) return [];
  return violation.chain.map((step, n) => {
    const lane = lanes[step.lane];
    const y = step.mark >= 0 ? markY(lane, step.mark) : lane.top + lane.height / 2;
    return {x: x(step.at), y, n};
  });
}

function drawChain(g, width) {
  const points = chainPoints();
  if (!points.length) return;
  g.save();
  g.beginPath(); g.rect(GUTTER, AXIS + offset, width - GUTTER, visibleHeight()); g.clip();
  g.strokeStyle = colours.violation; g.lineWidth = 1.6; g.setLineDash([5, 4]);
  g.beginPath();
  points.forEach((p, n) => {
    if (!n) { g.moveTo(p.x, p.y); return; }
    const q = points[n - 1], bend = Math.min(60, Math.abs(p.x - q.x) * .4);
    g.bezierCurveTo(q.x + bend, q.y, p.x - bend, p.y, p.x, p.y);
  });
  g.stroke(); g.setLineDash([]);
  const placed = [];
  points.forEach((p, n) => {
    const last = n === points.length - 1;
    g.strokeStyle = colours.violation; g.lineWidth = last ? 2.6 : 1.6;
    g.beginPath(); g.arc(p.x, p.y, last ? 12 : 8, 0, 7); g.stroke();
    if (last) { g.lineWidth = 1; g.globalAlpha = .55; g.beginPath(); g.arc(p.x, p.y, 17, 0, 7); g.stroke(); g.globalAlpha = 1; }
    let bx = p.x + (last ? 18 : 13), by = p.y - (last ? 13 : 10);
    for (let tries = 0; tries < 12 && placed.some(o => Math.hypot(o.x - bx, o.y - by) < 15); tries++) bx += 15;
    placed.push({x: bx, y: by});
    g.fillStyle = colours.violation; g.beginPath(); g.arc(bx, by, 7.5, 0, 7); g.fill();
    g.fillStyle = colours.surface; g.font = '650 10px ' + FONT; g.textAlign = 'center'; g.textBaseline = 'middle';
    g.fillText(String(n + 1), bx, by + .5);
  });
  g.restore();
}

const GROUPS = {faults: 'Faults', senders: 'Senders', nodes: 'Nodes', owners: 'Shards', endpoints: 'Endpoints', destinations: 'Destinations', storage: 'Storage'};

function drawLabels(g) {
  g.fillStyle = colours.ground; g.fillRect(0, offset, GUTTER, visibleHeight());
  g.textAlign = 'left';
  for (const lane of lanes) {
    const first = lane.index === 0 || lanes[lane.index - 1].group !== lane.group;
    if (first && lane.index > 0) {
      g.strokeStyle = colours.strong; g.lineWidth = 1; g.beginPath();
      g.moveTo(0, lane.top - 4.5); g.lineTo(chart.clientWidth, lane.top - 4.5); g.stroke();
    }
    const alone = !lanes.some(l => l.group === lane.group && l !== lane);
    const middle = lane.top + Math.min(lane.height / 2, 17);
    g.textBaseline = 'middle';
    if (first) {
      g.font = '650 11px ' + FONT; g.fillStyle = colours.muted;
      g.fillText(GROUPS[lane.group] || lane.group, 12, middle);
    }
    if (lane.name && !(alone && lane.name === lane.group)) {
      g.font = '12px ' + FONT; g.fillStyle = colours.ink;
      const left = 96;
      let text = lane.name;
      while (text.length > 2 && g.measureText(text).width > GUTTER - left - 6) text = text.slice(0, -2) + '…';
      g.fillText(text, left, middle);
    }
  }
  g.strokeStyle = colours.line; g.beginPath(); g.moveTo(GUTTER - .5, offset); g.lineTo(GUTTER - .5, offset + visibleHeight()); g.stroke();
}

function draw() {
  pending = false;
  layOut();
  const width = chart.clientWidth, g = size(chart, visibleHeight());
  g.clearRect(0, 0, width, visibleHeight());
  g.fillStyle = colours.ground; g.fillRect(0, 0, width, visibleHeight());
  g.save(); g.translate(0, -offset);
  lanes.forEach((lane, n) => { if (n % 2 === 0) { g.fillStyle = colours.stripe; g.fillRect(GUTTER, lane.top, width, lane.height); } });
  g.restore();
  drawAxis(g, width);
  g.save(); g.beginPath(); g.rect(0, AXIS, width, visibleHeight()); g.clip(); g.translate(0, -offset);
  for (const lane of lanes) drawLane(g, lane, width);
  const ends = [];
  for (const rule of data.rules) {
    const px = x(rule.at);
    if (px < GUTTER || px > width) continue;
    g.strokeStyle = colours.muted; g.lineWidth = 1; g.setLineDash([2, 3]);
    g.beginPath(); g.moveTo(px, AXIS + offset); g.lineTo(px, offset + visibleHeight()); g.stroke(); g.setLineDash([]);
    g.font = '11px ' + FONT; const wide = g.measureText(rule.label).width, left = px + wide + 12 > width ? px - wide - 6 : px + 5;
    let row = 0;
    while (ends[row] > left - 6) row++;
    ends[row] = left + wide;
    const middle = offset + visibleHeight() - 9 - 15 * row;
    g.fillStyle = colours.ground; g.globalAlpha = .85; g.fillRect(left - 2, middle - 8, wide + 4, 15); g.globalAlpha = 1;
    g.textAlign = 'left'; g.textBaseline = 'middle'; g.fillStyle = colours.muted; g.fillText(rule.label, left, middle);
  }
  drawChain(g, width);
  drawLabels(g);
  if (hovered) drawHover(g);
  g.restore();
  if (contentHeight > visibleHeight() + 1) {
    const room = visibleHeight() - AXIS, tall = Math.max(24, room * room / (contentHeight - AXIS));
    g.fillStyle = colours.strong; g.fillRect(width - 5, AXIS + (room - tall) * offset / (contentHeight - visibleHeight()), 4, tall);
  }
  drawMap();
}

function drawHover(g) {
  if (hovered.mark === undefined || hovered.mark < 0) return;
  const lane = lanes[M.lane[hovered.mark]];
  g.strokeStyle = colours.ink; g.lineWidth = 1.5;
  g.beginPath(); g.arc(x(M.until[hovered.mark]), markY(lane, hovered.mark), 8, 0, 7); g.stroke();
}

function drawMap() {
  const width = map.clientWidth, height = 54, g = size(map, height);
  g.fillStyle = colours.surface; g.fillRect(0, 0, width, height);
  const left = GUTTER, wide = plotWidth(), mx = at => left + (at - whole.from) / (whole.to - whole.from) * wide;
  const bins = new Map(), cell = 3;
  for (let i = 0; i < markCount; i++) {
    const token = kindOf(i)[0], c = Math.floor((mx(M.at[i]) - left) / cell);
    if (!isOf(i, selected)) continue;
    const bin = bins.get(c) || {n: 0, bad: 0};
    bin.n++; if (token === 'failed' || token === 'unknown' || token === 'limited') bin.bad++;
    bins.set(c, bin);
  }
  let most = 1; for (const bin of bins.values()) most = Math.max(most, bin.n);
  for (const fault of data.faults) {
    g.fillStyle = g.createPattern(hatch, 'repeat'); g.globalAlpha = .6;
    g.fillRect(mx(fault.from), 6, Math.max(2, mx(fault.until) - mx(fault.from)), height - 12); g.globalAlpha = 1;
  }
  for (const [c, bin] of bins) {
    const tall = Math.max(2, (height - 16) * Math.sqrt(bin.n / most)), bad = tall * bin.bad / bin.n;
    g.fillStyle = colours.accent; g.globalAlpha = .55; g.fillRect(left + c * cell, height - 6 - tall, cell - .5, tall - bad);
    g.fillStyle = colours.failed; g.globalAlpha = .85; g.fillRect(left + c * cell, height - 6 - bad, cell - .5, bad);
    g.globalAlpha = 1;
  }
  for (const violation of data.violations) {
    g.fillStyle = colours.violation; g.fillRect(mx(violation.at) - 1, 2, 2.5, height - 4);
    g.beginPath(); g.arc(mx(violation.at), 6, 3.5, 0, 7); g.fill();
  }
  const from = mx(view.from), to = mx(view.to);
  g.fillStyle = colours.ground; g.globalAlpha = .66;
  g.fillRect(left, 0, Math.max(0, from - left), height); g.fillRect(to, 0, Math.max(0, left + wide - to), height);
  g.globalAlpha = 1; g.strokeStyle = colours.accent; g.lineWidth = 1.5; g.strokeRect(from, 1.5, Math.max(3, to - from), height - 3);
  g.font = '11px ' + FONT; g.fillStyle = colours.muted; g.textAlign = 'left'; g.textBaseline = 'middle';
  g.fillText('Whole run', 12, height / 2 - 7);
  g.fillText(clock(whole.to - whole.from, 0), 12, height / 2 + 8);
}

function redraw() { if (!pending) { pending = true; requestAnimationFrame(draw); } }

// ---- moving about -------------------------------------------------------------------------------
function look(from, to) {
  const least = .02, most = (whole.to - whole.from) * 1.04;
  let width = Math.max(least, Math.min(most, to - from));
  const middle = (from + to) / 2;
  let start = middle - width / 2;
  const slack = (whole.to - whole.from) * .02;
  start = Math.max(whole.from - slack, Math.min(start, whole.to + slack - width));
  view.from = start; view.to = start + width;
  hovered = null; tip.style.display = 'none';
  redraw();
}
function zoom(factor, around) { look(around - (around - view.from) * factor, around + (view.to - around) * factor); }
function fit() { look(whole.from - (whole.to - whole.from) * .01, whole.to + (whole.to - whole.from) * .01); }
function violate() {
  const violation = data.violations[current];
  if (!violation) return fit();
  const times = violation.chain.map(step => step.at).concat(violation.at);
  const from = Math.min(...times), to = Math.max(...times), pad = Math.max((to - from) * .18, 5);
  look(from - pad, to + pad);
  const tops = violation.chain.map(step => lanes[step.lane].top), bottom = Math.max(...tops) + 40;
  layOut();
  if (bottom - offset > visibleHeight() || Math.min(...tops) - offset < AXIS) offset = Math.max(0, Math.min(Math.min(...tops) - AXIS - 20, contentHeight - visibleHeight()));
}
function goTo(at) {
  const width = Math.min(view.to - view.from, Math.max(2000, (whole.to - whole.from) / 60));
  look(at - width / 2, at + width / 2);
}

chart.addEventListener('wheel', event => {
  event.preventDefault();
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    const by = (event.deltaX || event.deltaY) / plotWidth() * (view.to - view.from); look(view.from + by, view.to + by);
  } else if (event.altKey) { offset += event.deltaY; redraw(); }
  else zoom(Math.exp(event.deltaY * .0016), timeAt(event.offsetX));
}, {passive: false});
let drag = null;
chart.addEventListener('pointerdown', event => {
  chart.setPointerCapture(event.pointerId);
  drag = {x: event.offsetX, y: event.offsetY, from: view.from, to: view.to, offset, moved: false};
});
chart.addEventListener('pointermove', event => {
  if (!drag) return hover(event.offsetX, event.offsetY);
  const dx = event.offsetX - drag.x, dy = event.offsetY - drag.y;
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  drag.moved = true; chart.classList.add('dragging');
  const by = dx / plotWidth() * (drag.to - drag.from);
  offset = drag.offset - dy;
  look(drag.from - by, drag.to - by);
});
chart.addEventListener('pointerup', event => {
  chart.classList.remove('dragging');
  if (drag && !drag.moved) click(event.offsetX, event.offsetY);
  drag = null;
});
chart.addEventListener('pointerleave', () => { if (!drag) { hovered = null; tip.style.display = 'none'; redraw(); } });
chart.addEventListener('dblclick', event => zoom(.35, timeAt(event.offsetX)));
let sliding = false;
const slide = event => {
  const at = whole.from + (event.offsetX - GUTTER) / plotWidth() * (whole.to - whole.from), half = (view.to - view.from) / 2;
  look(at - half, at + half);
};
map.addEventListener('pointerdown', event => { sliding = true; map.setPointerCapture(event.pointerId); slide(event); });
map.addEventListener('pointermove', event => { if (sliding) slide(event); });
map.addEventListener('pointerup', () => { sliding = false; });
addEventListener('keydown', event => {
  if (event.target === $('filter')) { if (event.key === 'Escape') { select(-1); $('filter').blur(); } return; }
  const step = (view.to - view.from) * .2, middle = (view.from + view.to) / 2;
  switch (event.key) {
    case '/': event.preventDefault(); $('filter').focus(); $('filter').select(); break;
    case '+': case '=': zoom(.6, middle); break;
    case '-': zoom(1 / .6, middle); break;
    case 'ArrowLeft': look(view.from - step, view.to - step); break;
    case 'ArrowRight': look(view.from + step, view.to + step); break;
    case 'ArrowUp': offset -= 40; redraw(); break;
    case 'ArrowDown': offset += 40; redraw(); break;
    case '0': fit(); break;
    case 'v': violate(); break;
    case 'Escape': select(-1); break;
    default: return;
  }
});

// ---- pointing at things -------------------------------------------------------------------------
function laneAt(y) { const at = y + offset; return lanes.find(lane => at >= lane.top && at < lane.top + lane.height); }
function markAt(px, y) {
  const lane = laneAt(y);
  if (!lane || px < GUTTER) return -1;
  const [from, to] = visible(lane);
  let best = -1, least = 9;
  for (let n = from; n < to; n++) {
    const i = lane.marks[n];
    if (!isOf(i, selected)) continue;
    const left = x(M.at[i]), right = x(M.until[i]), dx = px < left ? left - px : px > right ? px - right : 0;
    const far = Math.hypot(dx, (y + offset - markY(lane, i)) * .6);
    if (far < least) { least = far; best = i; }
  }
  return best;
}
function say(tag, text, className) { const node = document.createElement(tag); node.textContent = text; if (className) node.className = className; return node; }
function hover(px, y) {
  const lane = laneAt(y), mark = markAt(px, y), at = timeAt(px);
  const lines = [];
  if (mark >= 0) {
    lines.push(say('b', M.text[mark]));
    const took = M.until[mark] - M.at[mark];
    lines.push(say('div', clock(M.at[mark], 3) + (took > 0 ? ', took ' + span(took) : '') + '  ·  ' + kindOf(mark)[2], 'muted'));
    if (M.webhooks[mark].length > 1) lines.push(say('div', M.webhooks[mark].slice(0, 12).map(w => data.webhooks[w]).join(' ') + (M.webhooks[mark].length > 12 ? ' …' : ''), 'muted'));
  } else if (lane && px > GUTTER) {
    for (const band of lane.bands) if (band.from <= at && at <= band.until) lines.push(say('div', band.label + '  ' + clock(band.from, 3) + ' – ' + clock(band.until, 3)));
  }
  if (lane && px > GUTTER) for (const fault of lane.faults)
    if (x(fault.from) - 3 <= px && px <= Math.max(x(fault.until), x(fault.from)) + 3) lines.push(say('div', '▨ ' + fault.label + '  ' + clock(fault.from, 3) + (fault.until > fault.from ? ' – ' + clock(fault.until, 3) : ''), 'muted'));
  hovered = lines.length ? {mark} : null;
  tip.replaceChildren(...lines);
  tip.style.display = lines.length ? 'block' : 'none';
  if (lines.length) {
    const wide = tip.offsetWidth, tall = tip.offsetHeight;
    tip.style.left = Math.min(px + 14, chart.clientWidth - wide - 8) + 'px';
    tip.style.top = (y + 18 + tall > visibleHeight() ? y - tall - 12 : y + 18) + 'px';
  }
  redraw();
}
function click(px, y) {
  const mark = markAt(px, y);
  if (mark < 0) { if (selected >= 0) select(-1); return; }
  const of = M.webhooks[mark];
  if (of.length) select(of.includes(selected) ? of[(of.indexOf(selected) + 1) % of.length] : of[0]);
}
function select(w) {
  selected = w;
  $('filter').value = w < 0 ? '' : data.webhooks[w];
  history.replaceState(null, '', w < 0 ? location.pathname + location.search : '#webhook=' + encodeURIComponent(data.webhooks[w]));
  fillPanel(); redraw();
}
function seek(text) {
  if (!text) return select(-1);
  let w = indexOfWebhook.get(text);
  if (w === undefined) { const at = data.webhooks.findIndex(name => name.startsWith(text)); w = at < 0 ? undefined : at; }
  if (w === undefined) w = data.webhooks.findIndex(name => name.includes(text));
  if (w >= 0) { select(w); live(w); }
}
/** The whole life of a webhook. */
function live(w) {
  const life = byWebhook.get(w) || [];
  if (!life.length) return;
  const from = Math.min(...life.map(i => M.at[i])), to = Math.max(...life.map(i => M.until[i])), pad = Math.max((to - from) * .1, 10);
  look(from - pad, to + pad);
}
$('filter').addEventListener('change', () => seek($('filter').value.trim()));
$('filter').addEventListener('keydown', event => { if (event.key === 'Enter') seek($('filter').value.trim()); });
$('fit').addEventListener('click', fit);
$('violate').addEventListener('click', violate);

// ---- the panel ----------------------------------------------------------------------------------
let current = 0;
function section(title, ...nodes) {
  const node = document.createElement('section'), head = say('h2', title);
  node.append(head, ...nodes);
  return node;
}
function glyphNode(kind) {
  const node = document.createElement('canvas'), ratio = devicePixelRatio || 1;
  node.width = node.height = 16 * ratio; node.className = 'glyph'; node.style.width = node.style.height = '16px';
  const g = node.getContext('2d'), [token, shape] = KINDS[kind] || KINDS.note;
  g.scale(ratio, ratio); glyph(g, shape, 8, 8, 4.6, colours[token]);
  return node;
}
function stepNode(mark, text, when, go) {
  const node = document.createElement('li');
  node.append(mark, say('span', text, 'text'), say('span', when, 'when'));
  node.addEventListener('click', go);
  return node;
}
function violationSection(violation, n) {
  const steps = document.createElement('ol'); steps.className = 'steps';
  violation.chain.forEach((step, i) => {
    const before = i ? step.at - violation.chain[i - 1].at : 0;
    steps.append(stepNode(say('span', String(i + 1), 'number'), step.text, clock(step.at, 6) + '  ·  ' + lanes[step.lane].name + (i ? '  ·  ' + span(before) + ' later' : ''), () => goTo(step.at)));
  });
  const node = section(data.violations.length > 1 ? `Violation ${n + 1} of ${data.violations.length}` : 'Violation',
    say('p', violation.invariant + ' · ' + violation.promise, 'promise'), say('p', violation.sentence, 'sentence'), steps);
  const show = say('button', 'Show'); show.addEventListener('click', () => { current = n; violate(); fillPanel(); });
  node.firstChild.append(show);
  return node;
}
function lifeSection() {
  const steps = document.createElement('ol'); steps.className = 'steps';
  const life = [...byWebhook.get(selected) || []].sort((a, b) => M.at[a] - M.at[b] || a - b);
  const first = life.length ? M.at[life[0]] : 0;
  for (const i of life.slice(0, 300))
    steps.append(stepNode(glyphNode(data.kinds[M.kind[i]]), M.text[i], clock(M.at[i], 3) + '  ·  ' + lanes[M.lane[i]].name + '  ·  +' + span(M.at[i] - first), () => goTo(M.at[i])));
  const node = section('Life of ' + data.webhooks[selected], steps);
  const clear = say('button', 'Clear'); clear.addEventListener('click', () => select(-1));
  node.firstChild.append(clear);
  return node;
}
function factsNode(pairs) {
  const list = document.createElement('dl'); list.className = 'facts';
  for (const [name, value] of pairs) list.append(say('dt', name), say('dd', value));
  return list;
}
function fillPanel() {
  const panel = $('panel'), nodes = [];
  if (selected >= 0) nodes.push(lifeSection());
  data.violations.slice(0, 8).forEach((violation, n) => nodes.push(violationSection(violation, n)));
  if (data.commands.length) nodes.push(section('Again', ...data.commands.map(command => say('pre', command))));
  nodes.push(section('Run', factsNode(data.facts)));
  const faults = document.createElement('ol'); faults.className = 'steps';
  for (const fault of data.faults) {
    const swatch = document.createElement('span'); swatch.className = 'glyph';
    swatch.style.background = `repeating-linear-gradient(135deg, ${colours.fault} 0 2px, transparent 2px 5px)`; swatch.style.height = '12px'; swatch.style.marginTop = '4px';
    faults.append(stepNode(swatch, fault.label, clock(fault.from, 3) + (fault.until > fault.from ? ', for ' + span(fault.until - fault.from) : ''), () => goTo(fault.from)));
  }
  nodes.push(section('Faults', data.faults.length ? faults : say('p', 'None.', 'empty')));
  if (data.options.length) nodes.push(section('Options', factsNode(data.options)));
  nodes.push(section('Moving about', factsNode([['wheel, + −', 'zoom'], ['drag, arrows', 'move; Shift+wheel sideways, Alt+wheel down'],
    ['click', 'follow a webhook'], ['/', 'filter by webhook'], ['0', 'the whole run'], ['v', 'the violation'], ['Esc', 'clear the filter']])));
  panel.replaceChildren(...nodes);
}

// ---- beginning ----------------------------------------------------------------------------------
function begin() {
  readColours();
  const failed = data.violations.length > 0;
  $('verdict').textContent = data.verdict; $('verdict').classList.toggle('failed', failed);
  $('title').textContent = data.title; $('headline').textContent = data.headline; $('headline').title = data.headline;
  $('violate').style.display = failed ? '' : 'none';
  const list = $('webhooks');
  data.webhooks.slice(0, 2000).forEach(name => { const option = document.createElement('option'); option.value = name; list.append(option); });
  const seen = new Set(M.kind);
  const legend = $('legend');
  legend.replaceChildren();
  data.kinds.forEach((kind, n) => {
    if (!seen.has(n)) return;
    const node = say('span', '', 'key'); node.append(glyphNode(kind), (KINDS[kind] || KINDS.note)[2]); legend.append(node);
  });
  for (const [kind, words] of [['closed', 'circuit closed'], ['half-open', 'half-open'], ['open', 'open']]) {
    if (!data.bands.some(band => band.kind === kind)) continue;
    const node = say('span', '', 'key'), swatch = say('span', '');
    swatch.style.cssText = `display:inline-block;width:14px;height:7px;background:${colours[BANDS[kind]]}`;
    node.append(swatch, words); legend.append(node);
  }
  fillPanel();
}
begin();
const asked = new URLSearchParams(location.hash.slice(1));
layOut();
if (asked.get('webhook')) { const w = indexOfWebhook.get(asked.get('webhook')); if (w !== undefined) selected = w; $('filter').value = asked.get('webhook'); fillPanel(); }
if (asked.get('from')) look(Number(asked.get('from')), Number(asked.get('to')));
else if (selected >= 0) live(selected);
else if (data.violations.length && asked.get('view') !== 'whole') violate(); else fit();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { begin(); redraw(); });
new ResizeObserver(draw).observe($('scroll'));
