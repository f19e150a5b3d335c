package org.millrace.evaluator.space;

import java.util.Optional;
import org.millrace.contract.event.SpaceScores;
import org.millrace.numerics.AffineMap;

/**
 * What came of fitting an adapter.
 *
 * @param map the adapter; absent where the scores say why there is none
 */
public record SpaceFit(SpaceScores scores, Optional<AffineMap> map) {}
