package org.millrace.server.embed;

import java.util.OptionalLong;

/**
 * Which features of its images a call asks for.
 *
 * @param version of the encoder; empty for the current one
 * @param space version to whose space they are mapped; empty for the encoder's own
 */
public record WantedFeatures(OptionalLong version, OptionalLong space) {}
