package org.millrace.server.dashboard;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.OldDomain;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.service.Role;
import org.millrace.encoder.selftest.SelfTest;

/**
 * A run's state in the text format of Prometheus. Unknown values have no line. Everything but roles and self-test comes from the topics, so
 * it is right wherever the run is trained. docs/metrics.md lists every name.
 */
final class RunMetrics {
    private static final String SECONDS = "seconds";
    private static final double MILLIS = 1_000;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private RunMetrics(RunFacts facts, long nowMillis, List<Role> roles, DiskSpace disk) {
        registry.config().commonTags("run", facts.run().name());
        for (Role role : roles) {
            gauge(
                    "role.up",
                    "1 while the role of this process runs or has finished, 0 while it has failed",
                    null,
                    role.state() == Role.State.RUNNING || role.state() == Role.State.ENDED ? 1 : 0,
                    "role",
                    role.name());
            gauge(
                    "role.failures",
                    "failures of the role of this process since the start",
                    null,
                    (double) role.failures(),
                    "role",
                    role.name());
        }
        DiskMetrics.add(this, disk);
        boolean brokerAnswers = facts.brokerAnswers(nowMillis);
        gauge(
                "self.test.unusual",
                "workarounds that this process uses because the self-test failed; /readyz names them",
                SelfTest.unusual().size());
        gauge("broker.up", "1 if the broker answers, else 0", brokerAnswers ? 1 : 0);
        gauge(
                "topics.read.ratio",
                "share of the topics' history that has been read; below 1 the run's own metrics are absent",
                facts.run().reading().orElse(1));
        facts.run()
                .unreadable()
                .forEach((topic, count) -> gauge(
                        "records.unreadable",
                        "records of the topic skipped because they cannot be read",
                        null,
                        count.doubleValue(),
                        "topic",
                        topic));
        if (facts.readUp()) {
            facts.run()
                    .start()
                    .ifPresent(start -> gauge(
                            "trainer.info",
                            "1; library, device and threads of the trainer, and its self-test's workarounds",
                            null,
                            1,
                            "engine",
                            start.engine()));
            stream(facts, brokerAnswers);
            facts.rounds().ifPresent(rounds -> RoundMetrics.add(this, rounds, nowMillis));
            facts.newest().ifPresent(step -> learning(facts, step));
            dictionary(facts);
            encoders(facts);
            drift(facts);
        }
    }

    /** The response to {@code GET /metrics}. */
    static String text(RunFacts facts, long nowMillis, List<Role> roles, DiskSpace disk) {
        RunMetrics metrics = new RunMetrics(facts, nowMillis, roles, disk);
        try {
            return metrics.registry.scrape();
        } finally {
            metrics.registry.close();
        }
    }

    private void stream(RunFacts facts, boolean brokerAnswers) {
        if (brokerAnswers) { // without it the log's ends are out of date
            facts.stream().lag().ifPresent(lag -> gauge("images.lag", "images behind the last trained one", lag));
        }
        if (facts.newest().isPresent()) {
            gauge(
                    "batch.images",
                    "images per step, with several trainers per round; with fewer the trainer waits",
                    (double) facts.batchImages());
            counter(
                    "images.trained",
                    "images of the stream trained so far, each once",
                    facts.run().images());
            counter(
                    "images.rejected",
                    "images of the stream rejected by the trainer so far",
                    facts.run().rejected());
            facts.run()
                    .gate()
                    .ifPresent(gate -> counter(
                            "images.skipped", "images of the stream that the gate skipped so far", gate.skipped()));
            gauge(
                    "views.other.frames",
                    "share of the last steps' second views that were made from another frame, in [0, 1]",
                    facts.run().otherFrames());
        }
    }

    private void learning(RunFacts facts, StepPoint step) {
        counter("steps", "steps done", step.step());
        gauge("last.step.timestamp", "Unix time of the last step's end", SECONDS, step.timeMillis() / MILLIS);
        gauge(
                "replay.fresh.share",
                "share of the last step's batch meant for new and short-term images",
                step.freshShare());
        gauge("loss", "loss of the last step", step.loss());
        gauge("learning.rate", "learning rate of the last step", step.learningRate());
        gauge(
                "guard.distance",
                "half of 1 - cosine between the predicted and the guard's teacher's features, summed over the last step's views",
                step.guard());
        gauge("momentum", "momentum of the momentum encoder (BYOL: target network) at the last step", step.momentum());
        gauge("projection.spread", "spread of the last step's projections in [0, 1]", step.spread());
        if (step.spread().isPresent()) {
            gauge(
                    "collapsed",
                    "1 if projections have had no spread for many steps, else 0",
                    facts.run().collapsed() ? 1 : 0);
        }
        stages("computing", facts.stages().computing());
        stages("preparing", facts.stages().preparing());
    }

    private void stages(String part, List<Sections.Stage> stages) {
        stages.forEach(stage -> gauge(
                "step",
                "mean time of a stage over the last steps; preparing stages run in parallel with computing ones",
                SECONDS,
                stage.millis() / MILLIS,
                "part",
                part,
                "stage",
                stage.name()));
    }

