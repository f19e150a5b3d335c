package org.millrace.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.millrace.evaluator.learning.LearningReport;
import org.millrace.evaluator.learning.LearningReport.Figures;
import org.millrace.evaluator.learning.LearningReport.Row;

class LearningTextTest {
    @Test
    void of_revokedEncoder_itsRowsAreMarked() {
        OptionalDouble none = OptionalDouble.empty();
        Figures figures = new Figures(List.of(OptionalDouble.of(0.5)), none, none, none, none);
        LearningReport report = new LearningReport(
                LearningReport.SCHEMA,
                "main",
                "arrival",
                100,
                List.of(new LearningReport.Bucket("first", 50)),
                Optional.of(row(0)),
                List.of(Optional.of(row(4))),
                0,
                figures,
                figures,
                Optional.empty());
        assertThat(LearningText.of(report, Set.of(4L)).lines().filter(line -> line.endsWith("   revoked")))
                .hasSize(2)
                .allMatch(line -> line.startsWith("1                     4"));
        assertThat(LearningText.of(report, Set.of())).doesNotContain("revoked");
    }

    private static Row row(long version) {
        List<OptionalDouble> accuracy = List.of(OptionalDouble.of(0.5));
        return new Row(version, version, 10 * version, accuracy, accuracy);
    }
}
