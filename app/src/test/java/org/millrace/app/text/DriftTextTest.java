package org.millrace.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.Attribution;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.contract.event.DriftReport.Verdict;

class DriftTextTest {
    private static final String BROKER = "127.0.0.1:9092";

    @Test
    void line_alarmRaised_namesTheCommandsThatAnswerIt() {
        var alarm = new DriftAlarm(
                DriftEvent.SCHEMA,
                "garden",
                Optional.of("gate"),
                DriftAlarm.State.RAISED,
                1_700_000_000_000L,
                List.of("mmd", "cusum"),
                "",
                1_700_000_060_000L);
        assertThat(DriftText.line(alarm, BROKER)).isEqualTo("""
                        2023-11-14T22:14:20Z  gate  ALARM: the images have changed since 2023-11-14T22:13:20Z, according to mmd, cusum
                            to acknowledge it:      millrace drift acknowledge --bootstrap-server 127.0.0.1:9092 --run garden --source 'gate'
                            for a permanent change: millrace drift rebase --bootstrap-server 127.0.0.1:9092 --run garden --source 'gate'""");
    }

    @Test
    void line_window_hasVerdictDetectorsSizeAndWhoseTheChangeIs() {
        var report = new DriftReport(
                DriftEvent.SCHEMA,
                "main",
                Optional.empty(),
                400,
                1_700_000_000_000L,
                1_700_000_060_000L,
                6_000,
                8_192,
                Verdict.DRIFT,
                List.of(
                        new Detection("mmd", 0.0125, OptionalDouble.of(0.0001), 0.0004, true),
                        new Detection("cusum", 2, OptionalDouble.empty(), 6.7, false)),
                OptionalDouble.of(0.31),
                Optional.of(new Attribution(800, 256, 3, 1)),
                Optional.empty());
        assertThat(DriftText.line(report, BROKER))
                .isEqualTo("2023-11-14T22:13:20Z    6,000 images  DRIFT   mmd 0.0125 (p 0.00010)! · cusum 2.0 of 6.7"
                        + " · PSI 0.31 · of the change 75 % images, 25 % encoder 800");
    }
}
