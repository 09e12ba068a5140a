package io.kapsel.simulation.service;

import io.kapsel.core.webhook.Body;
import io.kapsel.simulation.world.Randomness;
import java.nio.charset.StandardCharsets;

/** The bodies that senders send: JSON that names its webhook. */
final class Bodies {
  private static final String BEGIN = "{\"webhook\":\"";

  private Bodies() {}

  static Body of(String webhook, String variant, String lane, int bytesMin) {
    StringBuilder text = new StringBuilder(BEGIN);
    text.append(webhook).append("\",\"lane\":\"").append(lane);
    text.append("\",\"variant\":\"").append(variant).append("\",\"filler\":\"");
    while (text.length() < bytesMin) text.append('x');
    return Body.wrap(text.append("\"}").toString().getBytes(StandardCharsets.UTF_8));
  }

  static String webhookOf(Body body) {
    byte[] bytes = body.unsafeBytes();
    int end = BEGIN.length();
    while (end < bytes.length && bytes[end] != '"') end++;
    return new String(bytes, BEGIN.length(), end - BEGIN.length(), StandardCharsets.UTF_8);
  }

  static long hash(Body body) {
    return Randomness.mix(body.hashCode() * 31L + body.length());
  }
}
