package org.millrace.evaluator.protocol;

import java.util.List;

/** A way to measure an encoder by labelled images. To add one: a class, a name and a line here. */
public sealed interface ProbeProtocol
        permits LogisticProtocol,
                NeighboursProtocol,
                RidgeProtocol,
                LinearSgdProtocol,
                HiddenLayerProtocol,
                FineTuning {
    /** The scores of the benchmark's encoder, one for each network that is trained. Throws what the benchmark's progress throws. */
    List<ProtocolScore> score(Benchmark benchmark);

    static ProbeProtocol of(Name name) {
        return switch (name) {
            case LOGISTIC -> new LogisticProtocol();
            case KNN -> new NeighboursProtocol();
            case RIDGE -> new RidgeProtocol();
            case LINEAR_SGD -> new LinearSgdProtocol();
            case MLP -> new HiddenLayerProtocol();
            case FINETUNE_1 -> new FineTuning(1, 60, 200);
            case FINETUNE_10 -> new FineTuning(10, 30, 200);
        };
    }

    /** The names of the protocols, in lower case with hyphens on the command line. */
    enum Name {
        LOGISTIC,
        KNN,
        RIDGE,
        LINEAR_SGD,
        MLP,
        FINETUNE_1,
        FINETUNE_10
    }
}
