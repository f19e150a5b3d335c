package org.millrace.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.app.run.RunStatistics;
import org.millrace.contract.event.RoundMerged;

class TrainingDisplayTest {
    private final StringWriter out = new StringWriter();
    private final TrainingDisplay display =
            new TrainingDisplay(new PrintWriter(out), new RunStatistics(128), OptionalLong.empty());

    @Test
    void roundMerged_slotsOfSeveralProcesses_saysHowManyWereComputedHere() {
        display.slotComputed(12, 3);
        display.slotComputed(13, 0); // of the next round
        display.roundMerged(merged(12, 4));
        assertThat(out)
                .hasToString("round 12 is merged: 4 slots, 1 computed here; 5,120 images, up to step 5,200"
                        + System.lineSeparator());
        display.roundMerged(merged(13, 4));
        assertThat(out.toString().lines()).as("not every round of a second").hasSize(1);
    }

    private static RoundMerged merged(long round, int slots) {
        List<RoundMerged.Slot> each = IntStream.range(0, slots)
                .mapToObj(slot -> new RoundMerged.Slot(slot, 0, 1, "", "", "", 1_280, 0, List.of(), ""))
                .toList();
        return new RoundMerged(1, round, (round + 1) * 400, each, "", 0, 0, 0);
    }
}
