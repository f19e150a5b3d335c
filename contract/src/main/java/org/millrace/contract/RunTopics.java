package org.millrace.contract;

import static org.millrace.contract.Check.check;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** The topics that belong to one run; their names begin with the run's name. */
public record RunTopics(String run) {
    private static final String LEGAL = "[a-zA-Z0-9_-]{1,64}";
    private static final String STEPS = ".steps";

    public RunTopics {
        check(run.matches(LEGAL), "run.name must match %s, but was '%s'", LEGAL, run);
    }

    /** Whether a run may have that name. */
    public static boolean isName(String text) {
        return text.matches(LEGAL);
    }

    /** The runs that have a journal among these topics. A topic of another program may end like one: a run has one of encoders too. */
    public static List<RunTopics> among(Collection<String> topics) {
        return topics.stream()
                .filter(topic -> topic.endsWith(STEPS))
                .map(topic -> topic.substring(0, topic.length() - STEPS.length()))
                .filter(name -> isName(name) && topics.contains(name + ".encoders"))
                .sorted()
                .map(RunTopics::new)
                .toList();
    }

    /** Journal of plans and metrics: one partition, JSON. */
    public String steps() {
        return run + STEPS;
    }

    /** Which slots of the present round have been computed, of a run of several trainers: a partition for each slot, JSON. */
    public String slots() {
        return run + ".slots";
    }

    /** What the slots computed, in chunks: a partition for each slot. */
    public String work() {
        return run + ".work";
    }

    /** The merged state, every few rounds, in chunks with a manifest each: one partition, compacted. */
    public String globals() {
        return run + ".globals";
    }

    /** Encoders' weights in chunks with a manifest each: one partition, compacted. */
    public String encoders() {
        return run + ".encoders";
    }

    /** Adapters from encoders' features to the spaces of others, in chunks with a manifest each: one partition, compacted. */
    public String spaces() {
        return run + ".spaces";
    }

    /** Embeddings of incoming images: as many partitions as these, bytes. */
    public String embeddings() {
        return run + ".embeddings";
    }

    /** Scores of published encoders: one partition, JSON. */
    public String evaluations() {
        return run + ".evaluations";
    }

    /** Features of incoming images under the frozen encoder: one partition, bytes, the newest gigabyte. */
    public String statistics() {
        return run + ".statistics";
    }

    /** What each window of incoming images is against the reference, and alarms: one partition, JSON. */
    public String drift() {
        return run + ".drift";
    }

    /** What people order about drift: one partition, JSON. */
    public String driftOrders() {
        return run + ".drift-orders";
    }

    /** Every topic that a run may have, by name. */
    public List<String> all() {
        return Stream.of(
                        steps(),
                        slots(),
                        work(),
                        globals(),
                        encoders(),
                        spaces(),
                        embeddings(),
                        evaluations(),
                        statistics(),
                        drift(),
                        driftOrders())
                .sorted()
                .toList();
    }
}
