package org.millrace.app.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image's entry point beside a java that says what it was started with and waits. No container is started. */
class ContainerEntryTest {
    private static final Path ENTRY =
            Path.of("..", "ops", "container", "millrace.sh").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    private Path data;
    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void makeImage() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/flock")), "no flock, which is part of the image");
        data = Files.createDirectory(folder.resolve("data"));
        Files.writeString(folder.resolve("native.env"), "MALLOC_ARENA_MAX=7\n");
        Path java = folder.resolve("java");
        Files.writeString(
                java,
                "#!/bin/sh\nfor last; do :; done\necho \"$MILLRACE_RUN_DATA $MALLOC_ARENA_MAX $last\"\nread end\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    @AfterEach
    void end() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void train_ofOneVolume_takesAFolderEachAndThoseOfTheDeadAgain() throws Exception {
        assertThat(line("train", "--create-topics")).isEqualTo(data + " 7 --create-topics");
        assertThat(line("train", "x")).isEqualTo(data + "/trainer-2 7 x");
        assertThat(line("train", "x")).isEqualTo(data + "/trainer-3 7 x");
        for (int dead : new int[] {1, 0}) { // with kill -9
            started.get(dead).destroyForcibly().waitFor();
        }
        assertThat(line("train", "x")).isEqualTo(data + " 7 x");
        assertThat(line("train", "x")).isEqualTo(data + "/trainer-2 7 x");
        assertThat(line("train", "x")).isEqualTo(data + "/trainer-4 7 x");
    }

    @Test
    void others_besideATrainer_useTheVolumeItself() throws Exception {
        assertThat(line("train", "x")).isEqualTo(data + " 7 x");
        assertThat(line("inspect", "run")).isEqualTo(data + " 7 run");
        assertThat(line("--help")).isEqualTo(data + " 7 --help");
    }

    @Test
    void train_folderThatCannotBeLocked_endsAndSaysSo() throws Exception {
        Files.createDirectory(data.resolve("container.lock"));
        Process process = start("train");
        String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isNotZero();
        assertThat(said).contains("container.lock");
    }

    private String line(String... arguments) throws IOException {
        BufferedReader out = start(arguments).inputReader(StandardCharsets.UTF_8);
        return String.valueOf(out.readLine());
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", ENTRY.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MILLRACE_HOME", folder.toString());
        builder.environment().put("MILLRACE_RUN_DATA", data.toString());
        builder.environment().put("PATH", folder + ":/usr/bin:/bin");
        builder.environment().remove("MALLOC_ARENA_MAX");
        Process process = builder.start();
        started.add(process);
        return process;
    }
}
