package io.kapsel.json;

import io.kapsel.core.webhook.ErrorCode;

/**
 * One thing wrong with one field.
 *
 * @param pointer RFC 6901 pointer to the field, empty for the whole document
 * @param detail one sentence; never contains a secret or the value of one
 */
public record Problem(String pointer, ErrorCode code, String detail) {}
