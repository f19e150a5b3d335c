package org.millrace.trainer.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.EngineWords;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.trainer.stream.FreshShareContent;
import org.millrace.trainer.stream.StreamPosition;

/**
 * The small facts of a checkpoint, in its {@code state.json}.
 *
 * @param step after which the state was taken
 * @param nextOffsets of each partition of the topic images
 * @param leaderEpochs of the last image taken of each partition, where the broker reported one
 * @param log the topic images that these offsets belong to
 * @param journalOffset the journal's offset behind the plan of that step
 * @param keySequence keys appended to the dictionary
 * @param bufferOffered images offered to the replay buffer
 * @param freshShare the share of fresh images in a batch, where the replay buffer has tiers
 * @param published versions of the encoders on the topic that are removed in time, oldest first
 * @param engine what bit-exactness is promised for: library, device, threads
 * @param configuration every key with its value, secrets masked
 * @param configurationDigest SHA-256 of that: equal where every key has the same value
 * @param takenAtMillis Unix time
 * @param sha256 of each other file in the folder, lower-case hexadecimal
 */
public record RunState(
        int schema,
        String run,
        long step,
        Map<Integer, Long> nextOffsets,
        Map<Integer, Integer> leaderEpochs,
        LogIdentity log,
        long imagesTrained,
        long imagesRejected,
        long journalOffset,
        long keySequence,
        long bufferOffered,
        Optional<FreshShareContent> freshShare,
        List<Long> published,
        String engine,
        Map<String, String> configuration,
        String configurationDigest,
        long takenAtMillis,
        Map<String, String> sha256) {
    public static final int SCHEMA = 2;

    public RunState {
        published = List.copyOf(published);
        nextOffsets = new TreeMap<>(nextOffsets);
        leaderEpochs = new TreeMap<>(leaderEpochs);
        engine = EngineWords.read(engine);
        configuration = new TreeMap<>(configuration);
        sha256 = new TreeMap<>(sha256);
    }

    /** SHA-256 over a configuration's keys, ascending, with their values; lower-case hexadecimal. */
    public static String digest(Map<String, String> configuration) {
        return Sha256.of(Json.write(new TreeMap<>(configuration)));
    }

    /** How far the run had come in its stream. */
    public StreamPosition position() {
        return new StreamPosition(step, nextOffsets, leaderEpochs, imagesTrained, imagesRejected);
    }

    /** The same state as the beginning of another run, whose journal is empty and which has published nothing. */
    public RunState asBeginningOf(String newRun, Map<String, String> newConfiguration, long nowMillis) {
        return new RunState(
                schema,
                newRun,
                step,
                nextOffsets,
                leaderEpochs,
                log,
                imagesTrained,
                imagesRejected,
                0,
                keySequence,
                bufferOffered,
                freshShare,
                List.of(),
                engine,
                newConfiguration,
                digest(newConfiguration),
                nowMillis,
                Map.of());
    }

    /** The same state, of a journal that was copied: the offset behind the plan of its step is another one there. */
    public RunState withJournalOffset(long offset) {
        return with(offset, sha256);
    }

    RunState withDigests(Map<String, String> digests) {
        return with(journalOffset, digests);
    }

    private RunState with(long offset, Map<String, String> digests) {
        return new RunState(
                schema,
                run,
                step,
                nextOffsets,
                leaderEpochs,
                log,
                imagesTrained,
                imagesRejected,
                offset,
                keySequence,
                bufferOffered,
                freshShare,
                published,
                engine,
                configuration,
                configurationDigest,
                takenAtMillis,
                digests);
    }
}
