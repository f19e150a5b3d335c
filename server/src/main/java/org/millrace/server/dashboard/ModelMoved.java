package org.millrace.server.dashboard;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Against;
import org.millrace.contract.event.ModelDrift.Role;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.Standing;
import org.millrace.server.dashboard.Answer.Question;
import org.millrace.server.dashboard.Answer.Tone;

/** Has the model moved? By the neighbours of the anchor images under the newest scored encoder and under earlier ones. */
final class ModelMoved {
    static final String EVIDENCE = "encoders-title";

    private ModelMoved() {}

    static Answer answer(Optional<Evaluation> newest, RunFacts.Encoders encoders) {
        Optional<ModelDrift> drift = newest.flatMap(Evaluation::modelDrift);
        if (drift.isEmpty()) {
            return answer(Tone.WAIT, "Not known yet: that takes two scored encoders and anchor images.");
        }
        Evaluation score = newest.orElseThrow();
        ModelDrift found = drift.orElseThrow();
        Optional<Against> near = found.against(Role.PINNED)
                .or(() -> found.against(Role.CURRENT))
                .or(() -> found.against(Role.PREVIOUS))
                .or(() -> found.against(Role.FIRST));
        String moved = near.map(against -> String.format(
                        Locale.ROOT,
                        "Encoder %d replaces %.0f %% of an image's %d nearest neighbours against encoder %d",
                        score.version(),
                        100 * against.churn(),
                        found.neighbours(),
                        against.version()))
                .orElse("Encoder " + score.version() + " has no earlier one to compare with");
        String first = found.against(Role.FIRST)
                .filter(against -> near.isPresent() && near.get().version() != against.version())
                .map(against -> String.format(
                        Locale.ROOT, ", and %.0f %% against encoder %d", 100 * against.churn(), against.version()))
                .orElse("");
        String index = score.spaces().orElse(List.of()).stream()
                .filter(space -> space.raw().isPresent())
                .findFirst()
                .map(ModelMoved::index)
                .orElse("");
        if (encoders.held().orElse(false)) {
            return answer(Tone.WARN, "%s%s. It is held until it is accepted.", moved, first)
                    .and(index);
        }
        boolean within = score.standing().filter(Standing::budgeted).isPresent();
        return answer(
                        within ? Tone.GOOD : Tone.NOTE,
                        "%s%s%s.",
                        moved,
                        first,
                        within ? ", within the churn budget" : "")
                .and(index);
    }

    private static String index(SpaceScores scores) {
        return String.format(
                Locale.ROOT,
                "An index of encoder %d returns %.0f %% of its own neighbours to this one's queries%s.",
                scores.space(),
                100 * scores.raw().orElseThrow(),
                scores.adapter()
                        .map(adapter ->
                                String.format(Locale.ROOT, ", %.0f %% through the adapter", 100 * adapter.recall()))
                        .orElse(""));
    }

    private static Answer answer(Tone tone, String words, Object... values) {
        return new Answer(Question.MODEL, tone, String.format(Locale.ROOT, words, values), EVIDENCE);
    }
}
