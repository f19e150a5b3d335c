package org.millrace.contract.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A record of the topic {@code <run>.evaluations}; those of older writers, which name no type, are evaluations. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type", defaultImpl = Evaluation.class)
@JsonSubTypes({
    @JsonSubTypes.Type(value = Evaluation.class, name = "evaluation"),
    @JsonSubTypes.Type(value = EncoderAccepted.class, name = "accepted"),
    @JsonSubTypes.Type(value = EncoderRevocation.class, name = "revocation")
})
public sealed interface EvaluationEvent permits Evaluation, EncoderAccepted, EncoderRevocation {
    long version();
}
