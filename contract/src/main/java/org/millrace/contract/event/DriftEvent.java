package org.millrace.contract.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Optional;

/** A record of the topic {@code <run>.drift}: what a window of incoming images is, or what became of an alarm. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = DriftReport.class, name = "report"),
    @JsonSubTypes.Type(value = DriftAlarm.class, name = "alarm")
})
public sealed interface DriftEvent permits DriftReport, DriftAlarm {
    int SCHEMA = 2;

    String run();

    /** The source that is watched by itself; absent for all images together. */
    Optional<String> source();
}
