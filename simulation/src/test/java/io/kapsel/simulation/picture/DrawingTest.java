package io.kapsel.simulation.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kapsel.simulation.picture.Timeline.Condition;
import io.kapsel.simulation.picture.Timeline.Group;
import io.kapsel.simulation.picture.Timeline.Kind;
import io.kapsel.simulation.report.SampleRun;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Result;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DrawingTest {
  private static final Result BUSY = SampleRun.busy(7, 50, true);

  private static Timeline draw(Result result) {
    return Drawing.of(result, SampleRun.COMMIT, List.of("./kapsel simulate replay 7"));
  }

  private static long marks(Timeline timeline, Group group, Kind kind) {
    return timeline.marks().stream()
        .filter(mark -> timeline.lanes().get(mark.lane()).group() == group && mark.kind() == kind)
        .count();
  }

  private static <T extends Observation> long seen(Result result, Class<T> type) {
    return result.observations().stream().filter(type::isInstance).count();
  }

  @Test
  void every_attempt_request_and_write_has_its_mark() {
    Timeline timeline = draw(BUSY);
    long attempts =
        timeline.marks().stream()
            .filter(mark -> timeline.lanes().get(mark.lane()).group() == Group.DESTINATIONS)
            .count();
    assertEquals(seen(BUSY, Observation.AttemptSent.class), attempts);
    assertEquals(
        seen(BUSY, Observation.Journaled.class)
            + seen(BUSY, Observation.ContentStored.class)
            + seen(BUSY, Observation.HistoryRecorded.class),
        marks(timeline, Group.STORAGE, Kind.WRITE));
    Set<String> webhooks = new TreeSet<>();
    timeline.marks().forEach(mark -> webhooks.addAll(mark.webhooks()));
    for (int i = 0; i < 50; i++) assertTrue(webhooks.contains("w" + i), "w" + i);
  }

  @Test
  void incarnations_owners_and_circuits_are_bands() {
    Timeline timeline = draw(BUSY);
    List<String> incarnations =
        timeline.bands().stream()
            .filter(band -> band.kind() == Condition.INCARNATION)
            .map(Timeline.Band::label)
            .sorted()
            .toList();
    assertEquals(List.of("n1.1", "n2.1", "n2.2", "n3.1"), incarnations);
    assertEquals(
        2, timeline.bands().stream().filter(band -> band.kind() == Condition.OPEN).count());
    assertTrue(
        timeline.bands().stream()
            .filter(band -> band.label().equals("n2.1"))
            .allMatch(band -> band.untilNanos() == 18_000_000_000L),
        "what lived on a node ends with it");
  }

  @Test
  void faults_lie_over_what_they_befall() {
    Timeline timeline = draw(BUSY);
    assertEquals(
        List.of(
            "crash of n2: n2",
            "destination of e2 answers 500: e2",
            "journal is late, 20 %: journal",
            "partition of n1,n3: n1 n3",
            "wall clock of n3 jumps 90000 ms: n3"),
        timeline.faults().stream()
            .map(
                fault ->
                    fault.label()
                        + ": "
                        + String.join(
                            " ",
                            fault.lanes().stream()
                                .map(lane -> timeline.lanes().get(lane).name())
                                .toList()))
            .toList());
  }

  @Test
  void the_causal_chain_points_at_marks() {
    Timeline timeline = draw(BUSY);
    Timeline.Broken broken = timeline.violations().getFirst();
    assertEquals("S1", broken.invariant());
    assertEquals("no acknowledged webhook is lost", broken.promise());
    assertEquals(4, broken.chain().size());
    for (Timeline.Step step : broken.chain()) {
      assertTrue(step.mark() >= 0, step.text());
      Timeline.Mark mark = timeline.marks().get(step.mark());
      assertEquals(mark.lane(), step.lane());
      assertTrue(
          mark.fromNanos() <= step.atNanos() && step.atNanos() <= mark.untilNanos(), step.text());
    }
  }

  @Test
  void an_attempt_whose_node_dies_stays_unknown() {
    Timeline timeline = draw(SampleRun.lost());
    assertEquals("failed", timeline.verdict());
    assertEquals(1, marks(timeline, Group.SENDERS, Kind.ACCEPTED));
    assertEquals(1, marks(timeline, Group.NODES, Kind.ERROR));
  }

  @Test
  void the_page_is_whole_and_holds_the_data() throws IOException {
    String page = TimelinePage.of(draw(BUSY));
    assertFalse(Pattern.compile("(src|href)=|@import|url\\(").matcher(page).find(), "stands alone");
    assertFalse(page.contains("{{"), "every slot is filled");
    Matcher embedded =
        Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>")
            .matcher(page);
    assertTrue(embedded.find());
    JsonNode data = JsonMapper.builder().build().readTree(embedded.group(1));
    Timeline timeline = draw(BUSY);
    int marks = timeline.marks().size();
    for (String column : List.of("lane", "at", "until", "kind", "webhooks", "text"))
      assertEquals(marks, data.path("marks").path(column).size(), column);
    assertEquals(timeline.bands().size(), data.path("bands").size());
    assertEquals(timeline.lanes().size(), data.path("lanes").size());
    assertEquals(5, data.path("faults").size());
    assertEquals("S1", data.path("violations").path(0).path("invariant").asText());
  }

  @Test
  void text_cannot_end_the_data_early() {
    Timeline timeline = draw(BUSY);
    Timeline hostile =
        new Timeline(
            "failed",
            "</script><b>",
            "</script>",
            List.of(),
            List.of(),
            List.of(),
            1,
            List.of(),
            timeline.lanes(),
            List.of(),
            List.of(),
            List.of(),
            List.of());
    String page = TimelinePage.of(hostile);
    assertEquals(2, page.split("</script>", -1).length - 1);
    assertFalse(page.contains("<b>"));
  }
}
