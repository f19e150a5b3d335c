package org.millrace.contract.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A record of the topic {@code <run>.slots}: a contribution that is ready, which at first was the only kind and had no type; or a request. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type", defaultImpl = SlotReady.class)
@JsonSubTypes({
    @JsonSubTypes.Type(value = SlotReady.class, name = "ready"),
    @JsonSubTypes.Type(value = SlotsWanted.class, name = "wanted")
})
public sealed interface SlotRecord permits SlotReady, SlotsWanted {}
