package org.millrace.evaluator.protocol;

import java.util.List;

/** A way to say by labelled images how good an encoder is. A further one is a file, a name and a line here. */
public sealed interface Protocol
        permits LogisticProtocol,
                NeighboursProtocol,
                RidgeProtocol,
                LinearSgdProtocol,
                HiddenLayerProtocol,
                FineTuning {
    /** The scores of the exam's encoder, one for each network that was trained. Throws what the exam's progress throws. */
    List<ProtocolScore> score(Exam exam);

    static Protocol of(Name name) {
        return switch (name) {
            case LOGISTIC -> new LogisticProtocol();
            case KNN -> new NeighboursProtocol();
            case RIDGE -> new RidgeProtocol();
            case LINEAR_SGD -> new LinearSgdProtocol();
            case MLP -> new HiddenLayerProtocol();
            case FINETUNE_1 -> new FineTuning(1, 60);
            case FINETUNE_10 -> new FineTuning(10, 30);
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
