package org.millrace.trainer.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.millrace.contract.OutFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.keystore.image.FileKey;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run, a folder each. A folder is written under another name, flushed, and renamed, so one that bears its name is
 * whole; its digests find what was damaged later. Not thread safe.
 */
public final class CheckpointFolder {
    private static final Logger log = LoggerFactory.getLogger(CheckpointFolder.class);
    private static final String PREFIX = "step-";
    private static final String FORMER = ".former-";
    private static final String UNFINISHED = ".unfinished-";

    private final Path folder;
    private final int kept;
    private String wholeBase = ""; // digest of the base that this has written or found whole

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
        requireNumbers(checkpoint);
        try {
            PrivateFolder.make(folder);
            writeBase(checkpoint);
            Path aside = aside(checkpoint);
            Folders.delete(aside);
            new CheckpointFiles(aside).write(checkpoint);
        } catch (IOException e) {
            throw cannotWrite(checkpoint, e);
        }
    }

    private void writeBase(Checkpoint checkpoint) throws IOException {
        Optional<BaseEncoder> base =
                checkpoint.base().filter(begun -> !begun.sha256().equals(wholeBase));
        if (base.isPresent()) {
            CheckpointFiles.writeBeside(folder, base.get());
            wholeBase = base.get().sha256();
        }
    }

    private void requireNumbers(Checkpoint checkpoint) {
        CheckpointFiles.wrongValue(checkpoint).ifPresent(wrong -> {
            throw new UserException("no checkpoint of step "
                    + checkpoint.state().step() + " is written under " + folder
                    + ": " + wrong + ". Training diverged: lower optimiser.learning-rate or lengthen"
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

    private UserException cannotWrite(Checkpoint checkpoint, IOException e) {
        return new UserException(
                "cannot write a checkpoint of step " + checkpoint.state().step() + " under " + folder + ": "
                        + OutFile.reason(e)
                        + ". The checkpoints before it are whole: the run goes on from"
                        + " the newest when it is started again.",
                e);
    }

    /**
     * The newest checkpoint that is whole; damaged ones before it are named in the log.
     *
     * @param usable throws {@link IllegalArgumentException} where what the checkpoint refers to is not there
     */
    public Optional<Checkpoint> newestWhole(Consumer<Checkpoint> usable) {
        List<Path> candidates = names();
        for (Path candidate : candidates) {
            try {
                Checkpoint checkpoint = new CheckpointFiles(candidate).read();
                usable.accept(checkpoint);
                return Optional.of(checkpoint);
            } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
                boolean last = candidate.equals(candidates.get(candidates.size() - 1));
                log.warn(
                        "checkpoint {} cannot be used ({}); {}",
                        candidate,
                        e.getMessage(),
                        last ? "there is none before it" : "taking the one before");
            }
        }
        return Optional.empty();
    }

    /** The state of the newest checkpoint whose own file is whole, whatever became of its weights. */
    public Optional<RunState> newestState() {
        return states().stream().findFirst();
    }

    /** The states of all checkpoints whose own file of it is whole, newest first. */
    public List<RunState> states() {
        return names().stream()
                .flatMap(checkpoint -> {
                    try {
                        return Stream.of(new CheckpointFiles(checkpoint).state());
                    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
                        log.debug("the state of {} cannot be read", checkpoint, e);
                        return Stream.empty();
                    }
                })
                .toList();
    }

    /** Checkpoints in the folder, whole or not. */
    public int count() {
        return names().size();
    }

    /** Removes the oldest checkpoint; the newest stays. */
    public void deleteOldest() throws IOException {
        List<Path> all = names();
        if (all.size() > 1) {
            Folders.delete(all.get(all.size() - 1));
        }
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
            return new CheckpointFiles(checkpoint).read();
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            throw new UserException(
                    "the checkpoint " + checkpoint + " is damaged: " + e.getMessage() + ". Take another one.", e);
        }
    }

    /** The files of the image store that the checkpoints need. */
    public Set<FileKey> neededFiles() throws IOException {
        Set<FileKey> needed = new HashSet<>();
        for (Path checkpoint : names()) {
            needed.addAll(new CheckpointFiles(checkpoint).neededFiles());
        }
        return needed;
    }

    /** The state of each checkpoint, newest first, or what is wrong with it, by folder. */
    public Map<Path, Inspection> inspect() {
        Map<Path, Inspection> found = new LinkedHashMap<>();
        for (Path candidate : names()) {
            try {
                RunState state = new CheckpointFiles(candidate).read().state();
                found.put(candidate, new Inspection(Optional.of(state), ""));
            } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
                String missing = e instanceof NoSuchFileException ? "there is no " : "";
                found.put(candidate, new Inspection(Optional.empty(), missing + e.getMessage()));
            }
        }
        return found;
    }

    /** Whether a checkpoint in that state has a guard's teacher among its files. */
    public static boolean hasTeacher(RunState state) {
        return CheckpointFiles.hasTeacher(state);
    }

    /** The file in the checkpoints' folder that a checkpoint in that state needs beside its own, where there is one. */
    public static Optional<String> besides(RunState state) {
        return CheckpointFiles.beside(state);
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
}
