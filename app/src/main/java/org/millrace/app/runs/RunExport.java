package org.millrace.app.runs;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.OutFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.evaluator.anchor.Anchors;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.run.RunLock;

/**
 * A run as one file: a ZIP of its newest whole checkpoint, its stores of keys and of the replay buffer's images, its anchors, and its
 * journal, encoders and evaluations. The run is stopped meanwhile. Drift, which belongs to one broker's images, is not in it. See
 * docs/decisions/0051-a-run-in-an-archive.md.
 */
public final class RunExport {
    private static final int BUFFER = 1 << 16;

    private final Map<String, String> digests = new TreeMap<>();
    private final ZipOutputStream zip;

    private RunExport(ZipOutputStream zip) {
        this.zip = zip;
    }

    /**
     * What was written.
     *
     * @param step of the checkpoint
     * @param bytes of the archive
     */
    public record Written(long step, long bytes) {}

    /** Topics whose records an archive has. */
    static List<String> topics(RunTopics run) {
        return List.of(run.steps(), run.encoders(), run.spaces(), run.evaluations());
    }

    /** Writes the archive, replacing a file that is there; throws {@link UserException} where the run cannot be carried. */
    public static Written write(MillraceConfig config, KafkaSettings kafka, Path file, Clock clock) {
        RunTopics run = config.run().topics();
        if (config.rounds().several()) {
            throw new UserException(
                    "run " + run.run() + " cannot be exported: it is trained by several trainers (rounds.slots="
                            + config.rounds().slots() + ") and its state is on its topics, not in a checkpoint."
                            + "\nExport its encoder with millrace export; a new run can begin with it (encoder.initial-weights).");
        }
        requireStopped(config, kafka, clock);
        if (!Files.isDirectory(config.run().folder())) { // which taking its lock would make
            throw noCheckpoint(config);
        }
        RunLock lock = RunLock.take(config);
        try {
            RunState state = RunFolders.checkpoints(config)
                    .newestWhole(checkpoint -> {})
                    .orElseThrow(() -> noCheckpoint(config))
                    .state();
            try (var zip = new ZipOutputStream(
                    new BufferedOutputStream(Files.newOutputStream(OutFile.aside(file)), BUFFER),
                    StandardCharsets.UTF_8)) {
                zip.setLevel(Deflater.BEST_SPEED); // weights and images hardly shrink
                new RunExport(zip).write(config, kafka, state, clock);
            }
            OutFile.rename(file);
            return new Written(state.step(), Files.size(file));
        } catch (IOException | UncheckedIOException e) {
            throw OutFile.refused(file, e);
        } finally {
            lock.close();
            OutFile.remove(file);
        }
    }

    private static UserException noCheckpoint(MillraceConfig config) {
        return new UserException("run " + config.run().name() + " has no whole checkpoint under "
                + config.run().folder()
                + ".\nExport it on the machine of its trainer, or name its folder with --set run.data=FOLDER.");
    }

    private static void requireStopped(MillraceConfig config, KafkaSettings kafka, Clock clock) {
        RunTopics run = config.run().topics();
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.requireRun(config.run().topics());
        }
        try (BrokerAdmin broker = new BrokerAdmin(kafka)) {
            RunActivity.of(
                            broker,
                            run,
                            config.run().folder(),
                            JournalTail.read(kafka, run).newestMillis(),
                            clock)
                    .trainer()
                    .ifPresent(why -> {
                        throw new UserException("run " + run.run() + " is not exported: " + why
                                + ".\nStop it first; millrace branch copies a run that goes on.");
                    });
        }
    }

    private void write(MillraceConfig config, KafkaSettings kafka, RunState state, Clock clock) throws IOException {
        RunTopics run = config.run().topics();
        long before = 0;
        for (String topic : topics(run)) {
            long counted = records(kafka, topic, state.journalOffset());
            before = topic.equals(run.steps()) ? counted : before;
        }
        Path folder = config.run().folder();
        Path checkpoint = folder.resolve("checkpoints").resolve(String.format("step-%012d", state.step()));
        for (Path part : List.of(
                checkpoint,
                RunFolders.keys(config),
                RunFolders.bank(config),
                RunFolders.images(config),
                folder.resolve(Anchors.FILE))) {
            files(folder, part);
        }
        Optional<String> beside = CheckpointFolder.besides(state);
        if (beside.isPresent()) {
            files(folder, folder.resolve("checkpoints").resolve(beside.get()));
        }
        boolean keyStore = Files.isDirectory(RunFolders.keys(config)) || Files.isDirectory(RunFolders.bank(config));
        var index = new ArchiveIndex(
                ArchiveIndex.FORMAT,
                run.run(),
                state.step(),
                config.images().topic(),
                state.log(),
                before,
                keyStore,
                clock.millis(),
                digests);
        zip.putNextEntry(new ZipEntry(ArchiveIndex.ENTRY));
        zip.write(Json.writePretty(index).getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
    }

    // returns how many records lie before that offset; the ends of transactions have offsets too and are not written
    private long records(KafkaSettings kafka, String topic, long offset) throws IOException {
        long[] before = {0};
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topic).isEmpty()) {
                return 0;
            }
        }
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            entry(ArchiveIndex.TOPICS + topic, out -> {
                DataOutputStream data = new DataOutputStream(out);
                TopicReader.read(consumer, TopicReader.partitions(consumer, topic), record -> {
                    try {
                        ArchivedRecords.write(data, record);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    before[0] += record.offset() < offset ? 1 : 0;
                });
                data.flush();
            });
        }
        return before[0];
    }

    private void files(Path folder, Path part) throws IOException {
        if (!Files.exists(part)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> tree = Files.walk(part)) {
            files = tree.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            entry(ArchiveIndex.STATE + folder.relativize(file), out -> Files.copy(file, out));
        }
    }

    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private void entry(String name, Content content) throws IOException {
        MessageDigest digest = sha256();
        zip.putNextEntry(new ZipEntry(name));
        content.writeTo(new DigestOutputStream(zip, digest)); // not closed: it would close the archive
        zip.closeEntry();
        digests.put(name, HexFormat.of().formatHex(digest.digest()));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("every Java platform has SHA-256", e);
        }
    }
}
