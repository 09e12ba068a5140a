package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.List;

/** Makes the requests of a load, one after the other, without garbage. */
sealed interface RequestSource {
  int HEAD_BYTES_MAX = 1_024;

  /**
   * Fills in the next request.
   *
   * @param head cleared; comes back ready to be written
   * @return the variant of the body, -1 for none
   */
  int next(ByteBuffer head);

  /** The body of a variant, a view of its own. */
  ByteBuffer body(int variant);

  /** A route behind which nothing is done. */
  final class Idle implements RequestSource {
    private static final ByteBuffer NO_BODY = ByteBuffer.allocateDirect(0);

    private final byte[] request;

    Idle(String authority) {
      request =
          ("GET /health/live HTTP/1.1\r\nHost: " + authority + "\r\n\r\n").getBytes(ISO_8859_1);
    }

    @Override
    public int next(ByteBuffer head) {
      head.put(request).flip();
      return -1;
    }

    @Override
    public ByteBuffer body(int variant) {
      return NO_BODY;
    }
  }

  /** Signed webhooks to endpoints taken at random. */
  final class Webhooks implements RequestSource {
    private static final String ID_PLACE = "#".repeat(35);
    private static final String SIGNATURE_PLACE = "#".repeat(64);
    private static final String KEY_PLACE = "#".repeat(16);

    private final Bodies bodies;
    private final byte[][] endpoints;
    private final byte[] template;
    private final int idAt;
    private final int signatureAt;
    private final int keyAt;
    private long state = 0x2545F4914F6CDD1DL;
    private long sent;

    /**
     * @param endpoints their ids
     * @param keys whether each webhook carries an idempotency key of its own
     */
    Webhooks(String authority, List<String> endpoints, Bodies bodies, boolean keys) {
      this.bodies = bodies;
      this.endpoints = new byte[endpoints.size()][];
      for (int i = 0; i < endpoints.size(); i++) {
        this.endpoints[i] = endpoints.get(i).getBytes(ISO_8859_1);
        if (this.endpoints[i].length != ID_PLACE.length())
          throw new IllegalArgumentException("not an endpoint's id: " + endpoints.get(i));
      }
      String text =
          "POST /ingest/"
              + ID_PLACE
              + " HTTP/1.1\r\nHost: "
              + authority
              + "\r\nContent-Type: application/json\r\nUser-Agent: kapsel-bench\r\n"
              + "X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256="
              + SIGNATURE_PLACE
              + (keys ? "\r\nX-Idempotency-Key: " + KEY_PLACE : "")
              + "\r\nContent-Length: "
              + bodies.length(0)
              + "\r\n\r\n";
      template = text.getBytes(ISO_8859_1);
      idAt = text.indexOf(ID_PLACE);
      signatureAt = text.indexOf("sha256=") + "sha256=".length();
      keyAt = keys ? text.indexOf("-Key: ") + "-Key: ".length() : -1;
    }

    @Override
    public int next(ByteBuffer head) {
      // Marsaglia's xorshift: cheap, and the same sequence in every run.
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
      int endpoint = (int) ((state >>> 33) % endpoints.length);
      int variant = (int) (sent++ % bodies.count());
      head.put(template);
      head.put(idAt, endpoints[endpoint]);
      head.put(signatureAt, bodies.signature(variant));
      if (keyAt >= 0) putHex(head, keyAt, sent);
      head.flip();
      return variant;
    }

    private static void putHex(ByteBuffer target, int at, long value) {
      for (int i = 0; i < 16; i++)
        target.put(at + i, (byte) Character.forDigit((int) (value >>> (60 - 4 * i)) & 15, 16));
    }

    @Override
    public ByteBuffer body(int variant) {
      return bodies.direct(variant);
    }
  }
}
