package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.Json;
import org.millrace.server.dashboard.DriftView.Alarm;
import org.millrace.server.dashboard.DriftView.Compared;
import org.millrace.server.dashboard.DriftView.Times;
import org.millrace.server.dashboard.DriftView.Window;

class DriftViewTest {
    private static final String HOSTILE = "<script>alert(1)</script>";

    private final DriftView view = new DriftView();

    @Test
    void add_manyWindows_keepsTheWorstOfThoseMerged() {
        for (int i = 0; i < 10_000; i++) {
            report(i, i == 4_321 ? 1e-9 : 0.5, null);
        }
        List<Window> windows = view.takeChanges().orElseThrow().rows();
        assertThat(windows).hasSizeLessThanOrEqualTo(400);
        assertThat(windows)
                .filteredOn(window -> window.verdict().equals("DRIFT"))
                .extracting(Window::fromMillis)
                .containsExactly(4_321_000L);
    }

    @Test
    void add_alarmRaisedThenAcknowledged_isOneThatWasAcknowledged() {
        alarm("RAISED", null, 5_000);
        alarm("RAISED", HOSTILE, 6_000);
        alarm("ACKNOWLEDGED", null, 5_000);
        assertThat(view.alarms())
                .extracting(Alarm::source, Alarm::state, Alarm::fromMillis)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("", "ACKNOWLEDGED", 5_000L),
                        org.assertj.core.groups.Tuple.tuple(HOSTILE, "RAISED", 6_000L));
    }

    @Test
    void add_windowsOfSources_areToldApartAndBounded() {
        report(1, 0.5, null);
        for (int i = 0; i < 1_000; i++) {
            report(2, 0.5, "camera " + i);
        }
        assertThat(view.takeChanges().orElseThrow().rows()).hasSize(1);
        assertThat(view.sources()).hasSize(32).last().extracting(Window::source).isEqualTo("camera 999");
    }

    @Test
    void compared_referenceThenDrift_areTheTimesOfBoth() {
        window(1, 4, "REFERENCE");
        window(2, 4, "REFERENCE");
        assertThat(view.compared().get("")).isEqualTo(new Compared(4, new Times(1_000, 3_000), Optional.empty()));
        window(3, 4, "STABLE");
        window(4, 4, "DRIFT");
        window(5, 4, "DRIFT");
        assertThat(view.compared().get(""))
                .isEqualTo(new Compared(4, new Times(1_000, 3_000), Optional.of(new Times(5_000, 6_000))));
    }

    @Test
    void compared_rebasedOrAnotherEncoder_beginsAgain() {
        window(1, 4, "REFERENCE");
        window(2, 4, "DRIFT");
        alarm("REBASED", null, 2_000);
        assertThat(view.compared()).isEmpty();
        window(3, 4, "REFERENCE");
        window(9, 8, "REFERENCE");
        assertThat(view.compared().get("")).isEqualTo(new Compared(8, new Times(9_000, 10_000), Optional.empty()));
    }

    private void window(int second, long encoder, String verdict) {
        add("""
                {"type":"report","schema":2,"run":"main","source":null,"encoderVersion":%d,"fromMillis":%d,"toMillis":%d,
                 "images":64,"referenceImages":512,"verdict":"%s","attribution":null,"detectors":[]}""".formatted(encoder, 1_000L * second, 1_000L * second + 1_000, verdict));
    }

    @Test
    void excess_pValueOrScore_isOneAtTheThreshold() {
        assertThat(DriftView.excess(7, OptionalDouble.of(0.001), 0.001)).isCloseTo(1, within(1e-12));
        assertThat(DriftView.excess(7, OptionalDouble.of(1), 0.001)).isZero();
        assertThat(DriftView.excess(7, OptionalDouble.of(0), 0.001)).isCloseTo(4, within(1e-12));
        assertThat(DriftView.excess(3.5, OptionalDouble.empty(), 7)).isCloseTo(0.5, within(1e-12));
    }

    private void report(int second, double pValue, @Nullable String source) {
        add("""
                {"type":"report","schema":2,"run":"main","source":%s,"encoderVersion":4,"fromMillis":%d,"toMillis":%d,
                 "images":64,"referenceImages":512,"verdict":"%s","attribution":null,
                 "detectors":[{"name":"mmd","score":0.1,"pValue":%s,"threshold":0.001,"alarm":%s}]}""".formatted(
                        quoted(source),
                        1_000L * second,
                        1_000L * second + 1_000,
                        pValue < 0.001 ? "DRIFT" : "STABLE",
                        pValue,
                        pValue < 0.001));
    }

    private void alarm(String state, @Nullable String source, long from) {
        add("""
                {"type":"alarm","schema":2,"run":"main","source":%s,"state":"%s","windowFromMillis":%d,
                 "detectors":["mmd"],"note":"","atMillis":9}""".formatted(quoted(source), state, from));
    }

    private static String quoted(@Nullable String text) {
        return text == null ? "null" : "\"" + text + "\"";
    }

    private void add(String json) {
        view.add(Json.read(json.getBytes(StandardCharsets.UTF_8), DriftEvent.class));
    }
}
