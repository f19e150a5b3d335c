package org.millrace.app.runs;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.millrace.app.embed.StreamPolicy;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.evaluator.drift.stream.DriftTopology;
import org.millrace.evaluator.drift.stream.DriftWorker;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.rounds.RoundsGroups;

/**
 * What a run has on a broker and in one data folder. The topics of images are none of it: runs share them.
 *
 * @param topics its own and those that Kafka Streams keeps for its drift
 * @param groups consumer groups, which hold committed offsets
 * @param transactionalIds that the broker knows; Kafka cannot delete them
 * @param folders in the data folder at hand
 */
public record RunParts(List<String> topics, List<String> groups, List<String> transactionalIds, List<Path> folders) {
    public RunParts {
        topics = List.copyOf(topics);
        groups = List.copyOf(groups);
        transactionalIds = List.copyOf(transactionalIds);
        folders = List.copyOf(folders);
    }

    static RunParts find(BrokerAdmin broker, MillraceConfig config, RunTopics run) {
        Set<String> topics = broker.topics();
        Set<String> groups = broker.groups();
        return new RunParts(
                topics(config, run).filter(topics::contains).toList(),
                groups.stream().filter(group -> isGroup(run, group)).sorted().toList(),
                broker.transactionalIds().keySet().stream()
                        .filter(id -> isOf(run, id))
                        .toList(),
                folders(config, run));
    }

    /** Every topic that the run may have. */
    static Stream<String> topics(MillraceConfig config, RunTopics run) {
        return Stream.concat(run.all().stream(), DriftTopology.internalTopics(config, run).stream());
    }

    /** What there is, such as {@code the topics a, b; the folder c}. */
    String words() {
        return Stream.of(
                        kind("topic", topics),
                        kind("group", groups),
                        kind("folder", folders.stream().map(Path::toString).toList()))
                .filter(words -> !words.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private static String kind(String one, List<String> names) {
        return switch (names.size()) {
            case 0 -> "";
            case 1 -> "the " + one + " " + names.get(0);
            default -> "the " + one + "s " + String.join(", ", names);
        };
    }

    public boolean isEmpty() {
        return topics.isEmpty() && groups.isEmpty() && folders.isEmpty();
    }

    private static boolean isGroup(RunTopics run, String group) {
        return Stream.of(
                                DriftTopology.group(run),
                                DriftWorker.group(run),
                                RoundsGroups.workers(run),
                                RoundsGroups.conductor(run))
                        .anyMatch(group::equals)
                || StreamPolicy.isGroup(run.run(), group);
    }

    // Kafka Streams: application, process (a UUID), thread
    private static boolean isOf(RunTopics run, String id) {
        return id.equals(RunWriter.transactionalId(run))
                || id.equals(DriftWorker.group(run))
                || StreamPolicy.isTransactionalId(run.run(), id)
                || id.matches(
                        Pattern.quote(DriftTopology.group(run)) + "-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\\d+");
    }

    // its own, and what a branch or an import left that was cut short
    private static List<Path> folders(MillraceConfig config, RunTopics run) {
        Path runs = config.run().data().resolve("runs");
        List<Path> folders = new ArrayList<>();
        for (String name : List.of(run.run(), ImportFolder.PREFIX + run.run())) {
            if (Files.isDirectory(runs.resolve(name))) {
                folders.add(runs.resolve(name));
            }
        }
        return folders;
    }
}
