package org.millrace.trainer.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The small facts of a checkpoint, in its {@code state.json}.
 *
 * @param step after which the state was taken
 * @param nextOffsets of each partition of the topic images
 * @param journalOffset the journal's offset behind the plan of that step
 * @param keySequence keys appended to the dictionary
 * @param bufferOffered images offered to the replay buffer
 * @param published versions of the encoders on the topic that are removed in time, oldest first
 * @param engine what bit-exactness is promised for: library, device, threads
 * @param configuration every key with its value, secrets masked
 * @param takenAtMillis Unix time
 * @param sha256 of each other file in the folder, lower-case hexadecimal
 */
public record RunState(
        int schema,
        String run,
        long step,
        Map<Integer, Long> nextOffsets,
        long imagesTrained,
        long imagesRejected,
        long journalOffset,
        long keySequence,
        long bufferOffered,
        List<Long> published,
        String engine,
        Map<String, String> configuration,
        long takenAtMillis,
        Map<String, String> sha256) {
    public static final int SCHEMA = 1;

    public RunState {
        published = List.copyOf(published);
        nextOffsets = new TreeMap<>(nextOffsets);
        configuration = new TreeMap<>(configuration);
        sha256 = new TreeMap<>(sha256);
    }

    /** The same state as the beginning of another run, whose journal is empty and which has published nothing. */
    public RunState asBeginningOf(String newRun, Map<String, String> newConfiguration, long nowMillis) {
        return new RunState(
                schema,
                newRun,
                step,
                nextOffsets,
                imagesTrained,
                imagesRejected,
                0,
                keySequence,
                bufferOffered,
                List.of(),
                engine,
                newConfiguration,
                nowMillis,
                Map.of());
    }

    RunState withDigests(Map<String, String> digests) {
        return new RunState(
                schema,
                run,
                step,
                nextOffsets,
                imagesTrained,
                imagesRejected,
                journalOffset,
                keySequence,
                bufferOffered,
                published,
                engine,
                configuration,
                takenAtMillis,
                digests);
    }
}
