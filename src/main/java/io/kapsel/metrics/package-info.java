/**
 * What an operator watches: counters, gauges and histograms, kept by Kamon and given out in the
 * formats of Prometheus. No metric has a label that grows with tenants, endpoints or webhooks.
 */
@NullMarked
package io.kapsel.metrics;

import org.jspecify.annotations.NullMarked;
