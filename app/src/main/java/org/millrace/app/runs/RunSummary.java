package org.millrace.app.runs;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.millrace.contract.FolderBytes;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Interval;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.trainer.run.RunSettings;

/**
 * One run at a glance.
 *
 * @param activity whether it is live
 * @param step the newest that was computed; empty before the first
 * @param images of the stream trained so far
 * @param newestRecordMillis Unix time of its journal's newest record
 * @param objective of its start; empty where the journal has none
 * @param encoders published and still on their topic
 * @param score the newest that stands
 * @param topicBytes on the brokers' disks, replicas and Kafka Streams' topics included
 * @param folderBytes in the data folder at hand
 */
public record RunSummary(
        String run,
        RunActivity activity,
        OptionalLong step,
        long images,
        OptionalLong newestRecordMillis,
        Optional<String> objective,
        int encoders,
        Optional<Score> score,
        long topicBytes,
        long folderBytes) {
    /**
     * Scores of one encoder.
     *
     * @param images held-out images that the accuracies are shares of
     */
    public record Score(long version, int images, double linear, Optional<Interval> linearInterval, double neighbours) {
        static Score of(Evaluation evaluation) {
            return new Score(
                    evaluation.version(),
                    evaluation.testImages(),
                    evaluation.linear().accuracy(),
                    evaluation.linear().interval(),
                    evaluation.neighbours().accuracy());
        }
    }

    /** Every run that the broker or the data folder has, by name. Reads the runs' topics, those of encoders with their weights too. */
    public static List<RunSummary> all(MillraceConfig config, KafkaSettings kafka, Clock clock) {
        try (BrokerAdmin broker = new BrokerAdmin(kafka)) {
            Collection<String> topics = broker.topics();
            Map<String, Long> bytes = broker.bytes();
            List<RunSummary> runs = new ArrayList<>();
            for (RunTopics run : names(topics, config)) {
                runs.add(of(run, config, kafka, broker, topics, bytes, clock));
            }
            return List.copyOf(runs);
        }
    }

    private static RunSummary of(
            RunTopics run,
            MillraceConfig config,
            KafkaSettings kafka,
            BrokerAdmin broker,
            Collection<String> topics,
            Map<String, Long> bytes,
            Clock clock) {
        JournalTail tail = topics.contains(run.steps())
                ? JournalTail.read(kafka, run)
                : new JournalTail(Optional.empty(), OptionalLong.empty());
        List<Evaluation> evaluations = PublishedEvaluations.read(kafka, run).all();
        var folder = RunFolder.of(config, run);
        return new RunSummary(
                run.run(),
                RunActivity.of(broker, run, folder, tail.newestMillis(), clock),
                tail.last().map(done -> OptionalLong.of(done.step())).orElse(OptionalLong.empty()),
                tail.last().map(StepDone::imagesTrained).orElse(0L),
                tail.newestMillis(),
                RunSettings.ofStart(kafka, run).map(start -> start.getOrDefault("trainer.objective", "")),
                PublishedEncoders.all(kafka, run).size(),
                evaluations.stream() // of the newest encoder: earlier ones may be scored after it
                        .max(Comparator.comparingLong(Evaluation::version))
                        .map(Score::of),
                RunParts.topics(config, run)
                        .mapToLong(topic -> bytes.getOrDefault(topic, 0L))
                        .sum(),
                FolderBytes.of(folder));
    }

    private static List<RunTopics> names(Collection<String> topics, MillraceConfig config) {
        TreeSet<String> names = new TreeSet<>(RunFolder.names(config));
        RunTopics.among(topics).forEach(run -> names.add(run.run()));
        return names.stream().map(RunTopics::new).toList();
    }
}
