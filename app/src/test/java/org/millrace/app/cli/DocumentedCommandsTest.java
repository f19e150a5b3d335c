package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The program accepts every command line of README and docs, and docs/commands.md names every command. */
class DocumentedCommandsTest {
    private static final Path DOCS = Path.of("../docs");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|([^\\s'\"]+)");

    private record Line(Path file, String text) {
        List<String> words() {
            List<String> words = new ArrayList<>();
            String commandLine = text.replaceFirst(".*\\./millrace ", "")
                    .replaceAll("\\$\\w+", "")
                    .replaceFirst("\\s+#.*|\\s+[|>&].*", "");
            for (Matcher matcher = WORD.matcher(commandLine); matcher.find(); ) {
                words.add(Stream.of(matcher.group(1), matcher.group(2), matcher.group(3))
                        .filter(group -> group != null)
                        .findFirst()
                        .orElseThrow());
            }
            return words;
        }

        @Override
        public String toString() {
            return file.getFileName() + ": " + text;
        }
    }

    /** Lines of code blocks that call the program. */
    static Stream<Line> lines() throws IOException {
        List<Path> files = new ArrayList<>(List.of(Path.of("../README.md")));
        try (Stream<Path> docs = Files.walk(DOCS)) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
        }
        List<Line> lines = new ArrayList<>();
        for (Path file : files) {
            boolean code = false;
            for (String text : Files.readAllLines(file)) {
                if (text.startsWith("```")) {
                    code = !code;
                } else if (code && text.contains("./millrace ")) {
                    lines.add(new Line(file, text.strip()));
                }
            }
        }
        return lines.stream();
    }

    @ParameterizedTest
    @MethodSource("lines")
    void documentedLine_isAccepted(Line line) {
        assertThatCode(() -> MillraceCommandLine.create().parseArgs(line.words().toArray(String[]::new)))
                .as(line.toString())
                .doesNotThrowAnyException();
    }

    @Test
    void documentedLines_areThere() throws IOException {
        assertThat(lines()).hasSizeGreaterThan(50);
    }

    @Test
    void everyCommand_hasItsSectionAndALine() throws IOException {
        String page = Files.readString(DOCS.resolve("commands.md"));
        CommandLine root = MillraceCommandLine.create();
        List<String> wanted = new ArrayList<>();
        root.getSubcommands().forEach((name, command) -> {
            if (command.getCommandSpec().usageMessage().hidden() || name.equals("help")) {
                return;
            }
            wanted.add("\n## " + name + "\n");
            if (command.getSubcommands().isEmpty()) {
                wanted.add("\n./millrace " + name + " ");
            }
            command.getSubcommands().keySet().forEach(inner -> wanted.add("\n./millrace " + name + " " + inner));
        });
        assertThat(page).contains(wanted);
    }

    @Test
    void everyOption_isNamedInTheSectionOfItsCommand() throws IOException {
        String page = Files.readString(DOCS.resolve("commands.md"));
        String forAll = page.substring(0, page.indexOf("\n## "));
        List<String> missing = new ArrayList<>();
        MillraceCommandLine.create().getSubcommands().forEach((name, command) -> {
            String section = forAll + page.split("\n## " + name + "\n", 2)[1].split("\n## ", 2)[0];
            options(command)
                    .filter(option ->
                            !Pattern.compile(option + "\\b").matcher(section).find())
                    .forEach(option -> missing.add(name + " " + option));
        });
        assertThat(missing).isEmpty();
    }

    // of the command and of those below it
    private static Stream<String> options(CommandLine command) {
        Stream<String> own = command.getCommandSpec().options().stream()
                .filter(option -> !option.hidden() && !option.usageHelp() && !option.versionHelp())
                .map(CommandLine.Model.OptionSpec::longestName);
        return Stream.concat(own, command.getSubcommands().values().stream().flatMap(DocumentedCommandsTest::options));
    }
}
