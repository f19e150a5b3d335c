package org.millrace.bench;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.rounds.EmulatedRounds;
import org.millrace.trainer.rounds.ExchangeCosts;

/**
 * What several trainers of one run cost and gain, by {@link RoundModel} with constants measured on this machine. Broker and trainers are
 * real, their steps sleep 300 ms.
 *
 * <pre>
 *   bench/run slots-model                        a table: V 1 to 64, three networks, 1 and 10 GbE; about 2 minutes
 *   bench/run slots-model check [V,…] [H] [N]    N rounds of each V with ResNet-18 against the model; 3 minutes a V for H 100 and N 3
 *   bench/run slots-model late [V] [H] [N]       one process three times slower than the others
 * </pre>
 *
 * Further arguments {@code key=value} are settings.
 */
final class SlotsModel {
    private static final List<Integer> SLOTS = List.of(1, 2, 4, 8, 16, 32, 64);
    private static final List<String> ARCHITECTURES = List.of("resnet20", "resnet18", "resnet50");
    private static final String MEASURED = "resnet18";
    private static final long STEP_MILLIS = 300;
    private static final int SLOWER = 3;
    private static final int STEPS = 100;
    private static final int BATCH = 128;

    private final EmulatedRuns runs;
    private final KafkaSettings kafka;

    private SlotsModel(EmulatedRuns runs) {
        this.runs = runs;
        this.kafka = runs.kafka();
    }

