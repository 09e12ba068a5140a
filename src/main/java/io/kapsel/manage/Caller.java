package io.kapsel.manage;

import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.ApiKeys.Scope;
import java.util.Set;

/** Who is calling, by its key. */
sealed interface Caller {
  /** Manages tenants and their keys, and has no endpoints of its own. */
  record Operator() implements Caller {}

  record OfTenant(TenantId tenant, Set<Scope> scopes) implements Caller {
    /** A larger scope holds the smaller ones. */
    boolean has(Scope scope) {
      return scopes.stream().anyMatch(each -> each.compareTo(scope) >= 0);
    }
  }
}
