package io.kapsel.core.webhook;

import java.util.ArrayList;
import java.util.List;

/**
 * A signature header that is a list of {@code name=value}, such as {@code t=1,v1=abc} (Stripe) or
 * {@code ts=1;h1=abc} (Paddle). Other names are skipped: providers add schemes over time.
 *
 * @param timestamp the value of the timestamp field, empty when absent
 * @param signatures the values of all signature fields
 * @param ambiguous whether there are two timestamps or too many signatures
 */
record FieldList(String timestamp, List<String> signatures, boolean ambiguous) {

  static FieldList parse(
      String header, String separators, String timestampField, String signatureField) {
    String timestamp = "";
    int timestamps = 0;
    List<String> signatures = new ArrayList<>(2);
    int start = 0;
    for (int i = 0; i <= header.length(); i++) {
      if (i < header.length() && separators.indexOf(header.charAt(i)) < 0) continue;
      int equals = header.indexOf('=', start);
      if (equals >= 0 && equals < i) {
        String name = header.substring(start, equals);
        String value = header.substring(equals + 1, i);
        if (name.equals(signatureField)) {
          if (!value.isEmpty()) signatures.add(value);
        } else if (!timestampField.isEmpty() && name.equals(timestampField)) {
          timestamp = value;
          timestamps++;
        }
      }
      start = i + 1;
    }
    boolean ambiguous = timestamps > 1 || signatures.size() > SignatureVerifier.CANDIDATES_MAX;
    return new FieldList(timestamp, signatures, ambiguous);
  }

  boolean isUsable() {
    return !ambiguous && !signatures.isEmpty();
  }
}
