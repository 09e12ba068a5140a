package io.kapsel.bench;

import java.util.Locale;

/** What can be measured. */
enum Scenario {
  INGEST("signed webhooks of 1 KB for many endpoints, acknowledged but not delivered"),
  INGEST_HOT("signed webhooks of 1 KB, all for one endpoint"),
  INGEST_KEYS("signed webhooks of 1 KB, each with an idempotency key"),
  INGEST_64K("signed webhooks of 64 KB"),
  INGEST_10M("signed webhooks of 10 MiB"),
  END_TO_END("accepted, delivered to receivers that take 5 ms, and in history"),
  END_TO_END_SLOW("accepted, delivered to receivers that take 200 ms, and in history"),
  DELIVERIES("a backlog for receivers that take 300 ms, 1,000 attempts at a time"),
  NOISY_NEIGHBOUR("healthy endpoints without and with a dead one that has a backlog"),
  CIRCUIT_STORM("destinations that work and fail in turns of two seconds"),
  SATURATION("more load than the service takes, and a database that stalls"),
  SOAK("memory, disk and the cost of a webhook over a million of them"),
  MEMORY("what idle, active and full endpoints hold in memory"),
  RECOVERY("kill -9 under load, and an endpoint with 100,000 webhooks waiting"),
  MANY_ENDPOINTS("CPU per webhook over many endpoints, against over 100"),
  START("from the start of the process to its first answer and to its full speed");

  private final String description;

  Scenario(String description) {
    this.description = description;
  }

  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String description() {
    return description;
  }
}
