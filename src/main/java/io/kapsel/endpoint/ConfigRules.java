package io.kapsel.endpoint;

import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.SignatureSettings;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The rules about a configuration's values that depend on how the service is set up. Each answers
 * what is wrong, in one sentence that does not contain the value.
 *
 * @param url the URL and whether it may be private
 * @param signature what else speaks against a signature's settings
 */
public record ConfigRules(
    BiFunction<String, Boolean, Optional<Rejection>> url,
    Function<SignatureSettings, Optional<String>> signature) {}
