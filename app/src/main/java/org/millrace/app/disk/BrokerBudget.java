package org.millrace.app.disk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.FolderBytes;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;

/**
 * Keeps the embedded broker's folder within {@code disk.broker-mib}. Above it the oldest images go that nobody {@linkplain NeededImages
 * needs}, down to nine tenths of the budget; nothing else ever goes. Says so before and when it happens, and when it cannot.
 */
public final class BrokerBudget implements Services.Service {
    private static final double NEAR = 0.9;
    private static final double MEBIBYTE = 1 << 20;
    private static final long LOOK_SECONDS = 10;
    /** Looks after which the broker has freed what was deleted. */
    private static final int FREEING_LOOKS = 4;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final long budget;
    private final Path folder;
    private final Consumer<String> words;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private Said said = Said.NOTHING;
    private int pause;

    /** What was said last of a state that goes on. */
    private enum Said {
        NOTHING,
        NEAR,
        STUCK
    }

    /** @param words takes a sentence for people when something changes */
    public BrokerBudget(MillraceConfig config, KafkaSettings kafka, Consumer<String> words) {
        this(config, kafka, config.disk().brokerBytes(), words);
    }

    /** @param budget in bytes */
    BrokerBudget(MillraceConfig config, KafkaSettings kafka, long budget, Consumer<String> words) {
        this.config = config;
        this.kafka = kafka;
        this.budget = budget;
        this.folder = config.run().data().resolve("broker");
        this.words = words;
    }

    @Override
    public void run() {
        try (ImageLogs logs = new ImageLogs(kafka)) {
            do {
                look(logs);
            } while (!stopped.await(LOOK_SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop() {
        stopped.countDown();
    }

    /** Looks once, and gives up what is over the budget. */
    void look(ImageLogs logs) {
        if (pause > 0) { // what went is not freed yet
            pause--;
            return;
        }
        long bytes = FolderBytes.of(folder);
        if (bytes <= NEAR * budget) {
            said = Said.NOTHING;
            return;
        }
        if (bytes <= budget && said == Said.NEAR) {
            return;
        }
        NeededImages needed = NeededImages.of(config, kafka, logs);
        List<Segment> spare = spare(logs, needed);
        if (bytes <= budget) {
            say(
                    Said.NEAR,
                    words(bytes) + ". Above it the oldest images go that every run has passed, " + size(spare)
                            + " now, and nothing else. Replay from step 1 and a full audit cannot read what is gone.");
        } else if (spare.isEmpty()) {
            say(Said.STUCK, words(bytes) + ", and nothing more may go: " + because(logs, needed) + ". " + advice());
        } else {
            giveUp(logs, spare, bytes);
        }
    }

    private static String size(List<Segment> segments) {
        return String.format(
                Locale.ROOT,
                "%.0f MiB",
                segments.stream().mapToLong(Segment::bytes).sum() / MEBIBYTE);
    }

    // of all partitions; the broker frees whole segments only, so nothing goes of one that is needed in part or written
    // to
    private List<Segment> spare(ImageLogs logs, NeededImages needed) {
        List<Segment> spare = new ArrayList<>();
        logs.held(needed.topics()).forEach((partition, held) -> {
            long from = needed.of(partition).map(NeededImages.Need::from).orElse(0L);
            Segment.of(folder, partition).stream()
                    .filter(segment -> segment.to() > held.from()) // others are given up, and not freed yet
                    .filter(segment -> segment.to() <= from)
                    .forEach(spare::add);
        });
        spare.sort(Comparator.comparingLong(Segment::writtenMillis));
        return spare;
    }

    private void giveUp(ImageLogs logs, List<Segment> spare, long bytes) {
        long wanted = bytes - (long) (NEAR * budget);
        List<Segment> gone = new ArrayList<>();
        Map<TopicPartition, Long> cuts = new HashMap<>();
        for (Segment segment : spare) {
            if (wanted > 0) {
                wanted -= segment.bytes();
                gone.add(segment);
                cuts.merge(segment.partition(), segment.to(), Math::max);
            }
        }
        cuts.forEach(logs::deleteBefore);
        pause = FREEING_LOOKS;
        said = Said.NOTHING;
        words.accept(words(bytes) + ": removed the oldest " + size(gone) + " of "
                + gone.stream()
                        .map(segment -> segment.partition().topic())
                        .distinct()
                        .sorted()
                        .collect(Collectors.joining(", "))
                + ", images which every run has passed.");
    }

    private static String because(ImageLogs logs, NeededImages needed) {
        if (needed.topics().isEmpty()) {
            return "no run trains its images yet";
        }
        Optional<String> whole = needed.why().values().stream().findFirst();
        return whole.orElseGet(() -> waiting(logs, needed));
    }

    // the partition with most records, and who holds them
    private static String waiting(ImageLogs logs, NeededImages needed) {
        return logs.held(needed.topics()).entrySet().stream()
                .max(Comparator.comparingLong(
                        entry -> entry.getValue().to() - entry.getValue().from()))
                .map(largest -> largest.getKey() + " has the records from "
                        + largest.getValue().from() + " to "
                        + largest.getValue().to()
                        + needed.of(largest.getKey())
                                .map(need -> ", and those from " + need.from() + " on are needed: " + need.by()
                                        + " (the broker frees whole files, never the one that it writes)")
                                .orElse(", which are not trained yet"))
                .orElse("the topics of images are empty");
    }

    private static String advice() {
        return "Raise disk.broker-mib, make room by deleting a run that is over (millrace runs delete), or let the trainer catch up.";
    }

    private void say(Said kind, String sentence) {
        if (kind != said) {
            said = kind;
            words.accept(sentence);
        }
    }

    private String words(long bytes) {
        return String.format(
                Locale.ROOT,
                "the embedded broker has %.0f of %.0f MiB (disk.broker-mib)",
                bytes / MEBIBYTE,
                budget / MEBIBYTE);
    }
}
