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
import org.millrace.trainer.checkpoint.Folders;

/** A run from an archive that {@link RunExport} wrote, made at a broker and in a data folder: all of it, or nothing. Not thread safe. */
public final class RunImport {
    private static final String UNFINISHED = ".unfinished-";
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
     * Makes the run.
     *
     * @param config with the archive's name of the run
     * @throws UserException where a run of that name exists, or broker or disk refuse
     */
    public void create(MillraceConfig config, KafkaSettings kafka) {
        requireFree(config, kafka);
        Path folder = config.run().folder();
        Path aside = folder.resolveSibling(UNFINISHED + index.run());
        RunTopics run = config.run().topics();
        boolean whole = false;
        boolean topics = false;
        try {
            unpack(aside);
            CheckpointFolder checkpoints = new CheckpointFolder(
                    aside.resolve("checkpoints"), config.trainer().checkpointsKept());
            Checkpoint checkpoint = checkpoints.at(index.step());
            checkpoints.write(checkpoint.withState(checkpoint.state().withJournalOffset(index.journalBefore())));
            topics = true;
            try (TopicSetup setup = new TopicSetup(kafka)) {
                setup.ensureRun(run);
            }
            for (String topic : RunExport.topics(run)) {
                send(config, kafka, topic);
            }
            Folders.flush(aside);
            Folders.rename(aside, folder);
            whole = true;
        } catch (IOException e) {
            throw new UserException(
                    "cannot make run " + index.run() + " under " + folder + ": " + e
                            + ". Is the disk full, or not writable? Nothing was kept.",
                    e);
        } finally {
            if (!whole) {
                undo(topics ? RunExport.topics(run) : List.of(), kafka, aside);
            }
        }
    }

    private void requireFree(MillraceConfig config, KafkaSettings kafka) {
        try (BrokerAdmin broker = new BrokerAdmin(kafka)) {
            RunParts there = RunParts.find(broker, config, config.run().topics());
            if (!there.isEmpty()) {
                throw new UserException("there is a run " + index.run() + " already: topics " + there.topics()
                        + ", groups " + there.groups() + ", folders " + there.folders() + " at "
                        + kafka.bootstrapServers()
                        + ".\nAn imported run keeps its name: import it at another broker, or delete that one first (millrace runs"
                        + " delete " + index.run() + ").");
            }
        }
    }

    private void unpack(Path aside) throws IOException {
        Folders.delete(aside);
        PrivateFolder.make(aside);
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

    private static void undo(List<String> topics, KafkaSettings kafka, Path aside) {
        try (BrokerAdmin broker = new BrokerAdmin(kafka)) {
            Folders.delete(aside);
            broker.deleteTopics(topics);
        } catch (IOException e) {
            throw new UserException("what was made of the run could not be removed: " + e, e);
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
