package org.millrace.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.contract.FileNames;
import org.millrace.contract.OutsideText;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.TestPush;

/** Names of any bytes: distinct in, distinct out, and the same names from every kind of source. */
final class NamesTest {
    /** Pairs of folders' names that a wrong encoding makes one. */
    private enum Encoding {
        LATIN1(StandardCharsets.ISO_8859_1, "Bär", "Bör"),
        UTF8(StandardCharsets.UTF_8, "Bär", "Bör"),
        CP437(Charset.forName("IBM437"), "Bär", "Bör"),
        SHIFT_JIS(Charset.forName("Shift_JIS"), "犬表", "猫表");

        private final Charset charset;
        private final String one;
        private final String two;

        Encoding(Charset charset, String one, String two) {
            this.charset = charset;
            this.one = one;
            this.two = two;
        }

        List<byte[]> names() {
            List<byte[]> names = new ArrayList<>();
            for (String folder : List.of(one, two)) {
                for (int i = 0; i < 3; i++) {
                    names.add((folder + "/" + i + ".png").getBytes(charset));
                }
            }
            return names;
        }
    }

    private enum Kind {
        FOLDER,
        NAMES,
        USTAR,
        GNU,
        PAX,
        TAR_GZ,
        ZIP,
        ZIP_FLAGGED,
        ZIP_UNICODE
    }

    @TempDir
    Path temporary;

    private final TestPush push = new TestPush();

