package org.millrace.contract.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A record of the topic {@code <run>.steps}: what a step will do, or what it did. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = StepPlan.class, name = "plan"),
    @JsonSubTypes.Type(value = StepDone.class, name = "done")
})
public sealed interface JournalEvent permits StepPlan, StepDone {
    int SCHEMA = 1;

    long step();
}
