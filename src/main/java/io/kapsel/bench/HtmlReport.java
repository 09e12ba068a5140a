package io.kapsel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The results as one page that needs nothing else. */
final class HtmlReport {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 180;
  private static final int LEFT = 56;
  private static final int BOTTOM = 22;
  private static final int TOP = 10;
  private static final int GRID_LINES = 4;

  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Kapsel bench</title>
      <style>
      :root { color-scheme: light dark; --ink: #1b1f24; --faint: #6b7480; --rule: #d8dee4;
        --paper: #fff; --a: #0b62c4; --b: #c2410c; --c: #6b7480; --good: #1a7f37; --bad: #b3261e; }
      @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9aa4b0;
        --rule: #30363d; --paper: #0d1117; --a: #58a6ff; --b: #f0883e; --c: #9aa4b0;
        --good: #56d364; --bad: #ff7b72; } }
      body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
        max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.5rem; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--rule);
        padding-top: 1rem; } .faint { color: var(--faint); }
      table { border-collapse: collapse; margin: 1rem 0; }
      td, th { padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }
      td.number { text-align: right; font-variant-numeric: tabular-nums; }
      .met { color: var(--good); } .missed, .wrong { color: var(--bad); font-weight: 600; }
      figure { margin: 1rem 1.5rem 1rem 0; display: inline-block; vertical-align: top;
        width: min(100%, 34rem); }
      figcaption { font-weight: 600; } svg { width: 100%; height: auto; }
      svg text { font: 11px system-ui, sans-serif; fill: var(--faint); }
      svg .grid { stroke: var(--rule); } svg path { fill: none; stroke-width: 1.6; }
      .l0 { stroke: var(--a); } .l1 { stroke: var(--b); } .l2 { stroke: var(--c); }
      .k0 { color: var(--a); } .k1 { color: var(--b); } .k2 { color: var(--c); }
      </style></head><body>
      """;

  private HtmlReport() {}

  static void write(Path file, Machine machine, List<Result> results) throws IOException {
    Files.writeString(file, page(machine, results));
  }

  static String page(Machine machine, List<Result> results) {
    var page = new StringBuilder(HEAD);
    page.append("<h1>Kapsel bench</h1>\n<p class=\"faint\">")
        .append(escaped(machine.processor()))
        .append(", ")
        .append(machine.cores())
        .append(" cores, ")
        .append(machine.memoryMib())
        .append(" MiB, ")
        .append(escaped(machine.system()))
        .append("<br>")
        .append(escaped(machine.jdk()))
        .append("<br>Kapsel ")
        .append(escaped(machine.kapsel()))
        .append(" at ")
        .append(escaped(machine.commit()))
        .append(", ")
        .append(escaped(machine.measuredAt()))
        .append("</p>\n");
    for (Result result : results) section(page, result);
    return page.append("</body></html>\n").toString();
  }

  private static void section(StringBuilder page, Result result) {
    page.append("<h2>").append(escaped(result.scenario())).append("</h2>\n<p>");
    page.append(escaped(result.description())).append("</p>\n<p class=\"faint\">");
    result
        .settings()
        .forEach(
            (name, value) ->
                page.append(escaped(name)).append(" = ").append(escaped(value)).append("<br>"));
    page.append("</p>\n<table>\n");
    for (Result.Figure figure : result.figures()) {
      page.append("<tr><td>").append(escaped(figure.name())).append("</td><td class=\"number\">");
      page.append(TextReport.number(figure.value())).append("</td><td>");
      page.append(escaped(figure.unit())).append("</td><td class=\"faint\">");
      page.append(escaped(figure.spread())).append("</td><td class=\"faint\">");
      page.append(escaped(figure.target().toString())).append("</td>");
      boolean bound = !(figure.target() instanceof Result.Target.None);
      String verdict = figure.isMissed() ? "missed" : "met";
      if (bound) page.append("<td class=\"" + verdict + "\">").append(verdict).append("</td>");
      page.append("</tr>\n");
    }
    page.append("</table>\n<ul>\n");
    for (Result.Check check : result.checks())
      page.append(check.holds() ? "<li class=\"met\">" : "<li class=\"wrong\">WRONG: ")
          .append(escaped(check.what()))
          .append(check.detail().isEmpty() ? "" : ": " + escaped(check.detail()))
          .append("</li>\n");
    page.append("</ul>\n");
    for (Result.Chart chart : result.charts()) chart(page, chart);
  }

  private static void chart(StringBuilder page, Result.Chart chart) {
    int seconds = 0;
    double most = 0;
    for (Result.Line line : chart.lines()) {
      seconds = Math.max(seconds, line.values().size());
      for (double value : line.values()) most = Math.max(most, value);
    }
    if (seconds < 2) return;
    double top = roundedUp(most);
    page.append("<figure><figcaption>").append(escaped(chart.title())).append(" (");
    page.append(escaped(chart.unit())).append(")</figcaption>\n");
    page.append(
        String.format(Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT));
    for (int i = 0; i <= GRID_LINES; i++) {
      double y = y(top * i / GRID_LINES, top);
      page.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT,
              WIDTH,
              y,
              y,
              LEFT - 6,
              y + 4,
              TextReport.number(top * i / GRID_LINES)));
    }
    page.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\">0 s</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d s"
                + "</text>",
            LEFT,
            HEIGHT - 6,
            WIDTH,
            HEIGHT - 6,
            seconds));
    for (int i = 0; i < chart.lines().size(); i++)
      path(page, chart.lines().get(i), i, seconds, top);
    page.append("</svg><br>\n");
    for (int i = 0; i < chart.lines().size(); i++)
      page.append("<span class=\"k" + i + "\">■ ")
          .append(escaped(chart.lines().get(i).label()))
          .append("</span> ");
    page.append("</figure>\n");
  }

  private static void path(
      StringBuilder page, Result.Line line, int index, int seconds, double top) {
    page.append("<path class=\"l" + index + "\" d=\"");
    for (int i = 0; i < line.values().size(); i++)
      page.append(
          String.format(
              Locale.ROOT,
              "%s%.1f %.1f",
              i == 0 ? "M" : "L",
              LEFT + (WIDTH - LEFT) * (double) i / (seconds - 1),
              y(line.values().get(i), top)));
    page.append("\"/>");
  }

  private static double y(double value, double top) {
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top;
  }

  /** To one of 1, 2, 4 and 8 times a power of ten. */
  static double roundedUp(double value) {
    if (value <= 0) return 1;
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    for (double step : new double[] {1, 2, 4, 8}) if (value <= step * power) return step * power;
    return 10 * power;
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
