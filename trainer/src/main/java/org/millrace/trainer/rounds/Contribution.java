package org.millrace.trainer.rounds;

import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.RoundsConfig.Precision;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.KeyBatch;

/**
 * What a slot's steps did to the state that they began with. The changes stay encoded, as a merge holds those of all slots at once.
 *
 * @param query before less after, of the query's parameters, as {@link Change} encodes it
 * @param key the same of the momentum encoder's
 * @param queryStatistics running means and variances after: means, then variances
 * @param keyStatistics the same of the momentum encoder
 * @param keys the newest that the slot made, a batch for each step, oldest first
 */
@SuppressWarnings("ArrayRecordComponent") // numbers in bulk, never compared as a value
record Contribution(
        Account account,
        byte[] query,
        byte[] key,
        float[] queryStatistics,
        float[] keyStatistics,
        List<KeyBatch> keys) {
    private static final int PARTS = 6;

    Contribution {
        keys = List.copyOf(keys);
    }

    /**
     * The small part of a contribution.
     *
     * @param images trained
     * @param rejected that do not decode
     * @param left of the deal, beyond the last whole batch
     * @param steps reports, whose image counts are those of the slot
     * @param keysMade all keys that it made
     */
    record Account(
            long round,
            int slot,
            long images,
            long rejected,
            List<OffsetRange> left,
            List<StepDone> steps,
            long keysMade) {
        Account {
            left = List.copyOf(left);
            steps = List.copyOf(steps);
        }
    }

    /** The file of a contribution: what became of a state's networks. */
    static byte[] file(
            Account account,
            GlobalState before,
            Safetensors query,
            Safetensors key,
            List<KeyBatch> keys,
            Precision precision) {
        FlatWeights queryAfter = FlatWeights.of(query);
        FlatWeights keyAfter = FlatWeights.of(key);
        return Parts.join(
                Json.write(account),
                Change.between(FlatWeights.of(before.query()).parameters(), queryAfter.parameters(), precision),
                Change.between(FlatWeights.of(before.key()).parameters(), keyAfter.parameters(), precision),
                Parts.ofFloats(queryAfter.statistics()),
                Parts.ofFloats(keyAfter.statistics()),
                Parts.ofKeys(keys));
    }

    /** SHA-256 of what was computed: of all parts but the account, whose reports have times. */
    static String bits(byte[] file) {
        List<byte[]> parts = Parts.split(file, PARTS);
        return Sha256.of(Parts.join(parts.subList(1, PARTS).toArray(byte[][]::new)));
    }

    /**
     * Reads a contribution to the round after a state.
     *
     * @throws IllegalArgumentException or {@link java.io.UncheckedIOException} where the bytes are none
     */
    static Contribution parse(byte[] file, GlobalState before, Precision precision) {
        List<byte[]> parts = Parts.split(file, PARTS);
        FlatWeights query = FlatWeights.of(before.query());
        FlatWeights key = FlatWeights.of(before.key());
        return new Contribution(
                Json.read(parts.get(0), Account.class),
                change(parts.get(1), query, precision),
                change(parts.get(2), key, precision),
                statistics(parts.get(3), query),
                statistics(parts.get(4), key),
                Parts.keys(parts.get(5)));
    }

    /** The reports of a round's slots as those of one trainer: slot after slot, with image counts of the whole run. */
    static List<StepDone> steps(GlobalState before, List<Contribution> slots) {
        List<StepDone> steps = new ArrayList<>();
        long trained = before.imagesTrained();
        long rejected = before.imagesRejected();
        for (Contribution slot : slots) {
            for (StepDone step : slot.account().steps()) {
                steps.add(step.after(trained, rejected));
            }
            trained += slot.account().images();
            rejected += slot.account().rejected();
        }
        return steps;
    }

    private static byte[] change(byte[] part, FlatWeights like, Precision precision) {
        var unused = Change.read(part, like.parameters().length, precision); // throws where it is none
        return part;
    }

    private static float[] statistics(byte[] part, FlatWeights like) {
        float[] values = Parts.floats(part);
        if (values.length != 2 * like.means().length) {
            throw new IllegalArgumentException(
                    "it has " + values.length + " running statistics instead of " + 2 * like.means().length);
        }
        return values;
    }
}
