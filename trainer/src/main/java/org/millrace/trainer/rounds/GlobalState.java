package org.millrace.trainer.rounds;

import java.util.List;
import java.util.Map;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.KeyBatch;

/**
 * All that a run of several trainers is between two rounds; equal digests mean equal bits.
 *
 * @param round that comes next, from 0
 * @param step number of the last step so far
 * @param imagesTrained images of the stream trained so far, each counted once
 * @param imagesRejected images refused so far
 * @param supply what of the stream is still to be dealt
 * @param query weights of the learning network with its buffers
 * @param key weights of the momentum encoder, or what else the objective carries from step to step
 * @param outer momentum of the outer step, as long as the query's parameters; empty before the first
 * @param dictionary the newest keys, oldest first
 * @param keySequence keys made so far
 */
@SuppressWarnings("ArrayRecordComponent") // numbers in bulk, compared by their digest
record GlobalState(
        long round,
        long step,
        long imagesTrained,
        long imagesRejected,
        Supply supply,
        Safetensors query,
        Safetensors key,
        float[] outer,
        List<KeyBatch> dictionary,
        long keySequence) {
    private static final int PARTS = 5;

    GlobalState {
        dictionary = List.copyOf(dictionary);
    }

    private record Header(
            long round,
            long step,
            long imagesTrained,
            long imagesRejected,
            Map<Integer, Long> nextOffsets,
            List<OffsetRange> left,
            long keySequence) {}

    /** As a file, which depends on nothing else. */
    byte[] toBytes() {
        var header = new Header(
                round, step, imagesTrained, imagesRejected, supply.nextOffsets(), supply.left(), keySequence);
        return Parts.join(
                Json.write(header), query.toBytes(), key.toBytes(), Parts.ofFloats(outer), Parts.ofKeys(dictionary));
    }

    /** Throws {@link IllegalArgumentException} or {@link java.io.UncheckedIOException} where the bytes are no such file. */
    static GlobalState parse(byte[] file) {
        List<byte[]> parts = Parts.split(file, PARTS);
        Header header = Json.read(parts.get(0), Header.class);
        return new GlobalState(
                header.round(),
                header.step(),
                header.imagesTrained(),
                header.imagesRejected(),
                new Supply(header.nextOffsets(), header.left()),
                Safetensors.parse(parts.get(1)),
                Safetensors.parse(parts.get(2)),
                Parts.floats(parts.get(3)),
                Parts.keys(parts.get(4)),
                header.keySequence());
    }

    /** SHA-256 of {@link #toBytes}. */
    String digest() {
        return Sha256.of(toBytes());
    }
}
