package org.millrace.app.run;

import java.time.Clock;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.EvaluationListener;
import org.millrace.evaluator.Evaluator;
import org.millrace.evaluator.TorchEmbedders;

/** An evaluator that scores every encoder as it is published. */
public final class EvaluatorService implements Services.Service {
    private final Evaluator evaluator;

    public EvaluatorService(MillraceConfig config, KafkaSettings kafka, EvaluationListener listener) {
        this.evaluator = open(config, kafka, listener);
    }

    /** An evaluator on this process's PyTorch; creates missing topics of the run. The caller closes it. */
    public static Evaluator open(MillraceConfig config, KafkaSettings kafka, EvaluationListener listener) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.require(config.images().probeTopic());
            if (config.guard().hasOldProbe()) {
                topics.require(config.guard().oldProbe());
            }
            topics.ensureRun(config.run().topics());
            topics.ensureSpaces(config.run().topics());
        }
        Torch torch = Torch.start(config.run());
        return new Evaluator(
                config,
                kafka,
                new TorchEmbedders(torch, config.encoder(), config.images()),
                listener,
                Clock.systemUTC());
    }

    @Override
    public void run() {
        evaluator.run();
    }

    @Override
    public void stop() {
        evaluator.close();
    }
}
