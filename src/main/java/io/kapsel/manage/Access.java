package io.kapsel.manage;

import io.kapsel.storage.ApiKeys.Scope;

/** Who may call a route. */
enum Access {
  READ,
  WRITE,
  /** A tenant's administrator, or the operator for the tenant that it names. */
  KEYS,
  OPERATOR;

  boolean permits(Caller caller) {
    return switch (caller) {
      case Caller.Operator operator -> this == KEYS || this == OPERATOR;
      case Caller.OfTenant tenant ->
          switch (this) {
            case READ -> tenant.has(Scope.READ);
            case WRITE -> tenant.has(Scope.WRITE);
            case KEYS -> tenant.has(Scope.ADMIN);
            case OPERATOR -> false;
          };
    };
  }

  /** What a caller without access is told. */
  String needed(Caller caller) {
    if (caller instanceof Caller.Operator) {
      return "The operator key manages tenants and their API keys; use an API key of the tenant.";
    }
    return switch (this) {
      case READ -> "The API key needs the scope read.";
      case WRITE -> "The API key needs the scope write.";
      case KEYS -> "The API key needs the scope admin.";
      case OPERATOR -> "Only the operator key manages tenants.";
    };
  }
}
