package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.millrace.contract.kafka.LogIdentity;

/**
 * A trainer takes a run over, to go on after step {@code step}: from here on it alone writes the run's topics. The newest of these
 * records names the run's one writer.
 *
 * @param session differs at each start
 * @param writer host and process, for people
 * @param engine what bit-exactness is promised for: library, device, threads
 * @param log the topic images as it is at this start
 * @param configuration every key with its value, secrets masked
 * @param startedAtMillis Unix time
 */
public record RunStarted(
        int schema,
        long step,
        String session,
        String writer,
        String engine,
        LogIdentity log,
        Map<String, String> configuration,
        long startedAtMillis)
        implements JournalEvent {
    public RunStarted {
        check(step >= 0, "step must not be negative, but was %d", step);
        check(!session.isBlank(), "session must not be blank");
        engine = EngineWords.read(engine);
        configuration = new TreeMap<>(configuration);
    }

    /** A setting that is a number of at least 1; empty where this record lacks it or has something else, as a damaged or forged one may. */
    public OptionalInt count(String key) {
        String value = configuration.getOrDefault(key, "");
        try {
            int count = Integer.parseInt(value);
            return count < 1 ? OptionalInt.empty() : OptionalInt.of(count);
        } catch (NumberFormatException e) {
            return OptionalInt.empty();
        }
    }
}
