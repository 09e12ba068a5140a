package io.kapsel.simulation.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A range of seeds, both ends included. */
record Seeds(long first, long last) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,18})(?:\\.\\.(\\d{1,18}))?");

  long count() {
    return last - first + 1;
  }

  /** As many as there are. */
  static Seeds from(long first) {
    return new Seeds(first, Long.MAX_VALUE - 1);
  }

  @Override
  public String toString() {
    if (last == Long.MAX_VALUE - 1) return "from " + first + " on";
    return first == last ? Long.toString(first) : first + ".." + last;
  }

  /** {@code 7} or {@code 1..500}. */
  static final class Converter implements ITypeConverter<Seeds> {
    @Override
    public Seeds convert(String text) {
      Matcher form = FORM.matcher(text);
      if (!form.matches())
        throw new TypeConversionException("seeds look like 7 or 1..500, not '" + text + "'");
      long first = Long.parseLong(form.group(1));
      long last = form.group(2) == null ? first : Long.parseLong(form.group(2));
      if (last < first)
        throw new TypeConversionException("the first seed is after the last: '" + text + "'");
      return new Seeds(first, last);
    }
  }
}
