package org.millrace.trainer.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.RoundsConfig;
import org.millrace.contract.config.RoundsConfig.Outer;
import org.millrace.contract.config.RoundsConfig.Precision;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.KeyBatch;

/** The fold by hand: two parameters, one batch norm, slots of 30 and 10 images. */
class FoldTest {
    private static final int STEPS = 2;

    private static RoundsConfig config(Outer outer) {
        return new RoundsConfig(2, STEPS, outer, 0.7, 0.5, Precision.FP32);
    }

    @Test
    void merged_noOuterStep_isTheMeanByImages() {
        GlobalState after = merge(before(new float[0]), Outer.NONE).state();
        // Δ̄ = ¾·(0.4, −0.8) + ¼·(0, 0.4) = (0.3, −0.5)
        assertThat(after.query().tensor("encoder.weight", 2)).containsExactly(new float[] {0.7f, 2.5f}, offset(1e-6f));
        assertThat(after.key().tensor("encoder.weight", 2)).containsExactly(new float[] {0.925f, 2}, offset(1e-6f));
        assertThat(after.outer()).isEmpty();
    }

    @Test
    void merged_momentum_isANesterovStep() {
        Fold.Merged merged = merge(before(new float[] {0.2f, 0}), Outer.MOMENTUM);
        // b = 0.5·(0.2, 0) + (0.3, −0.5) = (0.4, −0.5); the step 0.7·(Δ̄ + 0.5·b) = (0.35, −0.525)
        assertThat(merged.state().outer()).containsExactly(new float[] {0.4f, -0.5f}, offset(1e-6f));
        assertThat(merged.state().query().tensor("encoder.weight", 2))
                .containsExactly(new float[] {0.65f, 2.525f}, offset(1e-6f));
        assertThat(merged.change()).isCloseTo(Math.hypot(0.3, 0.5), offset(1e-6));
        assertThat(merged.moved()).isCloseTo(Math.hypot(0.35, 0.525), offset(1e-6));
    }

    @Test
    void merged_batchNorm_hasMeanAndVarianceOfAllImages() {
        GlobalState after = merge(before(new float[0]), Outer.NONE).state();
        // means 1 and 3, variances 2 and 4: mean 1.5; variance ¾·(2 + 1) + ¼·(4 + 9) − 2.25 = 3.25
        assertThat(after.query().tensor("encoder.bn.running_mean", 1))
                .containsExactly(new float[] {1.5f}, offset(1e-6f));
        assertThat(after.query().tensor("encoder.bn.running_var", 1))
                .containsExactly(new float[] {3.25f}, offset(1e-6f));
    }

    @Test
    void merged_dictionary_hasTheNewestKeysInTheOrderOfStepThenSlot() {
        GlobalState after = merge(before(new float[0]), Outer.NONE).state();
        assertThat(after.dictionary().stream().map(KeyBatch::step)).containsExactly(9L, 1L, 3L, 2L, 4L);
        assertThat(after.dictionary().get(0).keys()).containsExactly(92, 93); // of four keys the newest two fit
        assertThat(after.keySequence()).isEqualTo(100 + 8);
    }

    @Test
    void merged_counts_areThoseOfAllSlots() {
        GlobalState after = merge(before(new float[0]), Outer.NONE).state();
        assertThat(after.round()).isEqualTo(6);
        assertThat(after.imagesTrained()).isEqualTo(1_040);
        assertThat(after.imagesRejected()).isEqualTo(8);
        assertThat(GlobalState.parse(after.toBytes()).digest()).isEqualTo(after.digest());
    }

    @Test
    void merged_noImageTrained_leavesTheWeights() {
        GlobalState before = before(new float[0]);
        List<Contribution> none = slots().stream().map(FoldTest::empty).toList();
        GlobalState after = new Fold(config(Outer.NONE), 10)
                .merged(before, deal(), draft(), none)
                .state();
        assertThat(after.query().toBytes()).isEqualTo(before.query().toBytes());
    }

    private static Fold.Merged merge(GlobalState before, Outer outer) {
        return new Fold(config(outer), 10).merged(before, deal(), draft(), slots());
    }

    private static Contribution empty(Contribution full) {
        var account = new Contribution.Account(5, full.account().slot(), 0, 0, List.of(), List.of(), 0);
        return new Contribution(
                account, change(0, 0), change(0, 0), full.queryStatistics(), full.keyStatistics(), List.of());
    }

    private static GlobalState before(float[] outer) {
        return new GlobalState(
                5,
                0,
                1_000,
                5,
                Supply.WHOLE,
                network(1, 2, 0, 1),
                network(1, 2, 0, 1),
                outer,
                List.of(keys(9, 4)),
                100);
    }

    private static List<Contribution> slots() {
        return List.of(
                new Contribution(
                        account(0, 30),
                        change(0.4f, -0.8f),
                        change(0.1f, 0),
                        new float[] {1, 2},
                        new float[] {1, 2},
                        List.of(keys(1, 2), keys(2, 2))),
                new Contribution(
                        account(1, 10),
                        change(0, 0.4f),
                        change(0, 0),
                        new float[] {3, 4},
                        new float[] {3, 4},
                        List.of(keys(3, 2), keys(4, 2))));
    }

    private static byte[] change(float first, float second) {
        return Change.between(new float[] {first, second}, new float[2], Precision.FP32);
    }

    private static Contribution.Account account(int slot, long images) {
        return new Contribution.Account(5, slot, images, 3L * slot, List.of(), List.of(), 4);
    }

    private static RoundDealt deal() {
        return new RoundDealt(
                1,
                5,
                0,
                List.of(List.of(new OffsetRange(0, 0, 30)), List.of(new OffsetRange(0, 30, 43))),
                new LogIdentity("cluster", "topic"),
                0);
    }

    private static RoundMerged draft() {
        return new RoundMerged(
                1,
                5,
                4,
                List.of(
                        new RoundMerged.Slot(0, 0, 1, "a", "sha", "bits", 30, 0, List.of(), "cpu"),
                        new RoundMerged.Slot(1, 0, 1, "b", "sha", "bits", 10, 3, List.of(), "cpu")),
                "",
                0,
                0,
                0);
    }

    private static Safetensors network(float first, float second, float mean, float variance) {
        return new Safetensors.Builder()
                .add("encoder.weight", new long[] {2}, new float[] {first, second})
                .add("encoder.bn.running_mean", new long[] {1}, new float[] {mean})
                .add("encoder.bn.running_var", new long[] {1}, new float[] {variance})
                .build();
    }

    // keys of one number each: ten times the step, and counted on
    private static KeyBatch keys(long step, int count) {
        float[] rows = new float[count];
        for (int i = 0; i < count; i++) {
            rows[i] = 10 * step + i;
        }
        return new KeyBatch(
                step,
                1,
                rows,
                IntStream.range(0, count).mapToObj(i -> new ImageOffset(0, i)).toList());
    }
}
