package org.millrace.contract.event;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.millrace.contract.Count;

/** What computes a run's steps, in words: {@code PyTorch 2.5.1 on CPU, 2 threads}. The same bits are promised where they are equal. */
public final class EngineWords {
    private static final Pattern OLD = Pattern.compile(" on [cg]pu\\((\\d{0,9})\\), (\\d{1,9}) threads");

    private EngineWords() {}

    /**
     * @param library with its version
     * @param gpu its number; empty on the CPU
     */
    public static String of(String library, OptionalInt gpu, int threads) {
        return library + " on " + (gpu.isPresent() ? "GPU " + gpu.getAsInt() : "CPU") + ", "
                + Count.of(threads, "thread");
    }

    /** The words of a record in their present form: an older one has {@code on cpu(), 1 threads}. */
    public static String read(String recorded) {
        Matcher old = OLD.matcher(recorded);
        if (!old.find()) {
            return recorded;
        }
        OptionalInt gpu = old.group(1).isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(old.group(1)));
        return of(recorded.substring(0, old.start()), gpu, Integer.parseInt(old.group(2)))
                + recorded.substring(old.end());
    }
}
