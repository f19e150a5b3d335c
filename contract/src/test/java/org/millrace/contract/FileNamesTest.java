package org.millrace.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Paths by their bytes. */
final class FileNamesTest {
    @TempDir
    Path temporary;

    @Test
    @EnabledOnOs(OS.LINUX)
    void path_namesThatAreNotUtf8_areDistinctFilesAndComeBack() throws Exception {
        List<String> names = List.of("B�E4r.png", "B�F6r.png", "Bär.png", "a b%20.png", "�0A.png", "plain.png");
        for (String name : names) {
            Files.writeString(FileNames.path(temporary + "/" + name), name);
        }

        try (Stream<Path> files = Files.list(temporary)) {
            for (Path file : files.toList()) {
                String name = FileNames.name(file);
                assertThat(names).contains(name);
                assertThat(Files.readString(file)).isEqualTo(name);
                assertThat(FileNames.text(file)).isEqualTo(temporary + "/" + name);
                assertThat(FileNames.path(FileNames.text(file))).isEqualTo(file);
                assertThat(FileNames.text(file.getFileName())).isEqualTo(name);
            }
        }
        try (Stream<Path> files = Files.list(temporary)) {
            assertThat(files).hasSize(names.size());
        }
    }

    @Test
    void text_ofFoldersRootsAndRelativePaths_isTheirPath() throws Exception {
        Path folder = Files.createDirectory(temporary.resolve("Bär"));
        assertThat(FileNames.text(folder)).isEqualTo(temporary + "/Bär");
        assertThat(FileNames.name(folder)).isEqualTo("Bär");
        assertThat(FileNames.text(Path.of("no/Bör/x"))).isEqualTo("no/Bör/x");
        assertThat(FileNames.name(Path.of("/"))).isEqualTo("/");
        assertThat(FileNames.path("a/b")).isEqualTo(Path.of("a/b"));
        assertThatThrownBy(() -> FileNames.path("�00")).isInstanceOf(InvalidPathException.class);
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void make_folders_areTheOwnersOnly_andExistingOnesStay() throws Exception {
        Path existing = Files.createDirectory(
                temporary.resolve("mine"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));

        Path made = PrivateFolder.make(existing.resolve("data/runs"));

        assertThat(mode(made)).isEqualTo("rwx------");
        assertThat(mode(existing.resolve("data"))).isEqualTo("rwx------");
        assertThat(mode(existing)).isEqualTo("rwxr-xr-x");
        assertThat(PrivateFolder.make(existing)).isEqualTo(existing);
        assertThat(mode(existing)).isEqualTo("rwxr-xr-x");
    }

    private static String mode(Path folder) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
    }
}
