package org.millrace.server.dashboard;

/** The metrics of a run of several trainers. */
final class RoundMetrics {
    private static final String SECONDS = "seconds";

    private RoundMetrics() {}

    static void add(RunMetrics metrics, Sections.Rounds rounds, long nowMillis) {
        metrics.counter("rounds", "rounds merged", rounds.merged());
        rounds.underWay().ifPresent(round -> underWay(metrics, rounds, round, nowMillis));
        rounds.usualSeconds()
                .ifPresent(seconds -> metrics.gauge(
                        "round.usual", "median time of the last 50 rounds, from deal to merge", SECONDS, seconds));
        metrics.gauge(
                "round.waiting",
                "share of the processes' time over the last 50 rounds in which they exchanged or waited, in [0, 1]",
                rounds.waiting());
        rounds.last().ifPresent(last -> {
            metrics.gauge("workers", "processes that computed the last round", last.workers());
            String help = "time that the steps of a slot of the last round took";
            last.medianSeconds().ifPresent(seconds -> metrics.gauge("slot", help, SECONDS, seconds, "which", "median"));
            last.slowestSeconds()
                    .ifPresent(seconds -> metrics.gauge("slot", help, SECONDS, seconds, "which", "slowest"));
            metrics.gauge("round.change.norm", "norm of the slots' mean change of the weights", last.change());
            metrics.gauge("outer.step.norm", "norm of what the outer step did to the weights", last.moved());
        });
        rounds.workers()
                .forEach(worker -> worker.imagesPerSecond()
                        .ifPresent(rate -> metrics.gauge(
                                "worker.images.per.second",
                                "images per second of the process while it computes, over the last 50 rounds",
                                null,
                                rate,
                                "worker",
                                worker.name())));
    }

    private static void underWay(
            RunMetrics metrics, Sections.Rounds rounds, Sections.RoundUnderWay round, long nowMillis) {
        double seconds = round.seconds(nowMillis);
        int open = round.dealt() - round.ready();
        boolean late = rounds.lateSeconds().isPresent()
                && seconds > rounds.lateSeconds().getAsDouble();
        metrics.gauge("round", "time since the round under way was dealt", SECONDS, seconds);
        metrics.gauge("slots.dealt", "slots of the round under way that were dealt images", round.dealt());
        metrics.gauge("slots.ready", "those of them that are computed", round.ready());
        metrics.gauge("slots.late", "those of them that are neither computed nor in time", late ? open : 0);
    }
}
