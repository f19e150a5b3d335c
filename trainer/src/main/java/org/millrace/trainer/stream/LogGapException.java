package org.millrace.trainer.stream;

import java.util.Map;
import org.millrace.contract.UserException;

/** Images that come next, or that a plan names, are no longer in the log: the user chooses what to do. */
public final class LogGapException extends UserException {
    private static final long serialVersionUID = 1;
    private static final String CHOICE = """

            Bring it back and start again, or choose with --on-gap:
              fail  (the default) stop here, as now; nothing is changed
              skip  go on with what the log holds; what is skipped is written to the run's journal, and audit counts it""";

    private final transient String what;
    private final transient Map<Integer, Long> diverged;

    /** @param diverged where the log, of a partition that lost its end, goes on differently */
    LogGapException(String what, Map<Integer, Long> diverged, Throwable cause) {
        super(what + CHOICE, cause);
        this.what = what;
        this.diverged = Map.copyOf(diverged);
    }

    public LogGapException(String what) {
        super(what + CHOICE);
        this.what = what;
        this.diverged = Map.of();
    }

    /** What is gone, in words, without the choice. */
    public String what() {
        return what;
    }

    /** Where the log, of a partition that lost its end, goes on differently. */
    public Map<Integer, Long> diverged() {
        return diverged;
    }
}
