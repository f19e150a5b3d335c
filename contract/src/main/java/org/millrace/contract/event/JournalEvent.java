package org.millrace.contract.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A record of the topic {@code <run>.steps}: what a step will do, what it did, who computes the following ones, or where they go on. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = StepPlan.class, name = "plan"),
    @JsonSubTypes.Type(value = StepDone.class, name = "done"),
    @JsonSubTypes.Type(value = RunStarted.class, name = "start"),
    @JsonSubTypes.Type(value = StreamSkipped.class, name = "skip"),
    @JsonSubTypes.Type(value = RoundDealt.class, name = "deal"),
    @JsonSubTypes.Type(value = RoundMerged.class, name = "merge")
})
public sealed interface JournalEvent permits StepPlan, StepDone, RunStarted, StreamSkipped, RoundDealt, RoundMerged {
    int SCHEMA = 1;

    long step();
}
