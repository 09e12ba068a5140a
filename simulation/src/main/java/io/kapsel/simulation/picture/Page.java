package io.kapsel.simulation.picture;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page made of a template, a style, a script and its data, with nothing outside it. */
final class Page {
  private static final Pattern SLOT = Pattern.compile("\\{\\{([a-z]+)}}");

  private Page() {}

  /**
   * @param name of the template and of its script
   */
  static String of(String name, String title, JsonNode data) {
    Map<String, String> slots = new TreeMap<>();
    slots.put("title", escape(title));
    slots.put("look", resource("look.css"));
    slots.put("script", resource(name + ".js"));
    // Inside a script element only "</" could end the data early; it cannot occur any more.
    slots.put("data", data.toString().replace("<", "\\u003c"));
    return SLOT.matcher(resource(name + ".html"))
        .replaceAll(slot -> Matcher.quoteReplacement(slots.getOrDefault(slot.group(1), "")));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) throw new IllegalStateException("no resource " + name);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
