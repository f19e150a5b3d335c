/**
 * The registry of a run's published encoders: how they lie on {@code <run>.encoders}, which of them is current, held or revoked by the
 * events on {@code <run>.evaluations}, and a watch over both. Trainer, evaluator, drift and server use it.
 */
@NullMarked
package org.millrace.contract.registry;

import org.jspecify.annotations.NullMarked;
