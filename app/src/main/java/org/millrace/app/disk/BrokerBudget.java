package org.millrace.app.disk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.Count;
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
    private String said = "";
    private int pause;

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
            said = "";
            return;
        }
        NeededImages needed = NeededImages.of(config, kafka, logs);
        List<Spare> spare = spare(logs, needed);
        long records = spare.stream().mapToLong(Spare::records).sum();
        if (bytes <= budget) {
            say(
                    "near",
                    words(bytes) + ". Above it the oldest images go first that every run has passed, "
                            + Count.of(records, "record") + " now; then nothing."
                            + " Without them replay from step 1 and a full audit cannot read what the run began with.");
        } else if (records == 0) {
            say("stuck", words(bytes) + ", and nothing more may go: " + because(logs, needed) + ". " + advice());
        } else {
            giveUp(logs, spare, bytes);
        }
    }

    /** The oldest records of a partition that nobody needs. */
    private record Spare(TopicPartition partition, ImageLogs.Held held, long to) {
        long records() {
            return to - held.from();
        }

        long bytes() {
            return held.to() == held.from() ? 0 : held.bytes() * records() / (held.to() - held.from());
        }
    }

    private static List<Spare> spare(ImageLogs logs, NeededImages needed) {
        List<Spare> spare = new ArrayList<>();
        logs.held(needed.topics()).forEach((partition, held) -> {
            long from = needed.of(partition).map(NeededImages.Need::from).orElse(0L);
            long to = Math.min(from, held.to());
            if (to > held.from()) {
                spare.add(new Spare(partition, held, to));
            }
        });
        spare.sort(Comparator.comparing(one -> one.partition().toString()));
        return spare;
    }

    // of each partition in proportion to what it can spare
    private void giveUp(ImageLogs logs, List<Spare> spare, long bytes) {
        long wanted = bytes - (long) (NEAR * budget);
        long all = Math.max(1, spare.stream().mapToLong(Spare::bytes).sum());
        long gone = 0;
        for (Spare one : spare) {
            long share = (long) Math.ceil(wanted * ((double) one.bytes() / all));
            long to = Math.min(one.to(), one.held().from() + one.held().records(share));
            if (to > one.held().from()) {
                logs.deleteBefore(one.partition(), to);
                gone += to - one.held().from();
            }
        }
        pause = FREEING_LOOKS;
        said = "";
        words.accept(words(bytes) + ": removed the oldest " + Count.of(gone, "record") + " of "
                + String.join(
                        ", ",
                        spare.stream()
                                .map(one -> one.partition().topic())
                                .distinct()
                                .toList())
                + ", which every run has passed.");
    }

    private static String because(ImageLogs logs, NeededImages needed) {
        if (needed.topics().isEmpty()) {
            return "no run trains its images yet";
        }
        Optional<String> whole = needed.why().values().stream().findFirst();
        return whole.orElseGet(() -> waiting(logs, needed));
    }

    // the partition in which most waits, and for whom
    private static String waiting(ImageLogs logs, NeededImages needed) {
        Map<TopicPartition, ImageLogs.Held> held = logs.held(needed.topics());
        return held.entrySet().stream()
                .max(Comparator.comparingLong(entry -> entry.getValue().bytes()))
                .map(entry -> Count.of(entry.getValue().to() - entry.getValue().from(), "record") + " of "
                        + entry.getKey()
                        + needed.of(entry.getKey())
                                .map(need -> " are needed from offset " + need.from() + " on: " + need.by())
                                .orElse(" are not trained yet"))
                .orElse("the topics of images are empty");
    }

    private static String advice() {
        return "Raise disk.broker-mib, make room by deleting a run that is over (millrace runs delete), or let the trainer catch up.";
    }

    private void say(String kind, String sentence) {
        if (!kind.equals(said)) {
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
