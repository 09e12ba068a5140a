'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const LEFT = 52, RIGHT = 10, TOP = 8, BOTTOM = 20;
const OUTCOMES = [['delivered', 2, 'delivered'], ['limited', 4, 'rate limited'], ['unknown', 5, 'outcome unknown'], ['failed', 3, 'failed']];
const FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif';
let colours = {}, hatch = null, at = -1;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['ground', 'surface', 'ink', 'muted', 'line', 'strong', 'accent', 'delivered', 'failed', 'limited', 'unknown', 'fault',
    'violation', 'closed', 'half', 'open']) colours[name] = style.getPropertyValue('--' + name).trim();
  hatch = document.createElement('canvas');
  hatch.width = hatch.height = 8;
  const g = hatch.getContext('2d');
  g.strokeStyle = colours.fault; g.globalAlpha = .3; g.lineWidth = 1.2;
  for (const d of [-8, 0, 8]) { g.beginPath(); g.moveTo(d, 8); g.lineTo(d + 8, 0); g.stroke(); }
}
function clock(seconds) {
  const s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60);
  if (h) return m ? `${h} h ${String(m).padStart(2, '0')} m` : `${h} h`;
  if (m) return s % 60 ? `${m} m ${String(s % 60).padStart(2, '0')} s` : `${m} m`;
  return seconds < 10 && seconds !== s ? seconds.toFixed(1) + ' s' : s + ' s';
}
function begin(id) {
  const canvas = $(id), ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  const g = canvas.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const wide = width - LEFT - RIGHT, x = seconds => LEFT + seconds / data.end * wide;
  g.fillStyle = g.createPattern(hatch, 'repeat');
  g.fillRect(x(data.downFrom), TOP, x(data.downUntil) - x(data.downFrom), height - TOP - BOTTOM);
  g.font = '11px ' + FONT;
  const step = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400].find(s => s >= data.end / (wide / 105)) || 86400;
  g.textAlign = 'center'; g.textBaseline = 'middle';
  for (let t = 0; t <= data.end; t += step) {
    g.strokeStyle = colours.line; g.beginPath(); g.moveTo(Math.round(x(t)) + .5, TOP); g.lineTo(Math.round(x(t)) + .5, height - BOTTOM); g.stroke();
    g.fillStyle = colours.muted; g.fillText(clock(t), Math.max(LEFT + 4, Math.min(x(t), width - 24)), height - BOTTOM / 2 + 1);
  }
  return {g, width, height, wide, x};
}
function scale(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 2.5, 5, 10].map(n => n * power).find(n => n >= most) || most;
}
function rungs({g, width, height}, top, y, words, given) {
  g.textAlign = 'right'; g.textBaseline = 'middle';
  const whole = given || (Number.isInteger(top / 2) ? [top / 2, top] : [top]);
  for (const value of whole) {
    g.strokeStyle = colours.line; g.beginPath(); g.moveTo(LEFT, y(value)); g.lineTo(width - RIGHT, y(value)); g.stroke();
    g.fillStyle = colours.muted; g.fillText(words(value), LEFT - 7, y(value));
  }
  g.strokeStyle = colours.strong; g.beginPath(); g.moveTo(LEFT, height - BOTTOM + .5); g.lineTo(width - RIGHT, height - BOTTOM + .5); g.stroke();
}
function drawAttempts() {
  const c = begin('attempts'), {g, height, x} = c;
  const top = scale(Math.max(1, ...data.slots.map(s => s[2] + s[3] + s[4] + s[5]))), y = v => height - BOTTOM - Math.sqrt(v / top) * (height - TOP - BOTTOM);
  rungs(c, top, y, v => v.toLocaleString('en'), [top / 100, top / 10, top / 2, top].filter(v => v >= 1 && Number.isInteger(v)));
  data.slots.forEach((slot, n) => {
    let base = 0;
    const left = x(n * data.slot), width = Math.max(1, x((n + 1) * data.slot) - left - .7);
    for (const [token, index] of OUTCOMES) {
      if (!slot[index]) continue;
      g.fillStyle = colours[token];
      g.fillRect(left, y(base + slot[index]), width, y(base) - y(base + slot[index]));
      base += slot[index];
    }
  });
  g.font = '11px ' + FONT; g.textAlign = 'left'; g.textBaseline = 'top';
  const label = 'destination down for ' + clock(data.downUntil - data.downFrom), wide = g.measureText(label).width;
  const px = Math.min(x(data.downFrom) + 5, c.width - RIGHT - wide - 3);
  if (px > LEFT) {
    g.fillStyle = colours.ground; g.globalAlpha = .85; g.fillRect(px - 3, TOP + 3, wide + 6, 16); g.globalAlpha = 1;
    g.fillStyle = colours.ink; g.fillText(label, px, TOP + 6);
  }
  cursor(c);
}
function drawBacklog() {
  const c = begin('backlog'), {g, height, x, width} = c;
  const top = scale(Math.max(1, ...data.slots.map(s => s[6]))), y = v => height - BOTTOM - 9 - v / top * (height - TOP - BOTTOM - 9);
  rungs(c, top, y, v => v.toLocaleString('en'));
  g.beginPath(); g.moveTo(x(0), y(0));
  data.slots.forEach((slot, n) => g.lineTo(x(Math.min(data.end, (n + 1) * data.slot)), y(slot[6])));
  g.lineTo(x(data.end), y(0)); g.closePath();
  g.fillStyle = colours.accent; g.globalAlpha = .18; g.fill(); g.globalAlpha = 1;
  g.beginPath(); g.moveTo(x(0), y(0));
  data.slots.forEach((slot, n) => g.lineTo(x(Math.min(data.end, (n + 1) * data.slot)), y(slot[6])));
  g.strokeStyle = colours.accent; g.lineWidth = 1.8; g.stroke(); g.lineWidth = 1;
  const phases = [[0, 'closed'], ...data.circuit];
  phases.forEach(([from, phase], n) => {
    const until = n + 1 < phases.length ? phases[n + 1][0] : data.end;
    g.fillStyle = colours[{closed: 'closed', open: 'open', 'half-open': 'half'}[phase]];
    g.fillRect(x(from), height - BOTTOM - 6, Math.max(.8, x(until) - x(from)), 5);
  });
  cursor(c);
}
function drawDelays() {
  const c = begin('delays'), {g, height, x, width} = c;
  const rungsAt = [.01, .1, 1, 10, 60, 600, 3600, 21600, 86400], low = .01, most = Math.max(60, ...data.journeys.map(j => j[1]));
  const y = v => height - BOTTOM - Math.log(Math.max(v, low) / low) / Math.log(most * 1.3 / low) * (height - TOP - BOTTOM);
  g.textAlign = 'right'; g.textBaseline = 'middle'; g.font = '11px ' + FONT;
  let last = Infinity;
  for (const v of rungsAt) {
    if (v > most * 1.3 || last - y(v) < 14) continue;
    last = y(v);
    g.strokeStyle = colours.line; g.beginPath(); g.moveTo(LEFT, y(v)); g.lineTo(width - RIGHT, y(v)); g.stroke();
    g.fillStyle = colours.muted; g.fillText(v < 1 ? v * 1000 + ' ms' : clock(v), LEFT - 7, y(v));
  }
  g.globalAlpha = data.journeys.length > 2000 ? .5 : .8;
  for (const [accepted, delay, attempts, delivered] of data.journeys) {
    if (delay < 0) continue;
    g.fillStyle = delivered ? colours.delivered : colours.violation;
    if (delivered) g.fillRect(x(accepted) - 1.3, y(delay) - 1.3, 2.6, 2.6);
    else { g.globalAlpha = 1; g.fillRect(x(accepted) - 2, y(delay) - 2, 4, 4); g.globalAlpha = .8; }
  }
  g.globalAlpha = 1;
  g.strokeStyle = colours.strong; g.beginPath(); g.moveTo(LEFT, height - BOTTOM + .5); g.lineTo(width - RIGHT, height - BOTTOM + .5); g.stroke();
  cursor(c);
}
function cursor({g, height, x}) {
  if (at < 0) return;
  g.strokeStyle = colours.ink; g.globalAlpha = .5; g.beginPath(); g.moveTo(x(at), TOP); g.lineTo(x(at), height - BOTTOM); g.stroke(); g.globalAlpha = 1;
}
function key(holder, token, words) {
  const node = document.createElement('span'), swatch = document.createElement('i');
  swatch.style.background = colours[token]; node.append(swatch, words); $(holder).append(node);
}
function draw() {
  readColours();
  for (const id of ['attempt-keys', 'circuit-keys', 'delay-keys']) $(id).replaceChildren();
  for (const [token, index, words] of OUTCOMES) if (data.slots.some(s => s[index])) key('attempt-keys', token, words);
  if (data.circuit.length) { key('circuit-keys', 'closed', 'circuit closed'); key('circuit-keys', 'half', 'half-open'); key('circuit-keys', 'open', 'open'); }
  key('delay-keys', 'delivered', 'delivered');
  if (data.journeys.some(j => j[1] >= 0 && !j[3])) key('delay-keys', 'violation', 'dead letter');
  drawAttempts(); drawBacklog(); drawDelays();
}
function rows(id, pairs) {
  for (const [name, value, usual] of pairs) {
    const row = document.createElement('tr');
    for (const text of [name, value]) { const cell = document.createElement('td'); cell.textContent = text; row.append(cell); }
    if (usual === false) row.className = 'own';
    $(id).append(row);
  }
}
$('sentence').textContent = data.sentence;
$('under').textContent = 'Simulated with the production endpoint, in virtual time. ' + data.journeys.length.toLocaleString('en') + ' webhooks over ' + clock(data.end) + '; hatched: the outage.';
$('slot').textContent = clock(data.slot);
$('slot').parentNode.firstChild.textContent = 'Attempts in each ' + clock(data.slot) + ' (square-root scale)'; $('slot').remove();
$('command').textContent = data.command;
rows('table', data.table); rows('policy', data.policy);
for (const id of ['attempts', 'backlog', 'delays']) {
  $(id).addEventListener('pointermove', event => {
    const wide = $(id).clientWidth - LEFT - RIGHT, seconds = (event.offsetX - LEFT) / wide * data.end;
    at = seconds >= 0 && seconds <= data.end ? seconds : -1;
    const slot = data.slots[Math.floor(at / data.slot)], tip = $('tip');
    if (at < 0 || !slot) { tip.style.display = 'none'; draw(); return; }
    tip.textContent = [clock(at), `${slot[0]} accepted` + (slot[1] ? `, ${slot[1]} told to come back` : ''),
      ...OUTCOMES.filter(([, index]) => slot[index]).map(([, index, words]) => `${slot[index]} ${words}`), `${slot[6]} waiting`].join('\n');
    tip.style.display = 'block';
    const box = $(id).getBoundingClientRect(), home = document.querySelector('main').getBoundingClientRect();
    tip.style.left = Math.min(box.left - home.left + event.offsetX + 14, home.width - tip.offsetWidth - 12) + 'px';
    tip.style.top = box.top - home.top + 12 + 'px';
    draw();
  });
  $(id).addEventListener('pointerleave', () => { at = -1; $('tip').style.display = 'none'; draw(); });
}
draw();
addEventListener('resize', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
