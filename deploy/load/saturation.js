// More than the service takes. Start it with KAPSEL_CONTENT_QUEUED_ROWS_MAX=128: refusals are 503,
// and the latency of what is accepted stays.
import { check } from 'k6';
import { bodies, endpoints, order, send, steadily } from './kapsel.js';

const made = bodies(1024);

export const options = {
  setupTimeout: '10m',
  scenarios: { overload: steadily(20000, '60s') },
  thresholds: { 'checks{kind:refusal}': ['rate==1'] },
};

export function setup() {
  const ids = endpoints(Number(__ENV.ENDPOINTS || 1000));
  order(ids, 'pause');
  return ids;
}

export default function (ids) {
  const answer = send(ids, made);
  check(answer, { '200 or 503': (a) => a.status === 200 || a.status === 503 }, { kind: 'refusal' });
}
