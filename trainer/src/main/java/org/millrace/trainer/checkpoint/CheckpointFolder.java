package org.millrace.trainer.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Json;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.keystore.image.FileKey;
import org.millrace.trainer.gate.GateContent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run, a folder each. A folder is written under another name, flushed, and renamed, so one that bears its name is
 * whole; the digests in its {@code state.json}, and that file's own in {@code state.sha256}, find what was damaged later. Not thread
 * safe.
 */
public final class CheckpointFolder {
    private static final Logger log = LoggerFactory.getLogger(CheckpointFolder.class);
    private static final String PREFIX = "step-";
    private static final String FORMER = ".former-";
    private static final String UNFINISHED = ".unfinished-";
    private static final String STATE = "state.json";
    private static final String STATE_DIGEST = "state.sha256";
    private static final String QUERY = "query.safetensors";
    private static final String KEY = "key.safetensors";
    private static final String OPTIMISER = "optimiser.safetensors";
    private static final String BUFFER = "buffer.bin";
    private static final String TEACHER = "teacher.safetensors"; // of a run with a guard
    private static final String GATE = "gate.bin"; // where there is anything to remember

    private final Path folder;
    private final int kept;

    /** @param kept how many of the newest stay */
    public CheckpointFolder(Path folder, int kept) {
        this.folder = folder;
        this.kept = kept;
    }

    /** Writes a checkpoint and removes those that are no longer kept. It is durable on return. */
    public void write(Checkpoint checkpoint) {
        writeAside(checkpoint);
        name(checkpoint);
    }

