package org.millrace.contract.event;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Health without labels after a step: of its batch's projections, and of the remembered keys.
 *
 * @param projections of one view of each image, where their numbers are finite; the encoder's features are healthy on another scale
 * @param alignment mean squared distance of the projections of an image's two views, in [0, 4], 0 where they agree; absent where the
 *     objective projects one view only
 * @param dictionary absent where the objective remembers no keys
 */
public record StepHealth(
        Optional<Health> projections, OptionalDouble alignment, Optional<DictionaryHealth> dictionary) {}
