package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The systemd units of the package call commands that exist, in the same confinement. */
class PackagedUnitsTest {
    private static final Path DIST = Path.of("../dist/src");
    private static final String CALL = "ExecStart=/usr/bin/millrace ";

    static Stream<Path> units() throws IOException {
        try (Stream<Path> files = Files.list(DIST.resolve("systemd"))) {
            return files.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("units")
    void unit_callsAnAcceptedCommandLineAndIsConfined(Path unit) throws IOException {
        List<String> lines = Files.readAllLines(unit);
        String call =
                lines.stream().filter(line -> line.startsWith(CALL)).findFirst().orElseThrow();
        assertThatCode(() -> MillraceCommandLine.create()
                        .parseArgs(call.substring(CALL.length()).split(" ")))
                .doesNotThrowAnyException();
        String command = call.substring(CALL.length()).replaceFirst(" .*", "");
        assertThat(unit.getFileName()).hasToString("millrace-" + command + ".service");
        assertThat(lines)
                .contains("User=millrace", "ProtectSystem=strict", "NoNewPrivileges=yes", "Restart=on-failure")
                .contains("EnvironmentFile=-/etc/default/millrace", "RestartPreventExitStatus=2", "UMask=0077")
                .anyMatch(line -> line.matches("MemoryMax=\\dG"));
    }

    @Test
    void scriptsOfThePackage_nameEveryUnit() throws IOException {
        List<String> roles = units().map(
                        unit -> unit.getFileName().toString().replaceFirst("millrace-(.*)\\.service", "$1"))
                .toList();
        for (String script : List.of("postinst", "prerm")) {
            String text = Files.readString(DIST.resolve("deb/control").resolve(script));
            String named = text.replaceFirst("(?s).*for role in ([a-z ]+);.*", "$1");
            assertThat(named.split(" ")).as(script).containsExactlyInAnyOrderElementsOf(roles);
        }
    }
}
