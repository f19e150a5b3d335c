package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;

class DiskUseTest {
    private static final long MINUTE = 60_000;

    @TempDir
    private Path data;

    @Test
    void at_growingFolders_sizeBudgetAndBytesAnHour() throws IOException {
        DiskUse use = new DiskUse(new ConfigLoader()
                .assignments(List.of("run.data=" + data, "disk.run-mib=1"))
                .load());
        assertThat(use.at(0).parts()).isEmpty();
        Path run = Files.createDirectories(data.resolve("runs/main/keys"));
        Files.write(run.resolve("1"), new byte[1_000]);
        assertThat(use.at(1_000).parts()).as("looked a second ago").isEmpty();

        DiskSpace.Part first = use.at(MINUTE).parts().get(0);
        assertThat(first.what()).isEqualTo(DiskSpace.What.RUN);
        assertThat(first.bytes()).isEqualTo(1_000);
        assertThat(first.budgetBytes()).hasValue(1 << 20);
        assertThat(first.bytesPerHour()).as("after no time").isEmpty();

        Files.write(run.resolve("2"), new byte[2 << 20]);
        Files.write(Files.createDirectories(data.resolve("broker")).resolve("log"), new byte[7]);
        List<DiskSpace.Part> later = use.at(31 * MINUTE).parts();
        assertThat(later.get(0).bytesPerHour()).hasValueCloseTo(2.0 * (2 << 20), within(1e-6));
        assertThat(later.get(0).isOver()).isTrue();
        assertThat(later.get(1).what()).isEqualTo(DiskSpace.What.BROKER);
        assertThat(later.get(1).bytes()).isEqualTo(7);
        assertThat(later.get(1).budgetBytes()).isEmpty();

        assertThat(use.at(91 * MINUTE).parts().get(0).bytesPerHour())
                .as("of the last hour alone")
                .hasValue(0);
    }
}