    static Stream<Arguments> members() {
        return Stream.of(Kind.values())
                .flatMap(kind -> Stream.of(Encoding.values()).map(encoding -> Arguments.of(kind, encoding)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("members")
    @EnabledOnOs(OS.LINUX)
    void push_namesOfAnyBytes_stayDistinct(Kind kind, Encoding encoding) throws IOException {
        List<byte[]> names = encoding.names();
        Path source = source(kind, names);

        push.push((kind == Kind.NAMES ? TestPush.images(Path.of("-")) : TestPush.images(source))
                .withLabels(new Labels.FromFolder()));

        assertThat(new HashSet<>(push.ids())).hasSize(6);
        List<String> labels = push.sent().stream()
                .map(record -> TestPush.label(record).orElseThrow())
                .distinct()
                .toList();
        List<String> wanted = names.stream()
                .map(name -> expected(kind, encoding, name))
                .map(name -> name.substring(0, name.indexOf('/')))
                .distinct()
                .toList();
        assertThat(labels).containsExactlyInAnyOrderElementsOf(wanted).hasSize(2);
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.CsvSource({"latin1.tar, B�E4r, B�F6r", "windows.zip, Bär, Bör"})
    void push_archivesFromTheField_haveTwoClassesOf20(String name, String one, String two) throws IOException {
        Path archive = temporary.resolve(name);
        try (var in = NamesTest.class.getResourceAsStream(name)) {
            Files.copy(java.util.Objects.requireNonNull(in), archive);
        }

        push.push(TestPush.probe(archive).withLabels(new Labels.FromFolder()));

        assertThat(push.sent("probe").stream().map(TestPush::id).distinct()).hasSize(40);
        assertThat(push.sent("probe").stream()
                        .map(record -> TestPush.label(record).orElseThrow()))
                .hasSize(40)
                .containsOnly(one, two);
        assertThat(push.rejects()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void csv_inTheEncodingOfTheFolder_labelsIt() throws IOException {
        Path folder = source(Kind.FOLDER, Encoding.LATIN1.names());
        Path csv = Files.write(
                temporary.resolve("l.csv"), "Bär/0.png,Bär\nBör/0.png,Bör\n".getBytes(StandardCharsets.ISO_8859_1));

        push.push(TestPush.probe(folder).withLabels(new Labels.FromFile(csv)));

        assertThat(push.sent("probe").stream()
                        .map(record -> TestPush.label(record).orElseThrow()))
                .containsExactly("B�E4r", "B�F6r");
    }

    @Test
    void zip_backslashes_areFoldersOnlyWhereThereAreNoSlashes() throws IOException {
        push.push(TestPush.images(TestImages.zip(temporary.resolve("a.zip"), Map.of("cat\\1.png", TestImages.png(1)))));
        push.push(
                TestPush.images(TestImages.zip(temporary.resolve("b.zip"), Map.of("dog/a\\2.png", TestImages.png(2)))));
        assertThat(push.names()).containsExactly("cat/1.png", "dog/a\\2.png");
    }

    /** Zip says what unflagged names are; elsewhere bytes that are not UTF-8 are kept as they are. */
    private static String expected(Kind kind, Encoding encoding, byte[] name) {
        return switch (kind) {
            case ZIP ->
                encoding == Encoding.UTF8
                        ? new String(name, StandardCharsets.UTF_8)
                        : OutsideText.ofName(
                                new String(name, Charset.forName("IBM437")).getBytes(StandardCharsets.UTF_8));
            case ZIP_UNICODE -> // its writer takes the bytes for Latin-1
                OutsideText.ofName(new String(name, StandardCharsets.ISO_8859_1).getBytes(StandardCharsets.UTF_8));
            case FOLDER, NAMES, USTAR, GNU, PAX, TAR_GZ, ZIP_FLAGGED -> OutsideText.ofName(name);
        };
    }

    private Path source(Kind kind, List<byte[]> names) throws IOException {
        return switch (kind) {
            case FOLDER -> folder(temporary.resolve("folder"), names);
            case NAMES -> {
                Path folder = folder(temporary.resolve("folder"), names);
                var lines = new ByteArrayOutputStream();
                for (byte[] name : names) {
                    lines.writeBytes((folder + "/").getBytes(StandardCharsets.UTF_8));
                    lines.writeBytes(name);
                    lines.write('\n');
                }
                push.typing(lines.toByteArray());
                yield folder;
            }
            case USTAR -> tar(temporary.resolve("a.tar"), names, "", kind);
            case GNU -> tar(temporary.resolve("a.tar"), names, "long".repeat(40) + "/", kind);
            case PAX -> tar(temporary.resolve("a.tar"), names, "", kind);
            case TAR_GZ -> tar(temporary.resolve("a.tar.gz"), names, "", kind);
            case ZIP, ZIP_FLAGGED, ZIP_UNICODE -> zip(temporary.resolve("a.zip"), names, kind);
        };
    }

    private static Path folder(Path folder, List<byte[]> names) throws IOException {
        for (int i = 0; i < names.size(); i++) {
            Path file = FileNames.path(folder + "/" + OutsideText.ofName(names.get(i)));
            Files.createDirectories(java.util.Objects.requireNonNull(file.getParent()));
            Files.write(file, TestImages.png(i));
        }
        return folder;
    }

    private static Path tar(Path file, List<byte[]> names, String prefix, Kind kind) throws IOException {
        var raw = Files.newOutputStream(file);
        var out = kind == Kind.TAR_GZ ? new java.util.zip.GZIPOutputStream(raw) : raw;
        try (var tar = new TarArchiveOutputStream(out, "ISO-8859-1")) { // a character for each byte
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            for (int i = 0; i < names.size(); i++) {
                String name = prefix + new String(names.get(i), StandardCharsets.ISO_8859_1);
                if (kind == Kind.PAX) {
                    byte[] line = paxLine(names.get(i));
                    var pax = new TarArchiveEntry("PaxHeaders/x", TarConstants.LF_PAX_EXTENDED_HEADER_LC);
                    pax.setSize(line.length);
                    tar.putArchiveEntry(pax);
                    tar.write(line);
                    tar.closeArchiveEntry();
                    name = "a replacement of the name";
                }
                byte[] image = TestImages.png(i);
                var entry = new TarArchiveEntry(name, true);
                entry.setSize(image.length);
                tar.putArchiveEntry(entry);
                tar.write(image);
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private static byte[] paxLine(byte[] name) {
        int rest = " path=\n".length() + name.length;
        int length = rest + String.valueOf(rest + 2).length();
        var line = new ByteArrayOutputStream();
        line.writeBytes((length + " path=").getBytes(StandardCharsets.US_ASCII));
        line.writeBytes(name);
        line.write('\n');
        return line.toByteArray();
    }

    private static Path zip(Path file, List<byte[]> names, Kind kind) throws IOException {
        try (var zip = new ZipArchiveOutputStream(file)) {
            zip.setEncoding("ISO-8859-1"); // a character for each byte
            zip.setUseLanguageEncodingFlag(false);
            zip.setCreateUnicodeExtraFields(
                    kind == Kind.ZIP_UNICODE
                            ? ZipArchiveOutputStream.UnicodeExtraFieldPolicy.ALWAYS
                            : ZipArchiveOutputStream.UnicodeExtraFieldPolicy.NEVER);
            for (int i = 0; i < names.size(); i++) {
                zip.putArchiveEntry(new ZipArchiveEntry(new String(names.get(i), StandardCharsets.ISO_8859_1)));
                zip.write(TestImages.png(i));
                zip.closeArchiveEntry();
            }
        }
        return kind == Kind.ZIP_FLAGGED ? flag(file) : file;
    }

    /** Sets the flag that says UTF-8, whatever the names are, in every header. */
    private static Path flag(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i + 4 < bytes.length; i++) {
            boolean local = Magic.begins(bytes, i, "PK\3\4");
            if (local || Magic.begins(bytes, i, "PK\1\2")) {
                bytes[i + (local ? 7 : 9)] |= 0x08;
            }
        }
        return Files.write(file, bytes);
    }
}
