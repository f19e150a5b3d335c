package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** How much of a disk a data folder may take, and so what gives way. */
public record DiskConfig(
        @Setting(
                value = "0",
                doc =
                        "MiB that the embedded broker's folder may take: above them the oldest images go that every run has trained. Images that wait never go; 0: no budget",
                effect = Effect.NONE)
        int brokerMib,

        @Setting(
                value = "0",
                doc =
                        "MiB that a run's own folder may take: above them the oldest checkpoints go, all but the newest; 0: no budget",
                effect = Effect.NONE)
        int runMib) {
    /** Without budgets. */
    public static final DiskConfig NONE = new DiskConfig(0, 0);

    private static final int LEAST_BROKER = 512;
    private static final long MEBIBYTE = 1L << 20;

    public DiskConfig {
        check(
                brokerMib == 0 || brokerMib >= LEAST_BROKER,
                "disk.broker-mib must be 0, or at least %d since the broker frees its files in pieces of 32 MiB, but was %d",
                LEAST_BROKER,
                brokerMib);
        check(runMib >= 0, "disk.run-mib must not be negative, but was %d", runMib);
    }

    public long brokerBytes() {
        return brokerMib * MEBIBYTE;
    }

    public long runBytes() {
        return runMib * MEBIBYTE;
    }
}
