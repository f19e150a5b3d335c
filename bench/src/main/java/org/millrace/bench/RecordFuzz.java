package org.millrace.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.trainer.journal.JournalReader;

/**
 * Writes records that no sound program would write to the topics of a run in training: HOST:PORT RUN RECORDS SEED [UNDISTURBED]. Half of them
 * are records of the topic with bytes changed, cut or doubled, the others are JSON of any kind or noise. Afterwards the run must still
 * train, {@code millrace audit} pass, and losses and digests equal those of a run of the same settings that was left alone: with the name
 * of such a run, UNDISTURBED, it compares them for the steps that both have, and ends with 1 where they differ.
 *
 * <p>To {@code <run>.steps} goes only what is no event: a well-formed plan there decides what is trained, no matter who wrote it.
 */
final class RecordFuzz {
    private static final int SAMPLES = 200;
    private static final List<String> JSON = List.of(
            "null",
            "[]",
            "{}",
            "0",
            "\"\"",
            "1e999999999",
            "[".repeat(10_000),
            "{\"type\":\"done\",\"step\":-1}",
            "{\"type\":\"alarm\"}",
            "{\"kind\":\"NONE\"}",
            "{\"version\":9223372036854775807,\"chunks\":2147483647,\"bytes\":9223372036854775807}");

    private RecordFuzz() {}

    public static void main(String[] arguments) throws ExecutionException, InterruptedException {
        KafkaSettings kafka = new KafkaSettings(arguments[0], Map.of());
        RunTopics topics = new RunTopics(arguments[1]);
        int records = Integer.parseInt(arguments[2]);
        Random random = new Random(Long.parseLong(arguments[3]));
        List<String> names = List.of(
                topics.steps(),
                topics.encoders(),
                topics.evaluations(),
                topics.drift(),
                topics.driftOrders(),
                topics.statistics());
        Map<String, List<ConsumerRecord<byte[], byte[]>>> samples = new HashMap<>();
        for (String name : names) {
            samples.put(name, samples(kafka, name));
        }
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            for (int i = 0; i < records; i++) {
                String name = names.get(random.nextInt(names.size()));
                List<ConsumerRecord<byte[], byte[]>> known = samples.getOrDefault(name, List.of());
                boolean changed = !known.isEmpty() && random.nextBoolean();
                byte @Nullable [] key = changed
                        ? known.get(random.nextInt(known.size())).key()
                        : ("9" + random.nextInt(1_000) + (random.nextBoolean() ? "/manifest" : "/0"))
                                .getBytes(StandardCharsets.UTF_8);
                byte @Nullable [] value = changed
                        ? mutated(known.get(random.nextInt(known.size())).value(), random)
                        : invented(random);
                if (name.equals(topics.steps()) && value != null) {
                    value[0] = '#'; // no event, whatever follows
                }
                var sent = producer.send(new ProducerRecord<>(name, 0, key, value));
                if (i % 1_000 == 0) {
                    System.out.println(i + " records, the last at " + sent.get());
                }
            }
        }
        System.out.println(records + " records, seed " + arguments[3]);
        if (arguments.length > 4 && !sameSteps(kafka, arguments[1], arguments[4])) {
            System.exit(1);
        }
    }

    private static boolean sameSteps(KafkaSettings kafka, String run, String undisturbed) {
        Map<Long, String> steps = steps(kafka, run);
        Map<Long, String> others = steps(kafka, undisturbed);
        steps.keySet().retainAll(others.keySet());
        List<Long> different = steps.entrySet().stream()
                .filter(step -> !step.getValue().equals(others.get(step.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        long digests =
                steps.values().stream().filter(step -> !step.endsWith(" ")).count();
        System.out.printf(
                "%s and %s have %d steps in common, %d of them with a digest: %s%n",
                run,
                undisturbed,
                steps.size(),
                digests,
                steps.isEmpty() ? "nothing to compare" : different.isEmpty() ? "all equal" : "different " + different);
        return !steps.isEmpty() && different.isEmpty();
    }

    /** Loss and digest of each step. */
    private static Map<Long, String> steps(KafkaSettings kafka, String run) {
        Map<Long, String> steps = new TreeMap<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, new RunTopics(run)).forEach(0, (event, offset) -> {
                if (event instanceof StepDone done) {
                    steps.put(done.step(), done.loss() + " " + done.digest().orElse(""));
                }
            });
        }
        return steps;
    }

    private static byte[] mutated(byte @Nullable [] value, Random random) {
        byte[] changed = value == null || value.length == 0 ? new byte[1] : value.clone();
        int length = random.nextInt(4) == 0 ? 1 + random.nextInt(changed.length) : changed.length;
        byte[] cut = new byte[length];
        System.arraycopy(changed, 0, cut, 0, length);
        for (int i = random.nextInt(8); i > 0; i--) {
            cut[random.nextInt(length)] = (byte) random.nextInt();
        }
        return cut;
    }

    private static byte @Nullable [] invented(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> null;
            case 1 -> {
                byte[] noise = new byte[1 + random.nextInt(500)];
                random.nextBytes(noise);
                yield noise;
            }
            default -> JSON.get(random.nextInt(JSON.size())).getBytes(StandardCharsets.UTF_8);
        };
    }

    private static List<ConsumerRecord<byte[], byte[]>> samples(KafkaSettings kafka, String topic) {
        var partition = new TopicPartition(topic, 0);
        List<ConsumerRecord<byte[], byte[]>> samples = new ArrayList<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            TopicReader.read(consumer, List.of(partition), record -> {
                if (samples.size() < SAMPLES) {
                    samples.add(record);
                }
            });
        }
        return samples;
    }
}
