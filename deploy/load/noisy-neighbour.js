// 999 healthy endpoints beside a dead one with a backlog. Run it with BACKLOG=0 and without, and
// compare webhook latency at the receiver.
import { bodies, endpoints, send, steadily } from './kapsel.js';

const made = bodies(1024);
const backlog = Number(__ENV.BACKLOG || 100000);

export const options = {
  setupTimeout: '10m',
  scenarios: Object.assign(
    { healthy: steadily(1000, '60s', { startTime: backlog ? '60s' : '0s', exec: 'healthy' }) },
    backlog
      ? {
          flood: {
            executor: 'shared-iterations',
            vus: 256,
            iterations: backlog,
            maxDuration: '55s',
            exec: 'flood',
          },
        }
      : {},
  ),
};

export function setup() {
  // Port 9 is where nobody listens.
  const dead = endpoints(1, { url: __ENV.DEAD_URL || 'http://127.0.0.1:9/' });
  return { dead, good: endpoints(Number(__ENV.ENDPOINTS || 999)) };
}

export const flood = ({ dead }) => send(dead, made);
export const healthy = ({ good }) => send(good, made);
