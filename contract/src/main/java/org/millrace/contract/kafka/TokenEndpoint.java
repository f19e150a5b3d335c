package org.millrace.contract.kafka;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The server from which Kafka's clients fetch their OAUTHBEARER tokens. */
final class TokenEndpoint {
    private static final List<String> SETTINGS =
            List.of("sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.jwks.endpoint.url");
    private static final String ALLOWED = "org.apache.kafka.sasl.oauthbearer.allowed.urls";

    private TokenEndpoint() {}

    /**
     * Allows Kafka's clients in this process to ask the servers that their settings name, which they do only where a system property lists
     * them: for programs that take such settings from strangers, and ours come from the operator.
     */
    static synchronized void allow(Map<String, Object> client) {
        String allowed = System.getProperty(ALLOWED, "");
        String wanted = Stream.concat(
                        Arrays.stream(allowed.split(",")),
                        SETTINGS.stream().map(key -> String.valueOf(client.getOrDefault(key, ""))))
                .map(String::strip)
                .filter(url -> !url.isEmpty())
                .distinct()
                .collect(Collectors.joining(","));
        if (!wanted.equals(allowed)) {
            System.setProperty(ALLOWED, wanted);
        }
    }
}
