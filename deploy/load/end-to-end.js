// Accepted and delivered, to the receiver at RECEIVER_URL; when the load has ended, nothing may wait.
import { check, sleep } from 'k6';
import http from 'k6/http';
import { bodies, endpoints, send, steadily, url } from './kapsel.js';

const made = bodies(1024);

export const options = {
  setupTimeout: '10m',
  scenarios: { load: steadily(4000, '60s') },
  thresholds: { 'http_req_duration{name:ingest}': ['p(99)<100'], checks: ['rate==1'] },
};

export const setup = () => endpoints(Number(__ENV.ENDPOINTS || 1000));

export default (ids) => send(ids, made);

export function teardown() {
  sleep(5);
  const depth = /^kapsel_queue_depth(?:\{[^}]*\})? ([0-9.eE+]+)/m.exec(http.get(`${url}/metrics`).body);
  check(depth, { 'the queues are empty': (found) => found && Number(found[1]) === 0 });
}
