package io.kapsel.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.http.RequestHead;
import io.kapsel.json.Problem;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Cursors and queries, whatever a stranger with a key writes into them. */
class ManageParsersProperties {
  private static final InstantSource NOW =
      InstantSource.fixed(Instant.ofEpochSecond(1_800_000_000));
  private static final Cursors CURSORS = new Cursors(new byte[32], NOW);

  private static Call call(String path, String query, long tenant) {
    var head = new RequestHead("GET", path, path, query, "a", false, List.of(), 0, true, false);
    return new Call(
        new Caller.OfTenant(new TenantId(tenant, 1), Set.of()),
        head,
        List.of(),
        Query.parse(query),
        JsonNodeFactory.instance.objectNode(),
        "r");
  }

  @Property
  void a_cursor_opens_for_its_own_call_and_no_other(
      @ForAll long most, @ForAll long least, @ForAll long other) {
    UUID last = new UUID(most, least);
    Call call = call("/v1/events", "status=failed&limit=5", 7);
    String cursor = CURSORS.seal(call, last);
    assertEquals(Optional.of(last), CURSORS.open(call, cursor));
    assertEquals(
        Optional.of(last), CURSORS.open(call("/v1/events", "limit=9&status=failed", 7), cursor));
    assertEquals(Optional.empty(), CURSORS.open(call("/v1/events", "", 7), cursor));
    assertEquals(Optional.empty(), CURSORS.open(call("/v1/endpoints", "status=failed", 7), cursor));
    if (other != 7) {
      Call foreign = call("/v1/events", "status=failed", other);
      assertEquals(Optional.empty(), CURSORS.open(foreign, cursor));
    }
    InstantSource later = InstantSource.fixed(NOW.instant().plusSeconds(86_401));
    assertEquals(Optional.empty(), new Cursors(new byte[32], later).open(call, cursor));
    assertEquals(Optional.empty(), new Cursors(new byte[] {1}, NOW).open(call, cursor));
  }

  @Property
  void any_changed_character_closes_a_cursor(
      @ForAll long id,
      @ForAll @IntRange(min = 0, max = 53) int at,
      @ForAll("characters") char put) {
    Call call = call("/v1/events", "", 7);
    String cursor = CURSORS.seal(call, new UUID(id, id));
    String changed = cursor.substring(0, at) + put + cursor.substring(at + 1);
    if (!changed.equals(cursor)) assertEquals(Optional.empty(), CURSORS.open(call, changed));
    assertEquals(Optional.empty(), CURSORS.open(call, cursor.substring(0, at)));
    assertEquals(Optional.empty(), CURSORS.open(call, cursor + put));
  }

  @Property
  void no_text_is_a_cursor_or_breaks_its_reader(@ForAll String text) {
    assertEquals(Optional.empty(), CURSORS.open(call("/v1/events", "", 7), text));
  }

  @Property
  void any_query_is_read_or_has_problems(@ForAll("queries") String text) {
    Query query = Query.parse(text);
    int limit = query.limit();
    assertTrue(limit >= 1 && limit <= Query.PAGE_MAX);
    assertTrue(query.time("received_after", 0) >= 0);
    query.id("endpoint_id", EndpointId::parse, "ep_…");
    for (Problem problem : query.end()) assertEquals(ErrorCode.INVALID_QUERY, problem.code());
    query.selection();
  }

  @Provide
  Arbitrary<Character> characters() {
    return Arbitraries.chars().with("ABCDEFGHabcdefgh0123456789-_=+/ ".toCharArray());
  }

  @Provide
  Arbitrary<String> queries() {
    Arbitrary<String> piece =
        Arbitraries.of(
            "limit=",
            "cursor=",
            "received_after=",
            "endpoint_id=",
            "&",
            "=",
            "%",
            "%2",
            "%zz",
            "%ff",
            "+",
            "10",
            "0",
            "-1",
            "2026-01-01T00:00:00Z",
            "%00",
            "\u00e9",
            "a");
    return Arbitraries.oneOf(
        piece.list().ofMaxSize(12).map(pieces -> String.join("", pieces)),
        Arbitraries.strings().ofMaxLength(30));
  }
}
