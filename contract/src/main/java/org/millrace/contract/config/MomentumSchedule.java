package org.millrace.contract.config;

/** The momentum of the momentum encoder (BYOL: target network) over the steps. */
public enum MomentumSchedule {
    /** The only one that an endless stream has: a cosine needs a last step. */
    CONSTANT,
    /** From the configured value to 1 at {@code optimiser.total-steps}. */
    COSINE
}
