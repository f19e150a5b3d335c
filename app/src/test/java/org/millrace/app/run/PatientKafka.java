package org.millrace.app.run;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.millrace.contract.kafka.KafkaSettings;

/** Clients of a test's broker: on a busy machine it is slow for longer than people would wait, and only a hang takes five minutes. */
public final class PatientKafka {
    private static final Map<String, String> SETTINGS = Map.of(
            "admin.default.api.timeout.ms", "300000",
            "producer.delivery.timeout.ms", "300000");

    private PatientKafka() {}

    public static KafkaSettings at(String broker) {
        return at(broker, Map.of());
    }

    /** With further settings, which come first. */
    public static KafkaSettings at(String broker, Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(SETTINGS);
        all.putAll(more);
        return new KafkaSettings(broker, all);
    }

    /** The same as assignments to a configuration. */
    static Stream<String> assignments() {
        return SETTINGS.entrySet().stream().map(entry -> "kafka." + entry.getKey() + "=" + entry.getValue());
    }
}