    public static void main(String[] given) throws Exception {
        List<String> settings =
                Arrays.stream(given).filter(word -> word.contains("=")).toList();
        String[] arguments =
                Arrays.stream(given).filter(word -> !word.contains("=")).toArray(String[]::new);
        MillraceConfig config = new ConfigLoader().assignments(settings).load();
        Path folder = Files.createTempDirectory("millrace-bench-");
        String what = arguments.length > 0 ? arguments[0] : "table";
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, config.broker(), "bench")) {
            var kafka = new KafkaSettings(broker.bootstrapServers(), config.kafka());
            var model = new SlotsModel(new EmulatedRuns(folder, kafka, settings));
            switch (what) {
                case "table" -> model.table();
                case "check" ->
                    model.check(
                            MemoryUse.words(arguments, 1, "1,2,4,8").stream()
                                    .map(Integer::valueOf)
                                    .toList(),
                            number(arguments, 2, STEPS),
                            number(arguments, 3, 3));
                case "late" -> model.late(number(arguments, 1, 4), number(arguments, 2, 60), number(arguments, 3, 4));
                default -> throw new IllegalArgumentException("wanted table, check or late, but got " + what);
            }
        }
    }

    private static int number(String[] arguments, int index, int usual) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : usual;
    }

    private void table() throws Exception {
        ExchangeCosts measured = measured();
        RoundModel.Costs costs = costs(measured, Collections.min(fixedSeconds()));
        print(
                "H %d, steps of %d ms, batch %d, a machine for each slot, 3 brokers, replication 3",
                STEPS, STEP_MILLIS, BATCH);
        print(
                "%-9s %-7s %3s %10s %9s %9s %11s %13s %10s",
                "network",
                "link",
                "V",
                "MB a slot",
                "round, s",
                "exchange",
                "broker MB/s",
                "KB an image",
                "efficiency");
        for (String architecture : ARCHITECTURES) {
            ExchangeCosts.Sizes sizes =
                    ExchangeCosts.sizes(runs.config("sizes-" + architecture, 0, architecture, 4, STEPS, BATCH));
            for (double gigabits : new double[] {1, 10}) {
                var place = RoundModel.Place.network((int) gigabits + " GbE", gigabits);
                for (int slots : SLOTS) {
                    var model = new RoundModel(costs, place, load(slots, STEPS, BATCH, sizes));
                    print(
                            "%-9s %-7s %3d %10.1f %9.1f %9.1f %11.1f %13.2f %9.0f%%",
                            architecture,
                            place.name(),
                            slots,
                            sizes.contribution() / 1e6,
                            model.seconds(),
                            model.seconds() - model.compute(),
                            model.brokerOut() / 1e6,
                            model.bytesPerImage() / 1e3,
                            100 * model.efficiency());
                }
            }
        }
    }

    private void check(List<Integer> counts, int steps, int rounds) throws Exception {
        ExchangeCosts measured = measured();
        List<Double> fixed = fixedSeconds();
        double mean = fixed.stream().mapToDouble(seconds -> seconds).average().orElseThrow();
        RoundModel.Costs costs = costs(measured, mean);
        runs.push(Collections.max(counts), steps, rounds + 2);
        for (int slots : counts) {
            String run = "check-" + slots;
            ExchangeCosts.Sizes sizes =
                    ExchangeCosts.sizes(runs.config("sizes-" + slots, 0, MEASURED, slots, steps, EmulatedRuns.BATCH));
            var model = new RoundModel(
                    costs,
                    RoundModel.Place.thisMachine(measured.one(), measured.several()),
                    load(slots, steps, EmulatedRuns.BATCH, sizes));
            Map<Long, TopicBytes> readings = new ConcurrentHashMap<>();
            List<EmulatedRounds.Round> done = EmulatedRounds.run(
                    worker -> runs.config(run, worker, MEASURED, slots, steps, EmulatedRuns.BATCH),
                    kafka,
                    Collections.nCopies(slots, STEP_MILLIS),
                    rounds + 2, // the first settles, the last ends
                    round -> readings.put(round, TopicBytes.now()));
            long span = done.get(rounds).mergedAtMillis() - done.get(0).mergedAtMillis();
            double seconds = span / 1e3 / rounds;
            print(
                    "V %d, H %d: a round takes %.1f s, by the model %.1f (%+.0f %%); efficiency %.0f %%, by the model %.0f %%; load %.1f",
                    slots,
                    steps,
                    seconds,
                    model.seconds(),
                    100 * (model.seconds() / seconds - 1),
                    100 * model.compute() / seconds,
                    100 * model.efficiency(),
                    systemLoad());
            print(
                    "  exchange by the model: upload %.1f s, merge %.1f, adopt %.1f, other %.1f",
                    model.upload(),
                    model.merge(),
                    model.adopt(),
                    model.seconds() - model.compute() - model.upload() - model.merge() - model.adopt());
            TopicBytes bytes = requireNonNull(readings.get((long) rounds)).since(requireNonNull(readings.get(0L)));
            RunTopics topics = new RunTopics(run);
            compare(topics.work(), bytes, rounds, model.workIn(), model.workOut());
            compare(topics.steps(), bytes, rounds, model.journalIn(), model.journalOut());
            compare(topics.slots(), bytes, rounds, model.noticesIn(), model.noticesOut());
            double all = 0;
            for (String topic : List.of(topics.work(), topics.steps(), topics.slots())) {
                all += bytes.in(topic) + bytes.out(topic);
            }
            double images =
                    rounds * load(slots, steps, EmulatedRuns.BATCH, sizes).images();
            double wanted = rounds * (model.in() + model.out()) - rounds * sizes.state() / 20.0;
            print(
                    "  bytes an image: %.0f, by the model %.0f (%+.1f %%)",
                    all / images, wanted / images, 100 * (wanted / all - 1));
            print("  images read from the broker: %.0f bytes for each trained", bytes.out("images") / images);
            TopicBytes whole = TopicBytes.now();
            print(
                    "  a state: %.1f MB written to %s, by the model %.1f",
                    whole.in(topics.globals()) / 1e6, topics.globals(), sizes.state() / 1e6);
        }
    }

    private static void compare(String topic, TopicBytes bytes, int rounds, double in, double out) {
        print(
                "  %-14s in %10.3f MB a round, by the model %10.3f; out %10.3f, by the model %10.3f",
                topic, bytes.in(topic) / 1e6 / rounds, in / 1e6, bytes.out(topic) / 1e6 / rounds, out / 1e6);
    }

    private void late(int slots, int steps, int rounds) throws Exception {
        runs.push(slots, steps, rounds);
        List<Long> millis = new ArrayList<>(Collections.nCopies(slots, STEP_MILLIS));
        millis.set(slots - 1, SLOWER * STEP_MILLIS);
        double slot = steps * STEP_MILLIS / 1e3;
        for (EmulatedRounds.Round round : EmulatedRounds.run(
                worker -> runs.config("late", worker, EmulatedRuns.SMALL, slots, steps, EmulatedRuns.BATCH),
                kafka,
                millis,
                rounds,
                any -> {})) {
            double most = 1.6 * round.medianWait() + slot;
            print(
                    "round %d: %.1f s, at most %.1f (1.6 × the median %.1f and a slot's %.1f): %s; slots after %s s; load %.1f",
                    round.number(),
                    round.seconds(),
                    most,
                    round.medianWait(),
                    slot,
                    round.seconds() <= most ? "good" : "TOO LONG",
                    round.waits(),
                    systemLoad());
        }
    }

    private ExchangeCosts measured() throws Exception {
        double before = systemLoad();
        ExchangeCosts costs =
                ExchangeCosts.measure(runs.config("costs", 0, MEASURED, 4, STEPS, EmulatedRuns.BATCH), kafka);
        print(
                "%s: a contribution of %.1f MB: encode %.2f s, send %.2f, read %.2f, parse and fold %.2f; a state of %.1f MB: %.2f s"
                        + " (processor time; one thread got %.2f cores, four %.2f; load %.1f to %.1f)",
                MEASURED,
                costs.sizes().contribution() / 1e6,
                costs.encode(),
                costs.send(),
                costs.read(),
                costs.fold(),
                costs.sizes().state() / 1e6,
                costs.state(),
                costs.one(),
                costs.several(),
                before,
                systemLoad());
        return costs;
    }

    // of a network so small that its bytes do not matter, without steps that take time
    private List<Double> fixedSeconds() throws InterruptedException, IOException {
        int rounds = 6;
        runs.push(2, 1, rounds);
        List<EmulatedRounds.Round> done = EmulatedRounds.run(
                worker -> runs.config("fixed", worker, EmulatedRuns.SMALL, 2, 1, EmulatedRuns.BATCH),
                kafka,
                List.of(0L, 0L),
                rounds,
                any -> {});
        List<Double> seconds = new ArrayList<>();
        for (int round = 1; round < rounds; round++) {
            seconds.add((done.get(round).mergedAtMillis() - done.get(round - 1).mergedAtMillis()) / 1e3);
        }
        print("rounds of one step that takes no time, 2 slots of %s: %s s", EmulatedRuns.SMALL, seconds);
        return seconds;
    }

    private static RoundModel.Costs costs(ExchangeCosts measured, double fixed) {
        double contribution = measured.sizes().contribution();
        return new RoundModel.Costs(
                measured.encode() / contribution,
                measured.send() / contribution,
                measured.read() / contribution,
                measured.fold() / contribution,
                measured.state() / measured.sizes().state(),
                fixed);
    }

    private static RoundModel.Load load(int slots, int steps, int batch, ExchangeCosts.Sizes sizes) {
        return new RoundModel.Load(
                slots, steps, STEP_MILLIS / 1e3, batch, sizes.contribution(), sizes.state(), sizes.report());
    }

    private static double systemLoad() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
