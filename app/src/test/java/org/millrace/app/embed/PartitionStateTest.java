package org.millrace.app.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.app.embed.PartitionState.Backfill;
import org.millrace.contract.UserException;

final class PartitionStateTest {
    @Test
    void by_anotherEncoder_beginsABackfillThatEndsAtThePosition() {
        PartitionState first = PartitionState.NEW.by(0, 50, Optional.of(end -> 0));
        assertThat(first.backfill()).as("nothing was embedded before").isEmpty();
        PartitionState changed = first.by(400, 100, Optional.of(end -> end - 30));
        assertThat(changed.backfill()).hasValue(new Backfill(70, 70, 100));
        assertThat(changed.by(400, 120, Optional.of(end -> 0)))
                .as("the same encoder")
                .isEqualTo(changed);
        PartitionState half = changed.backfilledTo(90);
        assertThat(half.by(800, 120, Optional.of(end -> 40)).backfill())
                .as("a newer one begins again")
                .hasValue(new Backfill(40, 40, 120));
        assertThat(half.by(800, 120, Optional.empty()).backfill()).isEmpty();
        assertThat(half.backfilledTo(130).backfill()).as("done").isEmpty();
    }

    @Test
    void text_ofAnyState_isReadBack() {
        PartitionState with = PartitionState.NEW
                .by(0, 5, Optional.empty())
                .by(400, 100, Optional.of(end -> 10))
                .backfilledTo(40);
        assertThat(PartitionState.of(with.text())).isEqualTo(with);
        PartitionState without = PartitionState.NEW.by(7, 5, Optional.empty());
        assertThat(PartitionState.of(without.text())).isEqualTo(without);
        assertThat(PartitionState.of(PartitionState.NEW.text())).isEqualTo(PartitionState.NEW);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "encoder=", "encoder=4 backfill=1:2", "encoder=99999999999999999999"})
    void of_metadataOfOthers_isANewPartitions(String metadata) {
        assertThat(PartitionState.of(metadata)).isEqualTo(PartitionState.NEW);
    }

    @Test
    void of_aBackfillThatCannotBe_keepsTheEncoderAlone() {
        assertThat(PartitionState.of("encoder=4 backfill=9:2-5"))
                .isEqualTo(PartitionState.NEW.by(4, 0, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource({"none,100,4,100", "all,100,4,0", "newest:40,100,4,90", "newest:41,100,4,89", "newest:999,100,4,0"})
    void depth_isSharedByThePartitions(String text, long end, int partitions, long from) {
        assertThat(BackfillDepth.of(text).from(end, partitions)).isEqualTo(from);
    }

    @Test
    void policies_areReadBackAndHaveGroupsOfTheirOwn() {
        for (String text : new String[] {"current", "pinned:400", "space:0"}) {
            assertThat(StreamPolicy.of(text)).hasToString(text);
        }
        assertThat(StreamPolicy.of("pinned:400").group("main")).isEqualTo("millrace-embed-main-pinned-400");
        assertThatThrownBy(() -> StreamPolicy.of("newest"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("current, pinned:VERSION or space:VERSION, but was 'newest'");
        assertThatThrownBy(() -> BackfillDepth.of("newest:0")).hasMessageContaining("none, newest:N or all");
    }
}
