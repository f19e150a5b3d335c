package org.millrace.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/**
 * Settings and images of runs whose steps take no computing.
 *
 * @param folder for the processes' data
 * @param settings that the user gave
 */
record EmulatedRuns(Path folder, KafkaSettings kafka, List<String> settings) {
    static final int BATCH = 16;
    static final String SMALL = "resnet20";
    private static final int SIDE = 32;

    EmulatedRuns {
        settings = List.copyOf(settings);
    }

    /** Of a process, with a folder of its own. */
    MillraceConfig config(String run, int worker, String architecture, int slots, int steps, int batch) {
        List<String> own = List.of(
                "run.name=" + run,
                "run.data=" + folder.resolve(run + "-" + worker),
                "run.threads=1",
                "rounds.slots=" + slots,
                "rounds.steps=" + steps,
                "encoder.architecture=" + architecture,
                "images.partitions=4",
                "trainer.batch-size=" + batch,
                "trainer.prepare-threads=1",
                "trainer.publish-every-steps=1000000");
        return new ConfigLoader()
                .assignments(Stream.concat(own.stream(), settings.stream()).toList())
                .load();
    }

    /** Sends images enough for every run, which all begin at the first one. */
    void push(int slots, int steps, int rounds) throws IOException {
        MillraceConfig config = config("push", 0, SMALL, slots, steps, BATCH);
        byte[] file = Photographs.jpeg(SIDE, SIDE);
        long count = (rounds + 1L) * slots * (Math.round(1.02 * steps * BATCH) + BATCH + 1);
        try (var topics = new TopicSetup(kafka);
                var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of("batch.size", 1 << 18)))) {
            topics.ensureImages(config.images());
            for (long i = 0; i < count; i++) {
                int partition = (int) (i % config.images().partitions());
                var unused = producer.send(new ProducerRecord<>(config.images().topic(), partition, null, file));
            }
            producer.flush();
        }
    }
}
