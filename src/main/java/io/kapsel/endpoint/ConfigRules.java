package io.kapsel.endpoint;

import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The rules about a configuration's values that belong to other packages. Each answers what is
 * wrong, in one sentence that does not contain the value.
 *
 * @param url the URL and whether it may be private
 * @param jsonPath an RFC 9535 path
 * @param secret a secret that verifies what the scheme's senders sign
 * @param signingSecret a secret that signs deliveries
 * @param signature what else speaks against a signature's settings
 */
public record ConfigRules(
    BiFunction<String, Boolean, Optional<Rejection>> url,
    Function<String, Optional<String>> jsonPath,
    BiFunction<Scheme, String, Optional<String>> secret,
    Function<String, Optional<String>> signingSecret,
    Function<SignatureSettings, Optional<String>> signature) {}
