package org.millrace.trainer.run;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyProvenance;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.keystore.KeyWindow;
import org.millrace.keystore.Memory;
import org.millrace.keystore.MemoryBankSettings;
import org.millrace.trainer.checkpoint.RunState;

/** What a run remembers of past images: on disk, on the heap, and as it was at a checkpoint. */
public final class RunMemory {
    private RunMemory() {}

    /** The run's dictionary or memory bank on disk, or an empty one on the heap for an objective without. */
    public static Memory open(MillraceConfig config) {
        return switch (config.trainer().objective().remembers()) {
            case KEYS -> keySettings(config).open(RunFolders.keys(config));
            case ROWS -> bankSettings(config).open(RunFolders.bank(config));
            case NOTHING -> openOnHeap(config);
        };
    }

    /** An empty memory of the same kind on the heap. */
    public static Memory openOnHeap(MillraceConfig config) {
        return switch (config.trainer().objective().remembers()) {
            case KEYS, NOTHING -> keySettings(config).openInMemory();
            case ROWS -> bankSettings(config).openInMemory();
        };
    }

    /** Whether the run's objective keeps a dictionary of keys on disk. */
    static boolean hasDictionary(MillraceConfig config) {
        return config.trainer().objective().remembers() == TrainerConfig.Remembers.KEYS;
    }

    static KeyStoreSettings keySettings(MillraceConfig config) {
        return new KeyStoreSettings(
                config.images().topic(), config.head().output(), config.moco().queueSize());
    }

    private static MemoryBankSettings bankSettings(MillraceConfig config) {
        return new MemoryBankSettings(
                config.images().topic(),
                config.head().output(),
                config.memoryBank().capacity());
    }

    /**
     * The dictionary as it was at that state, read beside the run's trainer: its keys oldest first, a batch for each step. Empty for an
     * objective without.
     *
     * @throws IllegalArgumentException where the key store lacks some of them
     */
    public static List<KeyBatch> dictionary(MillraceConfig config, RunState state) {
        if (!hasDictionary(config)) {
            return List.of();
        }
        long last = state.keySequence();
        int wanted = (int) Math.min(config.moco().queueSize(), last);
        try (KeyStore store = KeyStore.openReadOnly(RunFolders.keys(config))) {
            long ahead = store.newestSequence() - last;
            check(ahead >= 0, "it needs key %d, but the key store ends at key %d", last, store.newestSequence());
            KeyWindow window = store.newest(Math.toIntExact(wanted + ahead));
            long lacking = wanted + ahead - window.size();
            check(lacking == 0, "the key store has released %d of the keys that it needs", lacking);
            return batches(window, wanted);
        }
    }

    /** Puts a dictionary into an empty store, under the numbers that it had. */
    public static void fill(KeyStore store, List<KeyBatch> dictionary, long newestSequence) {
        store.beginAfter(
                newestSequence - dictionary.stream().mapToLong(KeyBatch::size).sum());
        dictionary.forEach(store::append);
    }

    /** The newest keys of a dictionary, oldest first, a batch for each step: {@code count} of them, or as many as there are. */
    public static List<KeyBatch> newest(KeyStore store, int count) {
        KeyWindow window = store.newest(count);
        return batches(window, window.size());
    }

    // the oldest keys of the window, as the steps that encoded them appended them
    private static List<KeyBatch> batches(KeyWindow window, int count) {
        List<KeyBatch> batches = new ArrayList<>();
        int dimension = window.dimension();
        List<KeyProvenance> provenance = window.provenance();
        int from = 0;
        while (from < count) {
            long step = provenance.get(from).step();
            int to = from;
            while (to < count && provenance.get(to).step() == step) {
                to++;
            }
            float[] rows = Arrays.copyOfRange(window.keys(), from * dimension, to * dimension);
            List<KeyProvenance> ofStep = provenance.subList(from, to);
            batches.add(new KeyBatch(
                    step,
                    dimension,
                    rows,
                    ofStep.stream().map(KeyProvenance::image).toList(),
                    ofStep.stream().map(KeyProvenance::segment).toList()));
            from = to;
        }
        return batches;
    }
}
