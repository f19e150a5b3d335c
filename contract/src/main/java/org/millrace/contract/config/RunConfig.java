package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.nio.file.Path;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.Setting.Effect;

/** Which run this is, where it lives, and on what it computes. */
public record RunConfig(
        @Setting(value = "main", doc = "name of the run; its topics begin with it", effect = Effect.NONE)
        String name,

        @Setting(value = "1", doc = "seed of every random choice of the run", effect = Effect.STRUCTURE)
        long seed,

        @Setting(
                value = "millrace-data",
                doc = "folder of checkpoints, key store, probe set and embedded broker",
                effect = Effect.NONE)
        Path data,

        @Setting(value = "cpu", doc = "`cpu`, `gpu` or `gpu:i`", effect = Effect.NUMBERS)
        String device,

        @Setting(value = "0", doc = "threads of a tensor operation; 0 takes every core", effect = Effect.NUMBERS)
        int threads,

        @Setting(
                value = "",
                doc =
                        "log file, including the messages of all libraries; blank: `logs/COMMAND.log` in `run.data`. A second process that logs to it adds a number to the name",
                effect = Effect.NONE)
        String logFile) {
    public RunConfig {
        RunTopics legal = new RunTopics(name);
        check(legal.run().equals(name), "run.name must be legal, but was '%s'", name);
        check(device.matches("cpu|gpu(:\\d+)?"), "run.device must be cpu, gpu or gpu:i, but was '%s'", device);
        check(threads >= 0, "run.threads must not be negative, but was %d", threads);
    }

    public RunTopics topics() {
        return new RunTopics(name);
    }

    /** Folder of this run's own state. */
    public Path folder() {
        return data.resolve("runs").resolve(name);
    }

    public int effectiveThreads() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
