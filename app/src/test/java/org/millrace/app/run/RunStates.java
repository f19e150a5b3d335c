package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.journal.JournalReader;

/** What runs left on disk and in their journals, for comparison. */
final class RunStates {
    private RunStates() {}

    /** Digests of the files of a run's last checkpoint, and of its dictionary where it has one. */
    static List<String> last(Path run) throws IOException {
        List<String> digests = new ArrayList<>(lastCheckpoint(run));
        if (Files.isDirectory(run.resolve("keys"))) {
            digests.add("keys " + keys(run.resolve("keys")));
        }
        return digests;
    }

    /** Digests of the weights, optimiser and buffer files of a run's last checkpoint, and its share of fresh images. */
    static List<String> lastCheckpoint(Path run) throws IOException {
        List<Path> checkpoints = checkpoints(run);
        Path last = checkpoints.get(checkpoints.size() - 1);
        List<String> digests = new ArrayList<>();
        for (String file : List.of("query.safetensors", "key.safetensors", "optimiser.safetensors", "buffer.bin")) {
            digests.add(last.getFileName() + " " + file + " " + Sha256.of(Files.readAllBytes(last.resolve(file))));
        }
        JsonNode state = Json.read(Files.readAllBytes(last.resolve("state.json")), JsonNode.class);
        digests.add(last.getFileName() + " fresh share " + state.path("freshShare"));
        return digests;
    }

    /** Loss and digest of each step as its journal has them; a step that was computed twice must have given the same. */
    static SortedMap<Long, String> results(KafkaSettings kafka, String run) {
        SortedMap<Long, String> results = new TreeMap<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, new RunTopics(run)).forEach(0, (event, offset) -> {
                if (event instanceof StepDone done) {
                    String result = done.loss() + " " + done.digest().orElse("");
                    assertThat(results.getOrDefault(done.step(), result))
                            .as("step %d of run %s, before it was computed again", done.step(), run)
                            .isEqualTo(result);
                    results.put(done.step(), result);
                }
            });
        }
        return results;
    }

    /** The run's checkpoints, oldest first. */
    static List<Path> checkpoints(Path run) throws IOException {
        Path folder = run.resolve("checkpoints");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(folder)) {
            return folders.filter(path -> path.getFileName().toString().startsWith("step-"))
                    .sorted()
                    .toList();
        }
    }

    private static String keys(Path folder) {
        try (KeyStore store = KeyStore.openReadOnly(folder)) {
            var window = store.newest(Integer.MAX_VALUE);
            StringBuilder text = new StringBuilder();
            for (float value : window.keys()) {
                text.append(Float.floatToRawIntBits(value)).append(' ');
            }
            return store.newestSequence() + " " + window.size() + " "
                    + Sha256.of(text.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
    }
}
