package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Links between README and the pages of docs lead to files and headings that exist. */
class DocumentedLinksTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s#]*)#?([^)\\s]*)\\)");

    @Test
    void links_leadToFilesAndHeadings() throws IOException {
        List<String> broken = new ArrayList<>();
        int count = 0;
        for (Path page : pages()) {
            for (Matcher link = LINK.matcher(Files.readString(page)); link.find(); ) {
                String file = link.group(1);
                String heading = link.group(2);
                if (file.startsWith("http")) {
                    continue;
                }
                count++;
                Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
                if (!Files.exists(target)
                        || (!heading.isEmpty() && !headings(target).contains(heading))) {
                    broken.add(ROOT.relativize(page) + ": " + link.group());
                }
            }
        }

        assertThat(broken).isEmpty();
        assertThat(count).isGreaterThan(100);
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        for (String folder : List.of("docs", "samples")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
            }
        }
        return pages;
    }

    // as GitHub names them: lower case, without punctuation, spaces as hyphens
    private static Set<String> headings(Path page) throws IOException {
        Set<String> headings = new HashSet<>();
        boolean code = false;
        for (String line : Files.readAllLines(page)) {
            if (line.startsWith("```")) {
                code = !code;
            } else if (!code && line.startsWith("#")) {
                headings.add(line.replaceFirst("^#+\\s+", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                        .replace(' ', '-'));
            }
        }
        return headings;
    }
}
