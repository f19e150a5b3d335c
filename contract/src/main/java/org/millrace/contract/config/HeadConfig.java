package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** The projector behind the encoder, and the predictor behind the projector (BYOL, MoCo v3). */
public record HeadConfig(
        @Setting(
                value = "0",
                doc =
                        "linear layers of the projector, 1 to 4; 0 takes the objective's own: 1 for moco-v1 and memory-bank, else 2",
                effect = Effect.STRUCTURE)
        int layers,

        @Setting(
                value = "0",
                doc = "width of the projector's hidden layers; 0 takes the encoder's feature length",
                effect = Effect.STRUCTURE)
        int projectorHidden,

        @Setting(value = "128", doc = "length of a query or key", effect = Effect.STRUCTURE)
        int output,

        @Setting(
                value = "false",
                doc = "batch norm after the projector's hidden layers; byol, simclr and moco-v3 always have it",
                effect = Effect.STRUCTURE)
        boolean projectorBatchNorm,

        @Setting(
                value = "false",
                doc =
                        "batch norm after the projector's last layer too; simclr always has it, moco-v3 without scale and shift",
                effect = Effect.STRUCTURE)
        boolean lastBatchNorm,

        @Setting(
                value = "0",
                doc = "width of the predictor's hidden layer (byol, moco-v3); 0 takes the projector's",
                effect = Effect.STRUCTURE)
        int predictorHidden) {
    public HeadConfig {
        check(layers >= 0 && layers <= 4, "head.layers must be in [0, 4], but was %d", layers);
        check(projectorHidden >= 0, "head.projector-hidden must not be negative, but was %d", projectorHidden);
        check(output >= 2, "head.output must be at least 2, but was %d", output);
        check(predictorHidden >= 0, "head.predictor-hidden must not be negative, but was %d", predictorHidden);
    }
}
