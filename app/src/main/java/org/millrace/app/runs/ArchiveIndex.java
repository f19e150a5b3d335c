package org.millrace.app.runs;

import static org.millrace.contract.Check.check;

import java.util.Map;
import java.util.TreeMap;
import org.millrace.contract.kafka.LogIdentity;

/**
 * The last entry of an archive of a run: what it is of, and the digest of every other entry.
 *
 * @param format of the archive, {@value #FORMAT} now
 * @param step of its one checkpoint
 * @param imagesTopic on which the run trained
 * @param log the identity of that topic at its broker, to which every offset of images in the archive belongs
 * @param journalBefore records of the journal up to the plan of that step: the journal's offset that the checkpoint refers to, once the
 *     records are numbered from 0
 * @param keyStore whether a dictionary or memory bank is in it
 * @param exportedAtMillis Unix time
 * @param sha256 by entry, lower-case hexadecimal
 */
record ArchiveIndex(
        int format,
        String run,
        long step,
        String imagesTopic,
        LogIdentity log,
        long journalBefore,
        boolean keyStore,
        long exportedAtMillis,
        Map<String, String> sha256) {
    static final int FORMAT = 1;
    static final String ENTRY = "archive.json";
    static final String STATE = "state/";

    /** Of the run's topics, in the order in which they are written. */
    static final String TOPICS = "topics/";

    ArchiveIndex {
        check(format >= 1, "format must be at least 1, but was %d", format);
        check(RunFolder.isLegal(run), "run must be the name of a run, but was '%s'", run);
        check(
                journalBefore >= 0 && step >= 0,
                "step and journalBefore must not be negative: %d, %d",
                step,
                journalBefore);
        sha256 = new TreeMap<>(sha256);
        sha256.keySet()
                .forEach(entry -> check(
                        entry.matches("(state|topics)(/[A-Za-z0-9_][A-Za-z0-9._-]*)+"),
                        "an entry of an archive must have a plain name, but was '%s'",
                        entry));
    }
}
