package org.millrace.contract.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.SpaceManifest;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.kafka.Chunks;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;

/** The adapters between feature spaces on a run's topic {@code <run>.spaces} now. */
public final class PublishedSpaces {
    private PublishedSpaces() {}

    /**
     * The adapter from an encoder's features to the space of another version.
     *
     * @param encoder of a version other than the space's
     * @throws UserException where there is none, with the reason
     */
    public static PublishedSpace find(KafkaSettings kafka, RunTopics topics, EncoderManifest encoder, long space) {
        Optional<SpaceScores> scores = PublishedEvaluations.read(kafka, topics).all().stream()
                .filter(evaluation -> evaluation.version() == encoder.version())
                .flatMap(evaluation -> evaluation.scoresIn(space).stream())
                .findFirst();
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.spaces()).isEmpty()) {
                throw none(topics, encoder.version(), space, scores, "none at all");
            }
        }
        try (var consumer =
                new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of("allow.auto.create.topics", "false")))) {
            return find(consumer, topics, encoder, space, scores);
        }
    }

    static PublishedSpace find(
            Consumer<byte[], byte[]> consumer,
            RunTopics topics,
            EncoderManifest encoder,
            long space,
            Optional<SpaceScores> scores) {
        var wanted = new SpaceRecords.Pair(encoder.version(), space);
        Found found = new Found(wanted);
        TopicReader.read(consumer, TopicReader.partitions(consumer, topics.spaces()), found::accept);
        SpaceManifest manifest = found.manifests.get(wanted.toString());
        if (manifest == null) {
            throw none(topics, wanted.from(), space, scores, words(found.manifests));
        }
        if (!manifest.encoderSha256().equals(encoder.sha256())) {
            throw new UserException("the adapter from encoder " + wanted.from() + " of run " + topics.run()
                    + " to the space of encoder " + space
                    + " belongs to another encoder of that version: the run was started over.\nScore its encoders"
                    + " again: millrace evaluate.");
        }
        return new PublishedSpace(manifest, found.file(topics, manifest));
    }

    private static UserException none(
            RunTopics topics, long from, long space, Optional<SpaceScores> scores, String present) {
        String why = scores.flatMap(SpaceScores::refused)
                .map(refused -> " has no adapter to the space of encoder " + space + ": " + refused)
                .orElse(" has no adapter to the space of encoder " + space + "; there are " + present
                        + " on the topic " + topics.spaces()
                        + "\nAdapters come with the scores of an encoder (millrace evaluate), to evaluator.pinned-version"
                        + " and evaluator.spaces.");
        return new UserException("encoder " + from + " of run " + topics.run() + why);
    }

    private static String words(Map<String, SpaceManifest> manifests) {
        return manifests.isEmpty()
                ? "none"
                : manifests.values().stream()
                        .map(manifest -> manifest.from() + " to " + manifest.to())
                        .collect(Collectors.joining(", "));
    }

    /** What was found on the topic: every manifest, and the chunks of one adapter. Not thread safe. */
    private static final class Found {
        private final SpaceRecords.Pair wanted;
        private final TreeMap<String, SpaceManifest> manifests = new TreeMap<>();
        private final Map<Integer, byte[]> chunks = new HashMap<>();
        private final RecordReader<SpaceManifest> records = RecordReader.ofJson(SpaceManifest.class);

        Found(SpaceRecords.Pair wanted) {
            this.wanted = wanted;
        }

        void accept(ConsumerRecord<byte[], byte[]> record) {
            Optional<SpaceRecords.Key> key = SpaceRecords.key(record.key());
            if (key.isEmpty()) {
                records.leaveOut(record, "its key is not <from>-<to>/<index> or <from>-<to>/manifest");
                return;
            }
            String pair = key.get().pair().toString();
            if (!key.get().isManifest()) {
                if (key.get().pair().equals(wanted)) {
                    chunks.compute(key.get().chunk().getAsInt(), (index, old) -> record.value());
                }
            } else if (record.value() == null) {
                manifests.remove(pair);
            } else {
                records.read(record)
                        .filter(manifest -> pair.equals(manifest.from() + "-" + manifest.to()))
                        .ifPresent(manifest -> manifests.put(pair, manifest));
            }
        }

        byte[] file(RunTopics topics, SpaceManifest manifest) {
            List<byte[]> pieces = new ArrayList<>();
            for (int i = 0; i < manifest.chunks(); i++) {
                byte[] chunk = chunks.get(i);
                if (chunk == null) {
                    throw damaged(topics, manifest, "chunk " + i + " of " + manifest.chunks() + " is missing");
                }
                pieces.add(chunk);
            }
            byte[] file = Chunks.joined(pieces);
            if (file.length != manifest.bytes() || !Sha256.of(file).equals(manifest.sha256())) {
                throw damaged(topics, manifest, "the SHA-256 of its chunks is not the manifest's");
            }
            return file;
        }

        private static UserException damaged(RunTopics topics, SpaceManifest manifest, String why) {
            return new UserException("the adapter from encoder " + manifest.from() + " to the space of encoder "
                    + manifest.to() + " on the topic " + topics.spaces() + " cannot be used: " + why
                    + "\nTake another encoder, or the space of another one.");
        }
    }
}
