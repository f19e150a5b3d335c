package org.millrace.contract.registry;

import java.time.Clock;
import java.util.TreeSet;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.EncoderRevocation.State;
import org.millrace.contract.kafka.KafkaSettings;

/** The operator's word that an encoder must not be used, or may be again, as an event on {@code <run>.evaluations}. */
public final class EncoderRevocations {
    private EncoderRevocations() {}

    /**
     * Revokes a version; the broker has the returned event.
     *
     * @throws UserException where there is no such version, or it is revoked already
     */
    public static EncoderRevocation revoke(
            KafkaSettings kafka, RunTopics topics, long version, String reason, Clock clock) {
        Standings standings = PublishedEvaluations.read(kafka, topics).standings();
        TreeSet<Long> there = new TreeSet<>();
        PublishedEncoders.all(kafka, topics).stream()
                .map(EncoderManifest::version)
                .forEach(there::add);
        if (!there.contains(version) && !standings.isScored(version)) {
            throw new UserException("run " + topics.run() + " has no encoder " + version + " on the topic "
                    + topics.encoders() + ", and none was scored; there are " + (there.isEmpty() ? "none" : there));
        }
        if (standings.isRevoked(version)) {
            throw new UserException("encoder " + version + " of run " + topics.run() + " is revoked already");
        }
        return send(kafka, topics, version, State.REVOKED, reason, clock);
    }

    /** Takes a revocation back; throws {@link UserException} where that version is not revoked. */
    public static void reinstate(KafkaSettings kafka, RunTopics topics, long version, String reason, Clock clock) {
        Standings standings = PublishedEvaluations.read(kafka, topics).standings();
        if (!standings.isRevoked(version)) {
            throw new UserException("encoder " + version + " of run " + topics.run() + " is not revoked\nRevoked: "
                    + (standings.revoked().isEmpty()
                            ? "none"
                            : standings.revoked().keySet())
                    + ".");
        }
        send(kafka, topics, version, State.REINSTATED, reason, clock);
    }

    private static EncoderRevocation send(
            KafkaSettings kafka, RunTopics topics, long version, State state, String reason, Clock clock) {
        var event =
                new EncoderRevocation(EncoderRevocation.SCHEMA, topics.run(), version, state, reason, clock.millis());
        EncoderAcceptance.send(
                kafka,
                topics,
                event,
                "that encoder " + version + " is " + state.name().toLowerCase(java.util.Locale.ROOT));
        return event;
    }
}
