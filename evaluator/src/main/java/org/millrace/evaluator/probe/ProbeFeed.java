package org.millrace.evaluator.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.OutsideText;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EvaluatorConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of the probe topic into the probe set, which is kept in a file together with the offsets that it has read up to: it
 * survives restarts and the topic's retention. Not thread safe.
 */
public final class ProbeFeed {
    /** Name of the file in the run's folder. */
    public static final String FILE = "probe-set.bin";

    private static final Logger LOG = LoggerFactory.getLogger(ProbeFeed.class);

    private final EvaluatorConfig config;
    private final Path path;
    private final Predicate<byte[]> decodes;
    private final Map<Refusal, Integer> refusals = new EnumMap<>(Refusal.class);
    private final Map<Integer, Long> nextOffsets = new TreeMap<>();
    private ProbeSet set;
    private boolean changed;

    /** The set of the topic {@code images.probe-topic}. */
    public ProbeFeed(EvaluatorConfig config, Path folder, Predicate<byte[]> decodes) {
        this(config, folder, FILE, decodes);
    }

    /** Loads the set that the folder holds in that file; a damaged file is logged and the set rebuilt from the topic. */
    public ProbeFeed(EvaluatorConfig config, Path folder, String file, Predicate<byte[]> decodes) {
        this.config = config;
        this.path = folder.resolve(file);
        this.decodes = decodes;
        this.set = new ProbeSet(config.probeCapacity(), config.maxClasses());
        load();
    }

    public ProbeSet set() {
        return set;
    }

    /** The next offset of a partition; empty for its beginning. */
    public OptionalLong nextOffset(int partition) {
        Long offset = nextOffsets.get(partition);
        return offset == null ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    /** Empties the set, because its topic has been replaced. */
    public void forget() {
        set = new ProbeSet(config.probeCapacity(), config.maxClasses());
        nextOffsets.clear();
        changed = true;
    }

    /**
     * Takes a record: the id is its key, or else its address; the label header is required; a record without value removes its
     * id. What is refused is counted, and logged the first time.
     */
    public void accept(ConsumerRecord<byte[], byte[]> record) {
        nextOffsets.put(record.partition(), record.offset() + 1);
        changed = true;
        byte[] key = record.key();
        String address = new TopicPartition(record.topic(), record.partition()) + "@" + record.offset();
        String id = key == null
                ? record.topic() + "/" + record.partition() + "/" + record.offset()
                : new String(bounded(key), StandardCharsets.ISO_8859_1);
        if (record.value() == null) {
            set.remove(id);
            return;
        }
        Optional<String> label = ImageHeaders.text(record.headers(), ImageHeaders.LABEL);
        if (label.isEmpty() || label.get().isBlank()) {
            refuse(Refusal.UNLABELLED, address);
            return;
        }
        Optional<String> split = ImageHeaders.text(record.headers(), ImageHeaders.SPLIT);
        if (split.isPresent() && !split.get().matches("train|test")) {
            refuse(Refusal.UNKNOWN_SPLIT, address);
            return;
        }
        Optional<Half> half = split.map(name -> Half.valueOf(name.toUpperCase(Locale.ROOT)));
        ProbeSet.Answer answer =
                set.offer(new ProbeImage(id, label.get(), half, record.timestamp(), record.value()), decodes);
        if (answer == ProbeSet.Answer.UNDECODABLE) {
            refuse(Refusal.UNDECODABLE, address);
        } else if (answer == ProbeSet.Answer.TOO_MANY_CLASSES) {
            refuse(Refusal.TOO_MANY_CLASSES, address);
        }
    }

    /** The key itself, or what stands for one that is longer than an id may be. */
    private static byte[] bounded(byte[] key) {
        return key.length <= OutsideText.MOST_BYTES ? key : OutsideText.of(key).getBytes(StandardCharsets.UTF_8);
    }

    /** Writes the file if a record came since it was last written. */
    public void save() {
        if (!changed) {
            return;
        }
        try {
            new ProbeFile(path)
                    .write(new ProbeFile.Content(
                            config.probeCapacity(), config.maxClasses(), nextOffsets, set.images()));
        } catch (IOException e) {
            throw new UserException(
                    "the probe set could not be written to " + path + ": " + e + "\nFree space there, or choose another"
                            + " folder with --set run.data=FOLDER.",
                    e);
        }
        changed = false;
        LOG.info(
                "probe set: {} images of {} classes{}", set.size(), set.labels().size(), refusalText());
    }

    private void load() {
        ProbeFile file = new ProbeFile(path);
        if (!file.exists()) {
            return;
        }
        try {
            ProbeFile.Content content = file.read();
            content.images().forEach(image -> set.offer(image, decoded -> true));
            if (config.probeCapacity() <= content.capacity() && config.maxClasses() <= content.maxClasses()) {
                nextOffsets.putAll(content.nextOffsets());
            } else {
                LOG.info("the probe set may grow now: reading its topic again from the beginning");
            }
        } catch (IOException e) {
            LOG.warn("the probe set in {} is damaged: {}; it is rebuilt from its topic", path, e.getMessage());
            forget();
        }
    }

    private void refuse(Refusal refusal, String address) {
        if (refusals.merge(refusal, 1, Integer::sum) == 1) {
            LOG.warn("{} is left out of the probe set: {}. Further ones are only counted.", address, refusal.reason);
        }
    }

    private String refusalText() {
        return refusals.isEmpty() ? "" : ", left out: " + refusals;
    }

    private enum Refusal {
        UNLABELLED("it has no header '" + ImageHeaders.LABEL + "'"),
        UNKNOWN_SPLIT("its header '" + ImageHeaders.SPLIT + "' must be train or test"),
        UNDECODABLE("its value is not an image that can be decoded"),
        TOO_MANY_CLASSES("it is of one class more than evaluator.max-classes");

        private final String reason;

        Refusal(String reason) {
            this.reason = reason;
        }
    }
}
