package org.millrace.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.FileNames;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.local.ImageFiles;

/** A folder's names as processes with other locales read them. */
final class NamesInLocalesTest {
    private static final List<String> FOLDERS = List.of("B�E4r", "B�F6r", "Bär", "Bör", "犬表", "�8C�A2�95\\");

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"", "C", "C.UTF-8", "en_US.ISO-8859-1"})
    @EnabledOnOs(OS.LINUX)
    void folder_inAnyLocale_hasTheSameIdsAndLabels(String locale) throws Exception {
        for (int i = 0; i < FOLDERS.size(); i++) {
            Path file = FileNames.path(temporary + "/" + FOLDERS.get(i) + "/ü.png");
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.write(file, TestImages.png(i));
        }
        var process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Reader.class.getName(),
                temporary.toString());
        process.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("LANG"));
        if (!locale.isEmpty()) {
            process.environment().put("LC_ALL", locale);
        }
        Process child = process.redirectErrorStream(true).start();
        List<String> lines = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();

        assertThat(child.waitFor()).as(String.join("\n", lines)).isZero();
        List<String> wanted = new ArrayList<>();
        for (String folder : FOLDERS) {
            wanted.add(temporary.getFileName() + "/" + folder + "/ü.png = " + folder);
        }
        assertThat(lines).containsExactlyInAnyOrderElementsOf(wanted);
    }

    /** Prints each image's id and label in UTF-8. */
    static final class Reader {
        public static void main(String[] arguments) {
            ImageFiles.read(
                    List.of(arguments[0]),
                    new Labels.FromFolder(),
                    new ConfigLoader().load().images(),
                    new ImageFiles.Taker() {
                        @Override
                        public void image(ImageFiles.Image image) {
                            byte[] line = (image.id() + " = " + image.label().orElse("") + "\n")
                                    .getBytes(StandardCharsets.UTF_8);
                            System.out.write(line, 0, line.length);
                        }

                        @Override
                        public void leftOut(String position, String kind, String reason) {
                            throw new AssertionError(position + ": " + reason);
                        }
                    });
            System.out.flush();
        }
    }
}
