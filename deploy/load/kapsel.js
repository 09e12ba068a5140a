// What the k6 scripts here share. k6 has no receiver: give one with RECEIVER_URL, for example
// `./kapsel listen`, reachable from Kapsel.
import { check } from 'k6';
import crypto from 'k6/crypto';
import http from 'k6/http';

export const url = __ENV.KAPSEL_URL || 'http://127.0.0.1:8080';
const apiKey = __ENV.KAPSEL_API_KEY;
const receiver = __ENV.RECEIVER_URL || 'http://127.0.0.1:9000/';
const secret = 'bench-secret-of-no-importance';

const management = {
  headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
};

const run = Date.now().toString(36);
let created = 0;

/** Creates endpoints that check GitHub's signature; answers their ids. */
export function endpoints(count, settings = {}) {
  if (!apiKey) throw new Error('KAPSEL_API_KEY is missing');
  const ids = [];
  for (let i = 0; i < count; i++) {
    const endpoint = Object.assign(
      { name: `load ${run} ${++created}`, url: receiver, signature: { scheme: 'github', secrets: [secret] } },
      settings,
    );
    const answer = http.post(`${url}/v1/endpoints`, JSON.stringify(endpoint), management);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
    ids.push(answer.json('id'));
  }
  return ids;
}

/** Orders such as `pause`, to each of them. */
export function order(ids, name) {
  for (const id of ids) http.post(`${url}/v1/endpoints/${id}/${name}`, null, management);
}

/** Signed bodies of one size, made once for each virtual user. */
export function bodies(bytes, count = 16) {
  return Array.from({ length: count }, (_, number) => {
    const start = `{"variant":"${number}","type":"invoice.paid","data":"`;
    const body = `${start}${'x'.repeat(Math.max(0, bytes - start.length - 2))}"}`;
    return { body, signature: crypto.hmac('sha256', secret, body, 'hex') };
  });
}

/** Sends one webhook to one of the endpoints. */
export function send(ids, made, { key = false } = {}) {
  const chosen = made[Math.floor(Math.random() * made.length)];
  const headers = {
    'Content-Type': 'application/json',
    'X-GitHub-Event': 'push',
    'X-Hub-Signature-256': `sha256=${chosen.signature}`,
  };
  if (key) headers['X-Idempotency-Key'] = `${__VU}-${__ITER}-${Date.now()}`;
  const id = ids[Math.floor(Math.random() * ids.length)];
  const answer = http.post(`${url}/ingest/${id}`, chosen.body, { headers, tags: { name: 'ingest' } });
  check(answer, { acknowledged: (a) => a.status === 200 });
  return answer;
}

/** A load that is meant to start by the clock, whatever the answers do. */
export function steadily(perSecond, duration, more = {}) {
  return Object.assign(
    {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE || perSecond),
      timeUnit: '1s',
      duration: __ENV.DURATION || duration,
      preAllocatedVUs: 256,
      maxVUs: 4096,
    },
    more,
  );
}
