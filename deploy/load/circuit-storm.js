// Circuits that open: let the receiver fail the first attempts of each webhook (`./kapsel listen --fail-first 3`).
import { bodies, endpoints, send, steadily } from './kapsel.js';

const made = bodies(1024);

export const options = {
  setupTimeout: '10m',
  scenarios: { storm: steadily(1000, '60s') },
  thresholds: { checks: ['rate==1'] },
};

export const setup = () =>
  endpoints(Number(__ENV.ENDPOINTS || 1000), {
    circuit: { open_ms: 1000 },
    retry: { strategy: 'fixed', base_delay_ms: 500, max_attempts: 50 },
  });

export default (ids) => send(ids, made);
