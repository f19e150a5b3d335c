package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.SettingChanges.Change;

class SettingChangesTest {
    @Test
    void between_sameSettings_none() {
        assertThat(SettingChanges.between(settings(), settings()).isEmpty()).isTrue();
    }

    @Test
    void between_otherObjectiveAndRate_structuralAndNot() {
        SettingChanges changes = SettingChanges.between(
                settings(), settings("trainer.objective=byol", "optimiser.learning-rate=0.5", "http.port=1"));
        assertThat(changes.structural()).containsExactly(new Change("trainer.objective", "moco-v2", "byol"));
        assertThat(changes.others()).containsExactly(new Change("optimiser.learning-rate", "0.03", "0.5"));
        assertThat(changes.structural().get(0)).hasToString("trainer.objective: moco-v2 → byol");
    }

    @Test
    void between_whatIsOfTheProcess_isNoChange() {
        assertThat(SettingChanges.between(
                                settings(),
                                settings(
                                        "run.data=elsewhere",
                                        "trainer.publish-every-steps=7",
                                        "trainer.on-gap=skip",
                                        "evaluator.neighbours=7",
                                        "kafka.client.id=x"))
                        .isEmpty())
                .isTrue();
    }

    @Test
    void between_otherTeacher_structuralOnlyInAMergedState() {
        SettingChanges alone = SettingChanges.between(
                settings(), settings("guard.teacher=pinned:400", "guard.budget=2", "guard.old-probe=old"));
        assertThat(alone.structural()).isEmpty();
        assertThat(alone.others()).containsExactly(new Change("guard.teacher", "none", "pinned:400"));
        SettingChanges slots = SettingChanges.between(
                settings("rounds.slots=4"), settings("rounds.slots=4", "guard.teacher=initial", "guard.hidden=9"));
        assertThat(slots.structural()).extracting(Change::key).containsExactly("guard.hidden", "guard.teacher");
    }

    @Test
    void between_keyThatTheRunsReleaseDidNotHave_hadTodaysDefault() {
        Map<String, String> older = settings();
        older.remove("replay.policy");
        assertThat(SettingChanges.between(older, settings()).isEmpty()).isTrue();
        assertThat(SettingChanges.between(older, settings("replay.policy=fifo")).structural())
                .containsExactly(new Change("replay.policy", "none", "fifo"));
    }

    /** Releases before the key compared features as they are; a run without a guard does not see the difference. */
    @Test
    void between_guardOfAReleaseWithoutCentring_wasNotCentred() {
        Map<String, String> older = settings("guard.teacher=initial");
        older.remove("guard.centred");
        assertThat(SettingChanges.between(older, settings("guard.teacher=initial"))
                        .others())
                .containsExactly(new Change("guard.centred", "false", "true"));
        assertThat(SettingChanges.between(older, settings("guard.teacher=initial", "guard.centred=false"))
                        .isEmpty())
                .isTrue();
        Map<String, String> unguarded = settings("guard.weight=1");
        unguarded.remove("guard.centred");
        assertThat(SettingChanges.between(unguarded, settings("guard.hidden=7")).isEmpty())
                .isTrue();
    }

    @Test
    void between_keyOfAnotherRelease_countsAsItsGroupDoes() {
        Map<String, String> other = settings();
        other.putAll(Map.of("encoder.was", "1", "trainer.was", "2", "drift.was", "3", "gone.was", "4", "kafka.x", "5"));
        SettingChanges changes = SettingChanges.between(other, settings());
        assertThat(changes.structural()).extracting(Change::key).containsExactly("encoder.was");
        assertThat(changes.others()).extracting(Change::key).containsExactly("trainer.was");
    }

    @ParameterizedTest
    @ValueSource(strings = {"replay.policy=min-red", "replay.policy=two-tier replay.fresh-share=0.25"})
    void between_prefetchWhereTheBufferLearns_isStructural(String policy) {
        assertThat(SettingChanges.between(settings(), settings("trainer.prefetch-batches=3"))
                        .structural())
                .isEmpty();
        assertThat(SettingChanges.between(
                                settings(policy.split(" ")),
                                settings((policy + " trainer.prefetch-batches=3").split(" ")))
                        .structural())
                .containsExactly(new Change("trainer.prefetch-batches", "2", "3"));
    }

    private static Map<String, String> settings(String... assignments) {
        return new TreeMap<>(ConfigLoader.effective(
                new ConfigLoader().assignments(List.of(assignments)).load()));
    }
}
