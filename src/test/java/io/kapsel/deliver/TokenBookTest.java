package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.kapsel.core.endpoint.DestinationAuth.ClientCredentials;
import io.kapsel.core.endpoint.DestinationAuth.Placement;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.deliver.TokenRequest.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenBookTest {
  private final List<CompletableFuture<Answer>> requests = new ArrayList<>();
  private long nowNanos;
  private final TokenBook book =
      new TokenBook(
          key -> {
            CompletableFuture<Answer> request = new CompletableFuture<>();
            requests.add(request);
            return request;
          },
          () -> nowNanos);

  private static TokenBook.Key key(long tenant) {
    return new TokenBook.Key(
        new TenantId(0, tenant),
        new ClientCredentials(
            "https://issuer.example/", "id", new Secret("secret"), "", "", Placement.HEADER),
        false);
  }

  private static Answer.Token token(String value, long usableMillis) {
    return new Answer.Token(value, usableMillis);
  }

  private void ask(long tenant) {
    var unused = book.token(key(tenant));
  }

  private void after(long millis) {
    nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void a_token_is_used_until_shortly_before_it_expires() {
    ask(1);
    requests.getFirst().complete(token("a", 270_000));
    after(269_999);
    assertEquals(token("a", 270_000), book.token(key(1)).resultNow());
    after(1);
    assertFalse(book.token(key(1)).isDone());
    assertEquals(2, requests.size());
  }

  @Test
  void who_asks_meanwhile_waits_for_the_same_request() {
    var first = book.token(key(1));
    after(60_000);
    var second = book.token(key(1));
    assertEquals(1, requests.size());
    requests.getFirst().complete(token("a", 1_000));
    assertEquals(first.resultNow(), second.resultNow());
  }

  @Test
  void tenants_never_share_a_token() {
    ask(1);
    ask(2);
    assertEquals(2, requests.size());
  }

  @Test
  void a_failure_is_remembered_for_a_moment() {
    ask(1);
    requests.getFirst().complete(new Answer.Failed(OutcomeRules.tokenNotInTime()));
    after(999);
    ask(1);
    assertEquals(1, requests.size());
    after(1);
    ask(1);
    assertEquals(2, requests.size());
  }

  @Test
  void only_the_token_that_was_refused_is_given_up() {
    ask(1);
    requests.getFirst().complete(token("a", 60_000));
    book.reject(key(1), token("older", 60_000));
    assertEquals(token("a", 60_000), book.token(key(1)).resultNow());
    book.reject(key(1), token("a", 60_000));
    ask(1);
    assertEquals(2, requests.size());
    book.reject(key(1), token("a", 60_000));
    ask(1);
    assertEquals(2, requests.size());
  }

  @ParameterizedTest
  @CsvSource({
    "',\"expires_in\":3600', 3570000",
    "',\"expires_in\":\"3600\"', 3570000",
    "',\"expires_in\":60', 54000",
    "',\"expires_in\":0', 0",
    "',\"expires_in\":-5', 0",
    "',\"expires_in\":1e300', 86370000",
    "',\"expires_in\":999999999999', 86370000",
    "',\"expires_in\":\"soon\"', 270000",
    "',\"expires_in\":null', 270000",
    "'', 270000"
  })
  void the_lifetime_is_what_the_server_says_within_reason(String more, long usableMillis) {
    String json = "{\"access_token\":\"a\",\"token_type\":\"bearer\"" + more + "}";
    assertEquals(token("a", usableMillis), TokenRequest.answer(Outcome.delivered(200, json)));
  }
}