    /** Writes the files of a checkpoint, which does not count before it is {@linkplain #name named}. */
    public void writeAside(Checkpoint checkpoint) {
        requireNumbers(checkpoint, QUERY, checkpoint.query());
        requireNumbers(checkpoint, KEY, checkpoint.key());
        requireNumbers(checkpoint, OPTIMISER, checkpoint.optimiser());
        checkpoint.teacher().ifPresent(teacher -> requireNumbers(checkpoint, TEACHER, teacher));
        try {
            PrivateFolder.make(folder);
            Path aside = aside(checkpoint);
            Folders.delete(aside);
            PrivateFolder.make(aside);
            Map<String, byte[]> files = new LinkedHashMap<>();
            files.put(QUERY, checkpoint.query().toBytes());
            files.put(KEY, checkpoint.key().toBytes());
            files.put(OPTIMISER, checkpoint.optimiser().toBytes());
            files.put(BUFFER, BufferFile.write(checkpoint.buffer()));
            if (!checkpoint.gate().sources().isEmpty()) {
                files.put(GATE, GateFile.write(checkpoint.gate()));
            }
            checkpoint.teacher().ifPresent(teacher -> files.put(TEACHER, teacher.toBytes()));
            Map<String, String> digests = new LinkedHashMap<>();
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                flushed(aside.resolve(file.getKey()), file.getValue());
                digests.put(file.getKey(), Sha256.of(file.getValue()));
            }
            byte[] state =
                    Json.writePretty(checkpoint.state().withDigests(digests)).getBytes(StandardCharsets.UTF_8);
            flushed(aside.resolve(STATE), state);
            flushed(aside.resolve(STATE_DIGEST), Sha256.of(state).getBytes(StandardCharsets.UTF_8));
            Folders.flush(aside);
        } catch (IOException e) {
            throw cannotWrite(checkpoint, e);
        }
    }

    private void requireNumbers(Checkpoint checkpoint, String name, Safetensors file) {
        file.wrongValue().ifPresent(wrong -> {
            throw new UserException("no checkpoint of step "
                    + checkpoint.state().step() + " is written under " + folder
                    + ": " + name + ": " + wrong + ". Training diverged: lower optimiser.learning-rate or lengthen"
                    + " optimiser.warmup-steps, and start a new run. The checkpoints before it are whole.");
        });
    }

    /** Gives a checkpoint that was {@linkplain #writeAside written aside} its name, and removes those that are no longer kept. */
    public void name(Checkpoint checkpoint) {
        try {
            Path target = folder.resolve(name(checkpoint.state().step()));
            Path former = folder.resolve(FORMER + target.getFileName());
            Folders.delete(former);
            if (Files.exists(target)) {
                Folders.rename(target, former);
            }
            Folders.rename(aside(checkpoint), target);
            Folders.delete(former);
            for (Path old : names().stream().skip(kept).toList()) {
                Folders.delete(old);
            }
        } catch (IOException e) {
            throw cannotWrite(checkpoint, e);
        }
    }

    private Path aside(Checkpoint checkpoint) {
        return folder.resolve(UNFINISHED + name(checkpoint.state().step()));
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e instanceof FileSystemException named && named.getReason() != null
                ? named.getReason()
                : String.valueOf(e.getMessage());
    }

    private UserException cannotWrite(Checkpoint checkpoint, IOException e) {
        return new UserException(
                "cannot write a checkpoint of step " + checkpoint.state().step() + " under " + folder + ": "
                        + reason(e)
                        + ". Is the disk full, or not writable? The checkpoints before it are whole: the run goes on from"
                        + " the newest when it is started again.",
                e);
    }

    /**
     * The newest checkpoint that is whole; damaged ones before it are named in the log.
     *
     * @param usable throws {@link IllegalArgumentException} where what the checkpoint refers to is not there
     */
    public Optional<Checkpoint> newestWhole(Consumer<Checkpoint> usable) {
        for (Path candidate : names()) {
            try {
                Checkpoint checkpoint = read(candidate);
                usable.accept(checkpoint);
                return Optional.of(checkpoint);
            } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
                log.warn("checkpoint {} cannot be used ({}); taking the one before", candidate, e.getMessage());
            }
        }
        return Optional.empty();
    }

    /** The state of the newest checkpoint whose own file is whole, whatever became of its weights. */
    public Optional<RunState> newestState() {
        for (Path candidate : names()) {
            try {
                return Optional.of(state(candidate));
            } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
                log.debug("the state of {} cannot be read", candidate, e);
            }
        }
        return Optional.empty();
    }

    /** The checkpoint of that step; throws {@link UserException} where there is none or it is damaged. */
    public Checkpoint at(long step) {
        Path checkpoint = folder.resolve(name(step));
        if (!Files.isDirectory(checkpoint)) {
            List<String> there = names().stream()
                    .map(path -> path.getFileName()
                            .toString()
                            .substring(PREFIX.length())
                            .replaceFirst("^0+(?=.)", ""))
                    .toList();
            throw new UserException("there is no checkpoint of step " + step + " under " + folder
                    + (there.isEmpty()
                            ? "; there are none"
                            : "; there are those of the steps " + String.join(", ", there))
                    + ". Only the newest ones are kept (trainer.checkpoints-kept).");
        }
        try {
            return read(checkpoint);
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            throw new UserException(
                    "the checkpoint " + checkpoint + " is damaged: " + e.getMessage() + ". Take another one.", e);
        }
    }

    /** The files of the image store that the checkpoints need. */
    public Set<FileKey> neededFiles() throws IOException {
        Set<FileKey> needed = new HashSet<>();
        for (Path checkpoint : names()) {
            String digest = state(checkpoint).sha256().get(BUFFER);
            needed.addAll(BufferFile.readNeeded(checked(checkpoint, BUFFER, digest)));
        }
        return needed;
    }

    /** The state of each checkpoint, newest first, or what is wrong with it, by folder. */
    public Map<Path, Inspection> inspect() {
        Map<Path, Inspection> found = new LinkedHashMap<>();
        for (Path candidate : names()) {
            try {
                found.put(candidate, new Inspection(Optional.of(read(candidate).state()), ""));
            } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
                String missing = e instanceof NoSuchFileException ? "there is no " : "";
                found.put(candidate, new Inspection(Optional.empty(), missing + e.getMessage()));
            }
        }
        return found;
    }

    /** A checkpoint's state, or why it is damaged. */
    public record Inspection(Optional<RunState> state, String problem) {}

    private static String name(long step) {
        return PREFIX + String.format("%012d", step);
    }

    private List<Path> names() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(path -> path.getFileName().toString().startsWith(PREFIX))
                    .sorted(Comparator.reverseOrder())
                    .toList();
        } catch (IOException e) {
            throw new UserException("cannot list the checkpoints under " + folder + ": " + e.getMessage(), e);
        }
    }

    private static Checkpoint read(Path checkpoint) throws IOException {
        RunState state = state(checkpoint);
        return new Checkpoint(
                state,
                numbers(checkpoint, QUERY, state),
                numbers(checkpoint, KEY, state),
                numbers(checkpoint, OPTIMISER, state),
                BufferFile.read(checked(checkpoint, BUFFER, state.sha256().get(BUFFER))),
                gate(checkpoint, state),
                state.sha256().containsKey(TEACHER)
                        ? Optional.of(numbers(checkpoint, TEACHER, state))
                        : Optional.empty());
    }

    /** Whether a checkpoint in that state has a guard's teacher among its files. */
    public static boolean hasTeacher(RunState state) {
        return state.sha256().containsKey(TEACHER);
    }

    private static GateContent gate(Path checkpoint, RunState state) throws IOException {
        String digest = state.sha256().get(GATE);
        return digest == null ? GateContent.EMPTY : GateFile.read(checked(checkpoint, GATE, digest));
    }

    private static RunState state(Path checkpoint) throws IOException {
        byte[] digest = Files.readAllBytes(checkpoint.resolve(STATE_DIGEST));
        return Json.read(checked(checkpoint, STATE, new String(digest, StandardCharsets.UTF_8)), RunState.class);
    }

    private static Safetensors numbers(Path checkpoint, String name, RunState state) throws IOException {
        Safetensors file =
                Safetensors.parse(checked(checkpoint, name, state.sha256().get(name)));
        Optional<String> wrong = file.wrongValue();
        if (wrong.isPresent()) {
            throw new IOException(name + ": " + wrong.get());
        }
        return file;
    }

    private static byte[] checked(Path checkpoint, String name, @Nullable String wanted) throws IOException {
        byte[] file = Files.readAllBytes(checkpoint.resolve(name));
        String got = Sha256.of(file);
        if (!got.equals(wanted)) {
            throw new IOException(name + " has SHA-256 " + got + " where " + wanted + " was written");
        }
        return file;
    }

    private static void flushed(Path file, byte[] bytes) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }
}
