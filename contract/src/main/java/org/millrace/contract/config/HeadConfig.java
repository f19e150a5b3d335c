package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** The projector behind the encoder, and BYOL's predictor behind the projector. */
public record HeadConfig(
        @Setting(value = "0", doc = "width of the projector's hidden layer; 0 takes the encoder's feature length")
        int projectorHidden,

        @Setting(value = "128", doc = "length of a query or key")
        int output,

        @Setting(value = "false", doc = "batch norm after the projector's hidden layer; BYOL always has it")
        boolean projectorBatchNorm,

        @Setting(value = "0", doc = "width of the predictor's hidden layer (BYOL); 0 takes the projector's")
        int predictorHidden) {
    public HeadConfig {
        check(projectorHidden >= 0, "head.projector-hidden must not be negative, but was %d", projectorHidden);
        check(output >= 2, "head.output must be at least 2, but was %d", output);
        check(predictorHidden >= 0, "head.predictor-hidden must not be negative, but was %d", predictorHidden);
    }
}
