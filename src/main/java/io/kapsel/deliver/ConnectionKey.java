package io.kapsel.deliver;

import io.kapsel.core.webhook.TenantId;

/**
 * What a connection may be used for. The endpoints of one tenant share connections to one place;
 * tenants never do: what a destination writes is only ever read by those who chose it. Nor do
 * endpoints that show different certificates.
 */
record ConnectionKey(
    TenantId tenant,
    boolean secure,
    String host,
    int port,
    boolean allowPrivate,
    TlsIdentity identity) {}
