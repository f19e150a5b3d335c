package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.contract.UserException;

final class PresetTest {
    @TempDir
    Path folder;

    static List<String> names() {
        return Preset.names();
    }

    @Test
    void names_all_areTheFilesOfTheFolder() throws Exception {
        Path presets = Path.of(Objects.requireNonNull(Preset.class.getResource("/org/millrace/contract/presets"))
                .toURI());
        try (var files = Files.list(presets)) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".properties", "")))
                    .containsExactlyInAnyOrderElementsOf(Preset.names());
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void load_everyPreset_valid(String name) {
        Preset preset = Preset.named(name);
        MillraceConfig config = new ConfigLoader().preset(preset).load();
        assertThat(ConfigLoader.effective(config).keySet())
                .containsAll(preset.values().keySet());
    }

    @ParameterizedTest
    @MethodSource("names")
    void named_everyPreset_eachKeyOnceAndHeaderSaysWhatMatters(String name) throws IOException {
        Preset preset = Preset.named(name);
        assertThat(preset.title()).isNotBlank();
        assertThat(String.join("\n", preset.header()))
                .contains("Source: ", "Figure: ", "Setup: ", "Not measured here: ");
        assertThat(preset.values()).containsKey("trainer.objective");
        try (var in = Objects.requireNonNull(
                Preset.class.getResourceAsStream("/org/millrace/contract/presets/" + name + ".properties"))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<String> keys = text.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.substring(0, line.indexOf('=')))
                    .toList();
            assertThat(keys)
                    .doesNotHaveDuplicates()
                    .hasSameSizeAs(preset.values().keySet());
        }
    }

    @Test
    void named_unknown_saysNearestAndAll() {
        assertThatThrownBy(() -> Preset.named("moco-v2-cfar"))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("there is no preset 'moco-v2-cfar'; did you mean moco-v2-cifar?\nPresets: ")
                .hasMessageContaining(String.join(", ", Preset.names()));
    }

    @Test
    void preset_withOtherSources_underTheUsersAndOverTheCommands() throws IOException {
        Preset preset = new Preset(
                "test",
                List.of("Test"),
                Map.of(
                        "moco.temperature", "0.2",
                        "moco.momentum", "0.2",
                        "head.output", "20",
                        "trainer.batch-size", "20",
                        "run.seed", "20"));
        Path file = Files.writeString(
                folder.resolve("millrace.properties"), "moco.momentum=0.3\nhead.output=30\ntrainer.batch-size=30\n");
        MillraceConfig config = new ConfigLoader()
                .defaults(Map.of("moco.temperature", "0.1", "run.name", "command"))
                .preset(preset)
                .file(file)
                .environment(Map.of("MILLRACE_HEAD_OUTPUT", "40", "MILLRACE_TRAINER_BATCH___SIZE", "40"))
                .assignments(List.of("trainer.batch-size=50"))
                .load();
        assertThat(config.run().name()).isEqualTo("command");
        assertThat(config.moco().temperature()).isEqualTo(0.2); // preset over the command's default
        assertThat(config.run().seed()).isEqualTo(20);
        assertThat(config.moco().momentum()).isEqualTo(0.3); // file over preset
        assertThat(config.head().output()).isEqualTo(40); // environment
        assertThat(config.trainer().batchSize()).isEqualTo(50); // --set
    }

    @Test
    void preset_unknownKey_saysWhichPreset() {
        Preset preset = new Preset("test", List.of("Test"), Map.of("moco.temprature", "1"));
        assertThatThrownBy(() -> new ConfigLoader().preset(preset).load())
                .isInstanceOf(UserException.class)
                .hasMessageContaining("unknown key moco.temprature (preset test); did you mean moco.temperature?");
    }

    @Test
    void parse_headerAndValues_headerEndsAtTheFirstKey() throws IOException {
        Preset preset = Preset.parse("test", "# Title\n#\n#   more\nrun.seed=3\n# not header\nrun.name = a\n");
        assertThat(preset.header()).containsExactly("Title", "", "more");
        assertThat(preset.values()).isEqualTo(Map.of("run.seed", "3", "run.name", "a"));
    }
}
