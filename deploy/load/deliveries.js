// A backlog for slow receivers: queued while paused, then let go. Watch worker_pool_in_use and
// webhook_delivery_attempts_total; let the receiver take 300 ms (`./kapsel listen --delay 300ms`).
import { bodies, endpoints, order, send } from './kapsel.js';

const made = bodies(1024);

export const options = {
  setupTimeout: '10m',
  teardownTimeout: '10m',
  scenarios: {
    queue: {
      executor: 'shared-iterations',
      vus: 256,
      iterations: Number(__ENV.BACKLOG || 50000),
      maxDuration: '10m',
    },
  },
};

export function setup() {
  const ids = endpoints(Number(__ENV.ENDPOINTS || 200));
  order(ids, 'pause');
  return ids;
}

export default (ids) => send(ids, made);

export const teardown = (ids) => order(ids, 'resume');
