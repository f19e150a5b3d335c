package org.millrace.trainer.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.image.FileKey;
import org.millrace.trainer.gate.GateContent;

/**
 * The files of one checkpoint, in a folder of their own. The digests in {@code state.json}, and that file's own in {@code state.sha256},
 * find what was damaged: every method that reads throws {@link IOException} then.
 */
record CheckpointFiles(Path folder) {
    private static final String STATE = "state.json";
    private static final String STATE_DIGEST = "state.sha256";
    private static final String QUERY = "query.safetensors";
    private static final String KEY = "key.safetensors";
    private static final String OPTIMISER = "optimiser.safetensors";
    private static final String BUFFER = "buffer.bin";
    private static final String TEACHER = "teacher.safetensors"; // of a run with a guard
    private static final String BASE = "base.safetensors"; // beside the checkpoint, for all of a run
    private static final String GATE = "gate.bin"; // where there is anything to remember

    /** The first file whose values are not all numbers, and what is wrong with it; empty where each is whole. */
    static Optional<String> wrongValue(Checkpoint checkpoint) {
        Map<String, Safetensors> files = new LinkedHashMap<>();
        files.put(QUERY, checkpoint.query());
        files.put(KEY, checkpoint.key());
        files.put(OPTIMISER, checkpoint.optimiser());
        checkpoint.teacher().ifPresent(teacher -> files.put(TEACHER, teacher));
        return files.entrySet().stream()
                .flatMap(file -> file.getValue().wrongValue().map(wrong -> file.getKey() + ": " + wrong).stream())
                .findFirst();
    }

    /** Whether a checkpoint in that state has a guard's teacher. */
    static boolean hasTeacher(RunState state) {
        return state.sha256().containsKey(TEACHER);
    }

    /** The file beside a checkpoint's folder that it needs too, where there is one. */
    static Optional<String> beside(RunState state) {
        return Optional.ofNullable(state.sha256().get(BASE)).map(CheckpointFiles::baseName);
    }

    private static String baseName(String sha256) {
        return "base-" + sha256.substring(0, 16) + ".safetensors";
    }

    /** Makes the folder, which must not exist, and writes the files. They are durable on return. */
    void write(Checkpoint checkpoint) throws IOException {
        PrivateFolder.make(folder);
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
            flushed(file.getKey(), file.getValue());
            digests.put(file.getKey(), Sha256.of(file.getValue()));
        }
        checkpoint.base().ifPresent(base -> digests.put(BASE, base.sha256()));
        byte[] state = Json.writePretty(checkpoint.state().withDigests(digests)).getBytes(StandardCharsets.UTF_8);
        flushed(STATE, state);
        flushed(STATE_DIGEST, Sha256.of(state).getBytes(StandardCharsets.UTF_8));
        Folders.flush(folder);
    }

    /** Writes what the checkpoints of a folder need beside them, unless it is there and whole. */
    static void writeBeside(Path checkpoints, BaseEncoder base) throws IOException {
        Path file = checkpoints.resolve(baseName(base.sha256()));
        if (!Files.exists(file) || !Sha256.of(Files.readAllBytes(file)).equals(base.sha256())) {
            Path aside = checkpoints.resolve(".unfinished-" + file.getFileName());
            Files.deleteIfExists(aside);
            flushed(aside, base.whole().toBytes());
            Folders.rename(aside, file);
        }
    }

    private void flushed(String name, byte[] bytes) throws IOException {
        flushed(folder.resolve(name), bytes);
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

    Checkpoint read() throws IOException {
        RunState state = state();
        return new Checkpoint(
                state,
                numbers(QUERY, state),
                numbers(KEY, state),
                numbers(OPTIMISER, state),
                BufferFile.read(checked(BUFFER, state.sha256().get(BUFFER))),
                gate(state),
                hasTeacher(state) ? Optional.of(numbers(TEACHER, state)) : Optional.empty(),
                base(state));
    }

    private Optional<BaseEncoder> base(RunState state) throws IOException {
        String digest = state.sha256().get(BASE);
        return digest == null
                ? Optional.empty()
                : Optional.of(new BaseEncoder(
                        Safetensors.parse(checked(folder.resolveSibling(baseName(digest)), digest)), digest));
    }

    /** The state alone, whatever became of the other files. */
    RunState state() throws IOException {
        byte[] digest = Files.readAllBytes(folder.resolve(STATE_DIGEST));
        return Json.read(checked(STATE, new String(digest, StandardCharsets.UTF_8)), RunState.class);
    }

    /** The files of the image store that the checkpoint needs. */
    List<FileKey> neededFiles() throws IOException {
        return BufferFile.readNeeded(checked(BUFFER, state().sha256().get(BUFFER)));
    }

    private GateContent gate(RunState state) throws IOException {
        String digest = state.sha256().get(GATE);
        return digest == null ? GateContent.EMPTY : GateFile.read(checked(GATE, digest));
    }

    private Safetensors numbers(String name, RunState state) throws IOException {
        Safetensors file = Safetensors.parse(checked(name, state.sha256().get(name)));
        Optional<String> wrong = file.wrongValue();
        if (wrong.isPresent()) {
            throw new IOException(name + ": " + wrong.get());
        }
        return file;
    }

    private byte[] checked(String name, @Nullable String wanted) throws IOException {
        return checked(folder.resolve(name), wanted);
    }

    private static byte[] checked(Path path, @Nullable String wanted) throws IOException {
        if (!Files.exists(path)) {
            throw new IOException(path.getFileName() + " is missing");
        }
        byte[] file = Files.readAllBytes(path);
        String got = Sha256.of(file);
        if (!got.equals(wanted)) {
            throw new IOException(path.getFileName() + " has SHA-256 " + got + " where " + wanted + " was written");
        }
        return file;
    }
}
