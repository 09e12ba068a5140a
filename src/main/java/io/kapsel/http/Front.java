package io.kapsel.http;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import org.jspecify.annotations.Nullable;

/** The first handler: gives each path to its owner, and turns work away while draining. */
public final class Front implements Handler {
  private static final int DRAIN_RETRY_SECONDS = 1;

  private final String ingestPrefix;
  private final Handler ingest;
  private final Handler management;
  private final Operations operations;
  private volatile boolean draining;

  /** Health, metrics and the like: answered while draining, too. */
  public interface Operations extends Handler {
    boolean owns(String path);
  }

  /**
   * @param management takes every path that no other handler owns
   */
  public Front(String ingestPrefix, Handler ingest, Handler management, Operations operations) {
    this.ingestPrefix = ingestPrefix;
    this.ingest = ingest;
    this.management = management;
    this.operations = operations;
  }

  /** From now on work is refused with 503, and readiness has to say so. */
  public void startDraining() {
    draining = true;
  }

  public boolean isDraining() {
    return draining;
  }

  @Override
  public Admission admit(RequestHead head, @Nullable String remoteAddress) {
    String path = head.path();
    if (operations.owns(path)) return operations.admit(head, remoteAddress);
    if (draining) {
      var rejection =
          Rejection.of(ErrorCode.SHUTTING_DOWN).withRetryAfterSeconds(DRAIN_RETRY_SECONDS);
      return new Admission.Refuse(ProblemResponse.of(rejection, RequestIds.of(head)).closing());
    }
    return path.startsWith(ingestPrefix)
        ? ingest.admit(head, remoteAddress)
        : management.admit(head, remoteAddress);
  }
}
