package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.Count;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.inspect.Audit;
import org.millrace.trainer.inspect.PresentLog;
import org.millrace.trainer.inspect.RunAudit;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.rounds.RoundsAudit;
import org.millrace.trainer.stream.LogGap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Proves from the topics that a run trained every image once or rejected it with a reason. Exit code 1 if not. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = {
            "Prove from the topics that every image was trained exactly once.",
            "Every offset of the stream up to the run's position was trained once or is in the topic of rejects with its reason."
        })
final class AuditCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig own = options.config(Map.of(), run.assignments());
        PrintWriter out = spec.commandLine().getOut();
        try (Connection connection = options.connectToExisting(own);
                var consumer =
                        new KafkaConsumer<byte[], byte[]>(connection.kafka().consumer(Map.of()))) {
            MillraceConfig config = options.ofRun(own, connection.kafka(), run);
            LogIdentity identity;
            boolean compacted;
            try (TopicSetup topics = new TopicSetup(connection.kafka())) {
                topics.requireRun(config.run().topics());
                topics.require(config.images().rejectedTopic());
                identity = topics.identity(config.images().topic());
                compacted = topics.isCompacted(config.images().topic());
            }
            Audit.Result result = audit(config, identity, consumer, out);
            out.println("run              " + config.run().name());
            out.println(
                    "steps planned    " + result.steps() + ", of which " + result.waiting() + " wait to be computed");
            out.println("offsets covered  " + result.offsets());
            out.println("images trained   " + result.trained() + ", each once");
            if (result.planned() > 0) {
                out.println("images planned   " + result.planned() + " more, which wait to be trained");
            }
            if (result.gated() > 0) {
                out.println("images skipped   " + result.gated() + " by the gate (stream.gate)");
            }
            out.println("images refused   " + result.refused() + ", each with its reason in "
                    + config.images().rejectedTopic());
            boolean perhapsDropped = compacted && result.absent() > 0;
            out.println("without a record " + result.absent()
                    + (perhapsDropped
                            ? ": markers of transactions, or images that the compaction of "
                                    + config.images().topic()
                                    + " removed before anyone trained them"
                            : ""));
            if (result.gone() > 0) {
                out.println("gone             " + result.gone()
                        + " of the offsets no longer have a record: for these only the plans could be checked");
            }
            result.recomputed().forEach(note -> out.println("computed again   " + note));
            result.skips().forEach(skip -> out.println("skipped by choice " + skip));
            if (!result.skips().isEmpty()) {
                out.println("offsets skipped  " + result.skipped());
            }
            out.flush();
            if (!result.problems().isEmpty()) {
                throw new UserException("the run does not add up:\n  " + String.join("\n  ", result.problems()));
            }
            out.println("lost 0" + (perhapsDropped ? " besides what compaction removed" : "") + ", trained twice 0");
            out.flush();
        }
    }

    private static Audit.Result audit(
            MillraceConfig config, LogIdentity identity, Consumer<byte[], byte[]> consumer, PrintWriter out) {
        PresentLog log = new PresentLog(identity);
        Audit audit = config.rounds().several() ? new RoundsAudit(log) : new RunAudit(log);
        JournalReader journal = new JournalReader(consumer, config.run().topics());
        journal.forEach(0, (event, offset) -> audit.add(event));
        if (journal.unreadable() > 0) {
            out.println("cannot be read   " + Count.of(journal.unreadable(), "record") + " of "
                    + config.run().topics().steps() + ", which are not events and are skipped");
        }
        String images = config.images().topic();
        LogGap.Log.of(consumer, images, identity).held().values().forEach(log::addHeld);
        for (TopicPartition partition :
                TopicReader.partitions(consumer, config.images().rejectedTopic())) {
            TopicReader.read(
                    consumer,
                    List.of(partition),
                    record -> position(record, images).ifPresent(log::addRejected));
        }
        for (OffsetRange planned : audit.unexplained()) {
            OffsetRange range = within(planned, log);
            Set<Long> there = new HashSet<>();
            if (range.length() > 0) {
                TopicReader.read(
                        consumer,
                        new TopicPartition(images, range.partition()),
                        range.from(),
                        range.to(),
                        record -> there.add(record.offset()));
            }
            for (long offset = range.from(); offset < range.to(); offset++) {
                if (!there.contains(offset)) {
                    log.addAbsent(new ImageOffset(range.partition(), offset));
                }
            }
        }
        return audit.result();
    }

    // a plan may name offsets that no log has: they are missing, and not waited for
    private static OffsetRange within(OffsetRange planned, PresentLog log) {
        return log.held(planned.partition())
                .filter(held -> planned.from() < held.to() && planned.to() > held.from())
                .map(held -> new OffsetRange(
                        planned.partition(), Math.max(planned.from(), held.from()), Math.min(planned.to(), held.to())))
                .orElse(new OffsetRange(planned.partition(), planned.from(), planned.from()));
    }

    // the offset of a rejected image in the stream; empty for a file that was rejected before it was pushed
    private static Optional<ImageOffset> position(ConsumerRecord<byte[], byte[]> reject, String images) {
        return ImageHeaders.text(reject.headers(), ImageHeaders.REJECT_POSITION)
                .filter(position -> position.matches(Pattern.quote(images) + "/\\d{1,9}/\\d{1,18}"))
                .map(position -> position.substring(images.length() + 1).split("/", -1))
                .map(parts -> new ImageOffset(Integer.parseInt(parts[0]), Long.parseLong(parts[1])));
    }
}
