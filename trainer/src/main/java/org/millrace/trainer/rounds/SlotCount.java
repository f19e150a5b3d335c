package org.millrace.trainer.rounds;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotRecord;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.RunWriter;

/**
 * How many slots a run's rounds have.
 *
 * @param configured {@code rounds.slots} of the process that leads
 * @param rounds dealt so far
 * @param dealt slots of the newest round; {@code configured} before the first
 * @param wanted slots of the rounds to come
 */
public record SlotCount(int configured, long rounds, int dealt, int wanted) {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final String SLOTS = "rounds.slots";

    /**
     * Reads it from the run's topics.
     *
     * @throws UserException where the run has one trainer
     */
    public static SlotCount read(KafkaSettings kafka, RunTopics topics) {
        var journal = new Journal();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, topics).forEach(0, (event, offset) -> {
                if (event instanceof RunStarted start) {
                    journal.add(start);
                } else if (event instanceof RoundDealt deal) {
                    journal.deal = deal;
                }
            });
        }
        int configured = journal.slots;
        if (configured == 1) {
            throw new UserException("run " + topics.run() + " is trained by one trainer (" + SLOTS
                    + "=1) and cannot be split among several. Start a new run with --set " + SLOTS
                    + "=N, N at least 2.");
        }
        int dealt = journal.deal == null ? configured : journal.deal.slots().size();
        long rounds = journal.deal == null ? 0 : journal.deal.round() + 1;
        int[] wanted = {configured};
        try (var requests = new Tail<>(kafka, topics.slots(), SlotRecord.class)) {
            requests.catchUp(POLL, (record, event) -> {
                if (event instanceof SlotsWanted newest) {
                    wanted[0] = newest.slots();
                }
            });
        }
        return new SlotCount(configured, rounds, dealt, wanted[0]);
    }

    private static final class Journal {
        private int slots = 1; // of the newest start that says how many
        private @Nullable RoundDealt deal;

        void add(RunStarted start) {
            slots = start.count(SLOTS).orElse(slots);
        }
    }

    /**
     * Has the rounds dealt from now on have {@code slots} slots.
     *
     * @throws UserException where the broker refuses; the rounds then stay as they are
     */
    public static void want(KafkaSettings kafka, RunTopics topics, int slots, Clock clock) {
        try (var setup = new TopicSetup(kafka)) {
            setup.growRounds(topics, slots); // first, as a request without room for it is of no use
        }
        var wanted = new SlotsWanted(SlotsWanted.SCHEMA, slots, RunWriter.thisProcess(), clock.millis());
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            producer.send(new ProducerRecord<>(topics.slots(), 0, null, Json.write(wanted)))
                    .get();
        } catch (ExecutionException e) {
            throw new UserException(
                    "the broker refuses the request for " + slots + " slots on " + topics.slots() + ": "
                            + e.getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("interrupted before the request for " + slots + " slots was written");
        }
    }
}
