package org.millrace.server.dashboard;

import java.util.List;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.service.Role;

/** The answers that the page begins with: is it learning, has the world changed, has the model moved, is anything wrong. */
final class Answers {
    private static final String READING = "Reading the run's topics…";

    private Answers() {}

    /**
     * The answers at a moment, in the page's order.
     *
     * @param scores of the run's encoders that are not revoked, in the order in which they were scored
     * @param roles of this process
     * @param unusual workarounds of this process's self-test
     * @param disk of the run's folder on this machine
     */
    static List<Answer> of(
            RunFacts facts, List<Evaluation> scores, List<Role> roles, List<String> unusual, DiskSpace disk) {
        Answer trouble = Trouble.answer(facts, roles, unusual, disk);
        if (!facts.readUp()) {
            return List.of(
                    new Answer(Answer.Question.LEARNING, Answer.Tone.WAIT, READING, Progress.EVIDENCE),
                    new Answer(Answer.Question.WORLD, Answer.Tone.WAIT, READING, World.EVIDENCE),
                    new Answer(Answer.Question.MODEL, Answer.Tone.WAIT, READING, ModelMoved.EVIDENCE),
                    trouble);
        }
        return List.of(
                Progress.answer(facts.run().collapsed(), scores),
                World.answer(facts.windows(), facts.alarms()),
                ModelMoved.answer(facts.evaluation(), facts.encoders()),
                trouble);
    }
}
