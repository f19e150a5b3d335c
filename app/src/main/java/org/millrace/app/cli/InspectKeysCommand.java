package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DictionaryHealth.Ages;
import org.millrace.keystore.KeyStatistics;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.MemoryBank;
import org.millrace.trainer.run.RunFolders;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Fill, ages and size of the dictionary of keys or memory bank. Works while a trainer writes to it. */
@Command(
        name = "keys",
        mixinStandardHelpOptions = true,
        description = "Show the dictionary of keys: capacity, fill, ages, size on disk.")
final class InspectKeysCommand implements Runnable {
    private static final int BAR = 40;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig own = options.config(Map.of(), run.assignments());
        MillraceConfig config = RunFolders.checkpoints(own)
                .newestState()
                .map(state -> options.over(own, state.configuration(), run.assignments()))
                .orElse(own);
        Path dictionary = RunFolders.keys(config);
        Path bank = RunFolders.bank(config);
        if (!Files.isDirectory(dictionary) && !Files.isDirectory(bank)) {
            throw new UserException("run " + config.run().name() + " has no key store: there is no folder "
                    + dictionary + " and no folder " + bank
                    + ". Name another run with --run NAME or another folder with --set run.data=FOLDER.");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (Files.isDirectory(dictionary)) {
            try (KeyStore keys = KeyStore.openReadOnly(dictionary)) {
                print(out, keys.statistics(config.moco().queueSize(), 0));
            }
        }
        if (Files.isDirectory(bank)) {
            try (MemoryBank rows = MemoryBank.openReadOnly(bank)) {
                print(out, rows);
            }
        }
        out.flush();
    }

    private static void print(PrintWriter out, MemoryBank bank) {
        out.println(String.format(
                Locale.ROOT,
                "bank       %,d of %,d rows, %d numbers each, %,d writes",
                bank.size(),
                bank.settings().capacity(),
                bank.settings().dimension(),
                bank.newestSequence()));
        long[] steps = bank.steps();
        if (steps.length > 0) {
            Ages ages = Ages.at(LongStream.of(steps).max().orElseThrow(), steps);
            out.println(String.format(
                    Locale.ROOT,
                    "age        %.0f steps (median), the oldest %,d, before the newest row",
                    ages.median(),
                    ages.oldest()));
        }
    }

    private static void print(PrintWriter out, KeyStatistics statistics) {
        out.println("topic      " + statistics.topic());
        out.println(String.format(
                Locale.ROOT,
                "dictionary %,d of %,d keys (%.0f %%), %d numbers each",
                statistics.fill(),
                statistics.capacity(),
                100.0 * statistics.fill() / statistics.capacity(),
                statistics.dimension()));
        out.println("appended   " + Count.of(statistics.newestSequence(), "key") + ", " + statistics.storedKeys()
                + " stored");
        out.println(String.format(Locale.ROOT, "disk       %.1f MiB", statistics.diskBytes() / 1024.0 / 1024));
        if (statistics.fill() > 0) {
            out.println("steps      " + statistics.oldestStep() + " to " + statistics.newestStep());
            out.println("age in steps");
            for (KeyStatistics.AgeBucket bucket : statistics.ages()) {
                int length = (int) Math.round((double) BAR * bucket.keys() / statistics.fill());
                out.println(String.format(
                        Locale.ROOT,
                        "  %5d to %-5d %,8d %s",
                        bucket.from(),
                        bucket.to() - 1,
                        bucket.keys(),
                        "#".repeat(length)));
            }
        }
    }
}