    private void dictionary(RunFacts facts) {
        Sections.Dictionary dictionary = facts.dictionary();
        if (dictionary.capacity() > 0 && facts.newest().isPresent()) {
            gauge("dictionary.keys", "keys that the dictionary holds", (double) dictionary.filled());
            gauge("dictionary.capacity", "keys that the dictionary can hold", (double) dictionary.capacity());
        }
        gauge("dictionary.age.steps", "mean age of the remembered keys in steps", dictionary.meanAgeSteps());
        gauge(
                "dictionary.consistency",
                "mean cosine of remembered keys with the current network's keys of the same views",
                dictionary.consistency());
    }

    private void encoders(RunFacts facts) {
        gauge(
                "encoder.version",
                "newest published encoder",
                number(facts.encoders().published()));
        gauge(
                "encoder.current.version",
                "newest encoder that is scored and not held",
                number(facts.encoders().current()));
        facts.encoders()
                .held()
                .ifPresent(held -> gauge(
                        "encoder.held",
                        "1 if the newest scored encoder is held, else 0",
                        Boolean.TRUE.equals(held) ? 1 : 0));
        facts.evaluation().ifPresent(score -> {
            String probes = "accuracy of the newest scored encoder on the probe's held-out half, in [0, 1]";
            gauge("probe.accuracy", probes, null, score.linear().accuracy(), "probe", "linear");
            gauge("probe.accuracy", probes, null, score.neighbours().accuracy(), "probe", "knn");
        });
        facts.evaluation().flatMap(Evaluation::oldDomain).ifPresent(this::oldDomain);
        facts.evaluation().ifPresent(this::indexes);
        Optional<Health> health = facts.evaluation().flatMap(score -> score.health());
        health.ifPresent(found -> {
            gauge("rankme", "RankMe of the newest scored encoder's features", found.rankMe());
            gauge("uniformity", "uniformity of the newest scored encoder's features", found.uniformity());
        });
    }

    /** What the newest scored encoder still knows of the domain that the run came from. */
    private void oldDomain(OldDomain old) {
        String probes = "accuracy of the newest scored encoder on guard.old-probe's held-out half, in [0, 1]";
        gauge("old.probe.accuracy", probes, null, old.linear().accuracy(), "probe", "linear");
        gauge("old.probe.accuracy", probes, null, old.neighbours().accuracy(), "probe", "knn");
        gauge(
                "old.probe.lost.points",
                "points of its linear accuracy lost against the reference version",
                old.fallen());
        gauge("old.probe.budget.points", "most points that may be lost, guard.budget", old.budget());
        gauge("guard.weight", "weight of the guard's loss that the trainer takes from now on", old.weight());
    }

    /** What indexes of earlier encoders are worth to queries of the newest scored one. */
    private void indexes(Evaluation score) {
        String help =
                "recall of an earlier encoder's own neighbours in its index by queries of the newest scored encoder: raw,"
                        + " adapted, or with all images embedded again (reembedded), in [0, 1]";
        for (SpaceScores space : score.spaces().orElse(List.of())) {
            String of = String.valueOf(space.space());
            space.raw().ifPresent(raw -> gauge("index.recall", help, null, raw, "space", of, "queries", "raw"));
            space.adapter()
                    .ifPresent(adapter ->
                            gauge("index.recall", help, null, adapter.recall(), "space", of, "queries", "adapted"));
            gauge("index.recall", help, null, space.reembedded(), "space", of, "queries", "reembedded");
        }
    }

    private void drift(RunFacts facts) {
        Set<String> sources = new TreeSet<>();
        for (DriftView.Window window : facts.windows()) {
            sources.add(window.source());
            for (DriftView.Detector detector : window.detectors()) {
                String[] labels = {"detector", detector.name(), "source", window.source()};
                gauge("drift.score", "a detector's score of the newest window", null, detector.score(), labels);
                gauge(
                        "drift.excess",
                        "the same, scaled so that 1 is the detector's threshold",
                        null,
                        detector.excess(),
                        labels);
            }
        }
        facts.alarms().forEach(alarm -> sources.add(alarm.source()));
        for (String source : sources) {
            boolean raised = facts.alarms().stream()
                    .anyMatch(alarm ->
                            alarm.source().equals(source) && alarm.state().equals(DriftAlarm.State.RAISED.name()));
            gauge(
                    "drift.alarm",
                    "1 while an alarm is not acknowledged, else 0; no source: all images",
                    null,
                    raised ? 1 : 0,
                    "source",
                    source);
        }
    }

    void counter(String name, String help, long value) {
        FunctionCounter.builder("millrace." + name, registry, any -> (double) value)
                .description(help)
                .register(registry);
    }

    void gauge(String name, String help, OptionalDouble value) {
        value.ifPresent(known -> gauge(name, help, known));
    }

    void gauge(String name, String help, double value) {
        gauge(name, help, null, value);
    }

    void gauge(String name, String help, @Nullable String unit, double value, String... labels) {
        if (Double.isFinite(value)) {
            Gauge.builder("millrace." + name, () -> value)
                    .description(help)
                    .baseUnit(unit)
                    .tags(Tags.of(labels))
                    .register(registry);
        }
    }

    private static OptionalDouble number(OptionalLong version) {
        return version.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of((double) version.getAsLong());
    }
}
