// Acceptance alone: the endpoints are paused. ENDPOINTS, BODY_BYTES, KEYS=true, RATE, DURATION.
import { bodies, endpoints, order, send, steadily } from './kapsel.js';

const made = bodies(Number(__ENV.BODY_BYTES || 1024));
const key = __ENV.KEYS === 'true';

export const options = {
  setupTimeout: '10m',
  scenarios: { ingest: steadily(10000, '60s') },
  thresholds: { 'http_req_duration{name:ingest}': ['p(99)<50'], checks: ['rate==1'] },
};

export function setup() {
  const ids = endpoints(Number(__ENV.ENDPOINTS || 1000));
  order(ids, 'pause');
  return ids;
}

export default (ids) => send(ids, made, { key });
