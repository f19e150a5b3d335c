package org.millrace.app.runs;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.OutFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A run from an archive that {@link RunExport} wrote, made at a broker and in a data folder: all of it, or nothing. Not thread safe. */
public final class RunImport {
    private static final Logger LOG = LoggerFactory.getLogger(RunImport.class);
    private static final int SENT_TOGETHER = 256;

    private final Path file;
    private final ArchiveIndex index;

    private RunImport(Path file, ArchiveIndex index) {
        this.file = file;
        this.index = index;
    }

    /** What the broker at hand means for the run. */
    public enum Images {
        /** The topic of images is the one that the run trained on. */
        SAME,
        /** There is another topic of that name, or the same one of another cluster. */
        OTHER,
        /** There is no such topic. */
        NONE
    }

    /** Reads and verifies the whole archive; throws {@link UserException} where it is none, or damaged. */
    public static RunImport open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new UserException(
                    Files.isDirectory(file)
                            ? file + " is a folder; wanted the archive that millrace runs export wrote."
                            : "there is no file " + file + ".");
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            ZipEntry entry = zip.getEntry(ArchiveIndex.ENTRY);
            if (entry == null) {
                throw new UserException(file + " is no archive of a run: it has no " + ArchiveIndex.ENTRY
                        + ". millrace runs export writes one.");
            }
            byte[] json;
            try (InputStream in = zip.getInputStream(entry)) {
                json = in.readAllBytes();
            }
            ArchiveIndex index = Json.read(json, ArchiveIndex.class);
            if (index.format() > ArchiveIndex.FORMAT) {
                throw new UserException(file + " has format " + index.format() + ", but this release knows "
                        + ArchiveIndex.FORMAT + ". Import it with the release that wrote it, or a newer one.");
            }
            for (Map.Entry<String, String> wanted : index.sha256().entrySet()) {
                verify(file, zip, wanted.getKey(), wanted.getValue());
            }
            return new RunImport(file, index);
        } catch (IOException | java.io.UncheckedIOException | IllegalArgumentException e) {
            throw new UserException(
                    file + " cannot be read as an archive of a run: " + e.getMessage() + ". Is it whole?", e);
        }
    }

    public String run() {
        return index.run();
    }

    public long step() {
        return index.step();
    }

    /** The topic of images that the run trained on. */
    public String imagesTopic() {
        return index.imagesTopic();
    }

    /** Whether that topic is at this broker. */
    public Images images(KafkaSettings kafka) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(index.imagesTopic()).isEmpty()) {
                return Images.NONE;
            }
            LogIdentity here = setup.identity(index.imagesTopic());
            return here.equals(index.log()) ? Images.SAME : Images.OTHER;
        }
    }

    /**
     * Makes the run. What an earlier import of it left that was killed is removed first.
     *
     * @param config with the archive's name of the run
     * @throws UserException where a run of that name exists, or broker or disk refuse
     */
    public void create(MillraceConfig config, KafkaSettings kafka) {
        Path folder = config.run().folder();
        Path aside = ImportFolder.of(folder);
        RunTopics run = config.run().topics();
        boolean again = requireFree(config, kafka, aside);
        boolean whole = false;
        boolean topics = false;
        try (ImportFolder begun = ImportFolder.take(aside)) {
            requireStillFree(config, kafka, begun);
            if (again) {
                LOG.info("an import of run {} was cut short before: what it left is removed", index.run());
                begun.clear();
                deleteTopics(run, kafka);
            }
            try {
                unpack(begun.path());
                CheckpointFolder checkpoints = new CheckpointFolder(
                        aside.resolve("checkpoints"), config.trainer().checkpointsKept());
                Checkpoint checkpoint = checkpoints.at(index.step());
                checkpoints.write(checkpoint.withState(checkpoint.state().withJournalOffset(index.journalBefore())));
                topics = true;
                try (TopicSetup setup = new TopicSetup(kafka)) {
                    setup.ensureRun(run);
                    setup.ensureSpaces(run);
                }
                for (String topic : RunExport.topics(run)) {
                    send(config, kafka, topic);
                }
                begun.become(folder);
                whole = true;
            } finally {
                if (!whole) {
                    if (topics) { // before the folder: it tells the next import whose they are
                        deleteTopics(run, kafka);
                    }
                    begun.remove();
                }
            }
        } catch (IOException e) {
            throw new UserException(
                    "cannot make run " + index.run() + " under " + folder + ": " + OutFile.reason(e)
                            + ". Nothing was kept.",
                    e);
        }
    }

    // returns whether an import that was killed has left parts of the run; topics come after the folder, so they are
    // its own
    private boolean requireFree(MillraceConfig config, KafkaSettings kafka, Path aside) {
        try (BrokerAdmin broker = new BrokerAdmin(kafka)) {
            RunTopics run = config.run().topics();
            RunParts there = RunParts.find(broker, config, run);
            if (there.isEmpty()) {
                return false;
            }
            boolean left = ImportFolder.isBegun(aside)
                    && there.folders().equals(List.of(aside))
                    && there.groups().isEmpty()
                    && RunExport.topics(run).containsAll(there.topics());
            if (!left) {
                throw new UserException("there is a run " + index.run() + " already: " + there.words() + " at "
                        + kafka.bootstrapServers()
                        + ".\nAn imported run keeps its name: import it at another broker, or delete that one first (millrace runs"
                        + " delete " + index.run() + ").");
            }
            return true;
        }
    }

    // another import may have come to its end before this one took the folder
    private void requireStillFree(MillraceConfig config, KafkaSettings kafka, ImportFolder begun) throws IOException {
        try {
            requireFree(config, kafka, begun.path());
        } catch (UserException e) {
            begun.remove();
            throw e;
        }
    }

    private static void deleteTopics(RunTopics run, KafkaSettings kafka) {
        try (BrokerAdmin broker = new BrokerAdmin(kafka)) {
            broker.deleteTopics(RunExport.topics(run));
        }
    }

    private void unpack(Path aside) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (String name : index.sha256().keySet()) {
                if (name.startsWith(ArchiveIndex.STATE)) {
                    Path target = aside.resolve(name.substring(ArchiveIndex.STATE.length()));
                    PrivateFolder.make(Objects.requireNonNull(target.getParent()));
                    try (InputStream in = open(zip, name);
                            OutputStream out = Files.newOutputStream(target)) {
                        in.transferTo(out);
                    }
                }
            }
        }
    }

    // one producer and one partition: the records are numbered from 0, as the index counts them
    private void send(MillraceConfig config, KafkaSettings kafka, String topic) throws IOException {
        String entry = ArchiveIndex.TOPICS + topic;
        if (!index.sha256().containsKey(entry)) {
            return;
        }
        Map<String, Object> needs = Map.of("max.request.size", config.images().maxRecordBytes());
        try (ZipFile zip = new ZipFile(file.toFile());
                var in = new DataInputStream(new BufferedInputStream(open(zip, entry)));
                var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(needs))) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            ArchivedRecords.read(in, topic, record -> {
                sent.add(producer.send(record));
                if (sent.size() == SENT_TOGETHER) {
                    await(topic, sent);
                }
            });
            await(topic, sent);
        }
    }

    private static void await(String topic, List<Future<RecordMetadata>> sent) {
        try {
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
            sent.clear();
        } catch (ExecutionException e) {
            throw new UserException(
                    "the broker did not take a record of " + topic + ": " + BrokerWords.of(e)
                            + ".\nCheck its settings (message.max.bytes) and its user's rights. Nothing was kept.",
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static InputStream open(ZipFile zip, String name) throws IOException {
        return zip.getInputStream(Optional.ofNullable(zip.getEntry(name))
                .orElseThrow(() -> new IOException("the entry " + name + " is missing")));
    }

    private static void verify(Path file, ZipFile zip, String name, String wanted) throws IOException {
        MessageDigest digest = RunExport.sha256();
        try (InputStream in = new DigestInputStream(open(zip, name), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        @Nullable String got = HexFormat.of().formatHex(digest.digest());
        if (!wanted.equals(got)) {
            throw new UserException(file + " is damaged: its entry " + name + " has SHA-256 " + got + " where " + wanted
                    + " was written. Nothing was made of it; take another copy.");
        }
    }
}
