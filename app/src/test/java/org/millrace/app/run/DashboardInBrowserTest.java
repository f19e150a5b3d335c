package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Comparison;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.server.dashboard.Dashboard;
import org.millrace.server.dashboard.TestNotices;
import org.millrace.server.http.HttpServer;
import org.millrace.server.http.HttpServer.TakenPort;
import org.openqa.selenium.By;

/** The dashboard of a real run in a real browser. */
class DashboardInBrowserTest {
    private static final String HOSTILE = "<img src=x onerror='window.hacked=1'>.png";
    private static final String ORDERS = "main.drift-orders";
    private static final String LABEL = "<script>window.hacked=1</script>";

    private static final String BATCH = "trainer.batch-size=16"; // of which the page shows twelve

    private static final long HOUR = 3_600_000;

    @TempDir
    private Path data;

    @Test
    void dashboard_ofARun_fillsFollowsSurvivesAndAnswers() throws Exception {
        System.out.println("seed 9");
        try (Browser browser = Browser.open(1280, 900);
                EmbeddedBroker broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test")) {
            KafkaSettings kafka = PatientKafka.at(broker.bootstrapServers());
            Commands commands = new Commands(broker::bootstrapServers, data);
            MillraceConfig config = new ConfigLoader()
                    .assignments(Stream.concat(commands.settings(), Stream.of("http.port=0", BATCH))
                            .toList())
                    .load();
            int port;
            try (HttpServer server = serve(config, kafka)) {
                port = server.address().getPort();
                browser.go(server.address().toString());
                browser.await(
                        "it says what is missing",
                        page -> page.text("#status").contains("waiting for the first step")
                                && page.text("#loss").contains("millrace push PATH"));

                HttpResponse<String> events = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(server.address().resolve("/dashboard/events"))
                                        .build(),
                                BodyHandlers.ofString());
                assertThat(events.statusCode()).isEqualTo(406);
                assertThat(events.body())
                        .contains("is a stream of events: wanted 'Accept: text/event-stream', but got none");

                HttpResponse<String> compared = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(server.address().resolve("/dashboard/compare?runs=main,..%2Fx"))
                                        .build(),
                                BodyHandlers.ofString());
                assertThat(compared.statusCode()).isEqualTo(400);
                assertThat(compared.body()).contains("runs must be names of runs with commas, but one was '../x'");

                push(config, kafka);
                commands.good("train", "--until-step=0", run("main", "--set=" + BATCH));
                browser.go(server.address().toString());
                browser.await("the untrained encoder alone", page -> page.count("#encoders tbody tr") == 1);
                assertThat(browser.shown("#rounds"))
                        .as("one trainer has no rounds")
                        .isFalse();
                browser.script("window.mark = 'same page'");
                commands.good("train", "--until-end", run("main", "--set=" + BATCH));
                browser.await(
                        "it fills without a reload",
                        page -> page.text("#figures").contains("step 8"));
                look(browser);
                follow(browser, kafka);
                scoreOutOfOrder(browser, kafka);
                findNeighbours(browser);
                compareRuns(browser, kafka);
                seeAlarm(browser, kafka);
                seeRounds(browser, kafka, commands);
            }
            browser.await(
                    "it says that the server is away",
                    page -> page.text("#status").equals("reconnecting"));
            MillraceConfig again = new ConfigLoader()
                    .assignments(Stream.concat(commands.settings(), Stream.of("http.port=" + port, BATCH))
                            .toList())
                    .load();
            send(kafka, "main.steps", Json.write(done(10)));
            try (HttpServer server = serve(again, kafka)) {
                assertThat(server.address().getPort()).isEqualTo(port);
                browser.await(
                        "it goes on when it is back",
                        page -> page.text("#figures").contains("step 10"));
                assertThat(browser.script("return window.mark"))
                        .as("never reloaded")
                        .isEqualTo("same page");
                browser.await(
                        "the alarm of before", page -> page.text("#alarms").contains("Data drift, acknowledged."));
                browser.go(server.address().toString());
                browser.await("it fills", page -> page.text("#figures").contains("step 10"));
                browser.await(
                        "the rounds of before", page -> page.text("#workers").contains("process 1 on " + HOSTILE));
                Object millis = browser.script("return Math.round(performance.now())");
                System.out.println("the page was seen full " + millis + " ms after it was opened");
                assertThat(browser.complaints()).isEmpty();
            }
        }
    }

    private static HttpServer serve(MillraceConfig config, KafkaSettings kafka) {
        return HttpServer.start(
                config.http(),
                TakenPort.FAIL,
                1 << 20,
                List.of(Dashboard.start(config, kafka, Clock.systemUTC(), List::of)));
    }

    /** Images for eight steps with hostile names, and one file that is not an image. */
    private static void push(MillraceConfig config, KafkaSettings kafka) throws Exception {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(config.images());
            topics.ensureRounds(config.run().topics(), 2); // of which only the test writes
        }
        Random random = new Random(9);
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            for (int i = 0; i < 130; i++) {
                byte[] file = i == 5
                        ? "<svg onload=alert(1)>".getBytes(StandardCharsets.UTF_8)
                        : HostileImages.noise(16, 16, 255, random);
                var record = new ProducerRecord<byte[], byte[]>(config.images().topic(), file);
                ImageHeaders.put(record.headers(), ImageHeaders.SOURCE, HOSTILE);
                ImageHeaders.put(record.headers(), ImageHeaders.LABEL, LABEL);
                producer.send(record).get();
            }
        }
    }

    /** The run is on the page, untrusted text as text, and axe finds nothing serious, in both themes, wide and narrow. */
    private static void look(Browser browser) throws Exception {
        browser.await("views of the newest step", page -> page.count("#gallery img") == 24);
        browser.await(
                "rejects",
                page -> page.text("#rejects").contains(HOSTILE)
                        && page.text("#rejects").contains("not an image"));
        browser.await("the trained encoder too", page -> page.count("#encoders tbody tr") == 2);
        browser.await("the dictionary", page -> page.text("#dictionary").contains("32 keys held"));
        browser.await("checkpoints", page -> page.count("#checkpoints tbody tr") > 0); // listed every few seconds
        assertThat(browser.script("return window.hacked")).isNull();
        assertThat(browser.count("img[src='x']")).isZero();
        assertThat(browser.seriousFindings()).isEmpty();
        browser.driver().manage().window().setSize(new org.openqa.selenium.Dimension(500, 844));
        browser.click("#theme");
        browser.click("#theme");
        assertThat(browser.script("return document.documentElement.dataset.theme"))
                .isEqualTo("dark");
        assertThat(browser.seriousFindings()).isEmpty();
        assertThat(browser.script("return document.documentElement.scrollWidth <= window.innerWidth"))
                .isEqualTo(true);
        browser.driver().manage().window().setSize(new org.openqa.selenium.Dimension(1280, 900));
    }

    private static void follow(Browser browser, KafkaSettings kafka) throws Exception {
        send(kafka, "main.steps", Json.write(done(9)));
        browser.await("the next step", page -> page.text("#figures").contains("step 9"));
        assertThat(browser.script("return window.mark")).isEqualTo("same page");
    }

    /** Encoder 4 is scored after encoder 8, and encoder 8 is worse than the untrained one. */
    private static void scoreOutOfOrder(Browser browser, KafkaSettings kafka) throws Exception {
        send(kafka, "main.evaluations", evaluation(0, 0.6));
        send(kafka, "main.evaluations", evaluation(8, 0.5));
        send(kafka, "main.evaluations", evaluation(4, 0.7));
        browser.await("three scores", page -> page.count("#scores circle") == 6);
        assertThat(browser.count("#scores circle.marked")).isEqualTo(2);
        assertThat(browser.text("#figures")).contains("below the untrained encoder");
        assertThat(browser.text("#encoders")).contains("70.0 % no different from untrained", "50.0 % below untrained");
        assertThat(browser.script("""
                const svg = document.querySelector('#scores svg.chart').getBoundingClientRect();
                return [...document.querySelectorAll('#scores svg.chart circle')].every((dot) => {
                  const box = dot.getBoundingClientRect();
                  return box.left >= svg.left + 30 && box.right <= svg.right && box.top >= svg.top && box.bottom <= svg.bottom - 20;
                });""")).as("every dot is in the plot").isEqualTo(true);
        send(
                kafka,
                "main.evaluations",
                Json.write(new EncoderRevocation(1, "main", 4, EncoderRevocation.State.REVOKED, HOSTILE, 0)));
        browser.await(
                "the revoked encoder is marked, and its score no longer counts",
                page -> page.text("#encoders").contains("revoked") && page.count("#scores circle") == 4);
        assertThat(browser.count("#encoders tbody tr")).isEqualTo(3);
    }

    private static byte[] evaluation(long version, double accuracy) {
        Comparison beside = accuracy < 0.6 ? Comparison.BELOW : Comparison.NO_DIFFERENT;
        return """
                {"type":"evaluation","schema":1,"run":"main","version":%d,"step":%d,"imagesTrained":%d,"classes":2,"trainImages":50,
                 "testImages":50,"linear":{"accuracy":%s,"l2":0.1,"iterations":3,"converged":true,"besideUntrained":"%s"},
                 "neighbours":{"accuracy":%s,"k":5,"temperature":0.1,"besideUntrained":"%s"},"seconds":1,"evaluatedAtMillis":%d}""".formatted(
                        version, version, 16 * version, accuracy, beside, accuracy, beside, System.currentTimeMillis())
                .getBytes(StandardCharsets.UTF_8);
    }

    private void findNeighbours(Browser browser) throws Exception {
        browser.click("#explore");
        browser.await("a map of the recent images", page -> page.count(".map circle") == 129);
        assertThat(browser.text(".map-key")).contains(LABEL);
        Path upload = data.resolve("<img src=y>.png");
        Files.write(upload, HostileImages.noise(16, 16, 255, new Random(10)));
        browser.driver().findElement(By.id("upload")).sendKeys(upload.toString());
        browser.await(
                "ten neighbours to each of two encoders",
                page -> page.count(".found") == 2 && page.count(".found li") == 20);
        assertThat(browser.text("#asked")).contains("Uploaded: <img src=y>.png");
        Files.writeString(upload, "no image");
        browser.driver().findElement(By.id("upload")).sendKeys(upload.toString());
        browser.await(
                "an error for a file that is not an image",
                page -> page.text("#neighbours").contains("not an image: begins with text 'no image'"));
        browser.click(".picker .thumb");
        browser.await("neighbours of a recent one", page -> page.text("#asked").contains(HOSTILE));
        assertThat(browser.script("return window.hacked")).isNull();
        assertThat(browser.complaints()).allMatch(complaint -> complaint.contains("400"));
    }

    /** Another run on the broker, scored once by an earlier release. */
    private static void compareRuns(Browser browser, KafkaSettings kafka) throws Exception {
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.createTopics(List.of(new NewTopic("other.evaluations", 1, (short) 1)))
                    .all()
                    .get();
        }
        send(kafka, "other.evaluations", evaluation(6, 0.72));
        browser.click("#compare button");
        browser.await("both runs to choose from", page -> page.count("#compare input") == 2);
        browser.await("this run alone", page -> page.count("#compare-linear circle") == 2);
        browser.click("#compare input[value='other']");
        browser.await(
                "the other one beside it",
                page -> page.count("#compare-linear path.line") == 2
                        && page.count("#compare-neighbours circle") == 3
                        && page.count("#compare-table tbody tr") == 2);
        assertThat(browser.text("#compare-table"))
                .contains("main", "50.0 %", "other", "72.0 %", "scored by an earlier release");
        assertThat(browser.text("#compare-linear figcaption")).contains("main 50.0 %", "other 72.0 %");
        assertThat(browser.seriousFindings()).isEmpty();
    }

    /** The alarm and its acknowledgement; the test writes the drift monitor's responses. */
    private static void seeAlarm(Browser browser, KafkaSettings kafka) throws Exception {
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.createTopics(Stream.of("main.drift", ORDERS)
                            .map(topic -> new NewTopic(topic, 1, (short) 1))
                            .toList())
                    .all()
                    .get();
        }
        send(kafka, "main.drift", window("REFERENCE"));
        send(kafka, "main.drift", window("DRIFT"));
        browser.await("the window", page -> page.text("#detectors").contains("Newest window"));
        send(kafka, "main.drift", alarm("RAISED"));
        browser.await(
                "an alarm",
                page -> page.text("#alarms").contains("Data drift.")
                        && page.text("#alarms").contains("mmd " + LABEL));
        browser.await(
                "eight images of the reference and eight of now", page -> page.count("#alarms .gallery img") == 16);
        assertThat(browser.seriousFindings()).isEmpty();
        browser.click("#alarms .acknowledge"); // there is no drift monitor: the test writes its response
        assertThat(new String(firstOf(kafka, ORDERS), StandardCharsets.UTF_8))
                .contains("\"kind\":\"ACKNOWLEDGE\"", "\"source\":null");
        send(kafka, "main.drift", alarm("ACKNOWLEDGED"));
        browser.await(
                "it is acknowledged",
                page -> page.text("#alarms").contains("Data drift, acknowledged.")
                        && page.count("#alarms .acknowledge") == 0);
        browser.click("#alarms .rebase");
        browser.click("#alarms .confirm .strong");
        browser.await("an order", page -> page.text("#alarms").contains("Drift is not being monitored now"));
        assertThat(lastOf(kafka, ORDERS)).contains("\"kind\":\"REBASE\"", "\"source\":null");
        assertThat(browser.script("return window.hacked")).isNull();
    }

    /** The run goes on with two slots; of the second round one is ready and the other late. */
    private static void seeRounds(Browser browser, KafkaSettings kafka, Commands commands) throws Exception {
        Map<String, String> settings = ConfigLoader.effective(new ConfigLoader()
                .assignments(Stream.concat(commands.settings(), Stream.of("rounds.slots=2", "replay.policy=none"))
                        .toList())
                .load());
        LogIdentity log = new LogIdentity("cluster", "topic");
        long now = System.currentTimeMillis();
        for (JournalEvent event : List.of(
                new RunStarted(1, 9, "session", "process 1 on here", "engine", log, settings, now),
                new RoundDealt(1, 0, 0, hands(0), log, now - 5 * HOUR),
                new RoundMerged(1, 0, 4, List.of(merged(0), merged(1)), "digest", 2.5, 3.5, now - 3 * HOUR),
                new RoundDealt(1, 1, 4, hands(40), log, now - 2 * HOUR))) {
            send(kafka, "main.steps", Json.write(event));
        }
        send(kafka, "main.slots", "no notice".getBytes(StandardCharsets.UTF_8));
        sendTo(kafka, 0, ready(0, 0, "base", now - 4 * HOUR));
        sendTo(kafka, 1, ready(0, 1, "base", now - 4 * HOUR));
        sendTo(kafka, 1, ready(1, 1, "digest", now - HOUR));
        browser.await(
                "two processes, a slot that is ready and one that is late",
                page -> page.count("#workers tbody tr") == 2
                        && page.text("#slots").contains("ready")
                        && page.text("#slots").contains("late")
                        && page.count("#round-time path.line") == 2
                        && page.text("#status").equals("training, round 1"));
        assertThat(browser.text("#rounds-facts")).contains("1 of 2", "2 h", "2.5", "3.5", "50 %");
        assertThat(browser.text("#workers")).contains("process 0 on " + HOSTILE, "process 1 on " + HOSTILE);
        assertThat(browser.seriousFindings()).isEmpty();
        browser.driver().manage().window().setSize(new org.openqa.selenium.Dimension(500, 844));
        assertThat(browser.script("return document.documentElement.scrollWidth <= window.innerWidth"))
                .isEqualTo(true);
        browser.driver().manage().window().setSize(new org.openqa.selenium.Dimension(1280, 900));
        assertThat(browser.script("return window.hacked")).isNull();
        seeMoreSlots(browser, kafka, log, new RunTopics("main"));
    }

    /** The page reads the partition of a slot that the topic is given while the page is open. */
    private static void seeMoreSlots(Browser browser, KafkaSettings kafka, LogIdentity log, RunTopics run)
            throws Exception {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.growRounds(run, 3);
        }
        long now = System.currentTimeMillis();
        send(kafka, run.slots(), Json.write(new SlotsWanted(SlotsWanted.SCHEMA, 3, "process 1 on here", now)));
        browser.await("the number to come", page -> page.text("#rounds-facts").contains("3 from the next round"));
        send(
                kafka,
                run.steps(),
                Json.write(new RoundMerged(1, 1, 8, List.of(merged(0), merged(1)), "digest 1", 2, 3, now)));
        browser.await(
                "the next round waits for all of them",
                page -> page.text("#slots").contains("images for all 3 slots")
                        && page.text("#rounds-facts").contains("2 now"));
        List<List<OffsetRange>> hands = List.of(
                List.of(new OffsetRange(0, 80, 100)),
                List.of(new OffsetRange(0, 100, 120)),
                List.of(new OffsetRange(0, 120, 130)));
        send(kafka, run.steps(), Json.write(new RoundDealt(1, 2, 8, hands, log, now)));
        sendTo(kafka, 2, ready(2, 2, "digest 1", now));
        browser.await(
                "the new slot is ready", page -> page.text("#rounds-facts").contains("1 of 3"));
    }

    private static List<List<OffsetRange>> hands(long from) {
        return List.of(List.of(new OffsetRange(0, from, from + 20)), List.of(new OffsetRange(0, from + 20, from + 40)));
    }

    private static RoundMerged.Slot merged(int slot) {
        return new RoundMerged.Slot(slot, 0, 1, "0/" + slot, "sha", "bits", 16, 0, List.of(), "engine");
    }

    // each takes an hour, half of its round
    private static SlotReady ready(long round, int slot, String base, long atMillis) {
        String worker = "process " + slot + " on " + HOSTILE;
        return TestNotices.ready(round, slot, base, worker, HOUR / 1e3, atMillis);
    }

    private static void sendTo(KafkaSettings kafka, int partition, SlotReady ready) throws Exception {
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            producer.send(new ProducerRecord<>("main.slots", partition, null, Json.write(ready)))
                    .get();
        }
    }

    /** Of all images that are in the log. */
    private static byte[] window(String verdict) {
        return """
                {"type":"report","schema":2,"run":"main","source":null,"encoderVersion":8,"fromMillis":0,"toMillis":4000000000000,
                 "images":130,"referenceImages":130,"verdict":"%s","detectors":[],"attribution":null}""".formatted(verdict).getBytes(StandardCharsets.UTF_8);
    }

    private static String lastOf(KafkaSettings kafka, String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            consumer.seek(partition, end - 1);
            return new String(
                    org.awaitility.Awaitility.await()
                            .atMost(Duration.ofSeconds(60))
                            .until(() -> consumer.poll(Duration.ofMillis(200)), records -> !records.isEmpty())
                            .iterator()
                            .next()
                            .value(),
                    StandardCharsets.UTF_8);
        }
    }

    private static byte[] alarm(String state) {
        return """
                {"type":"alarm","schema":2,"run":"main","source":null,"state":"%s","windowFromMillis":1700000000000,
                 "detectors":["mmd %s"],"note":"","atMillis":1700000060000}""".formatted(state, LABEL).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] firstOf(KafkaSettings kafka, String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            return org.awaitility.Awaitility.await()
                    .atMost(Duration.ofMinutes(5))
                    .until(() -> consumer.poll(Duration.ofMillis(200)), records -> !records.isEmpty())
                    .iterator()
                    .next()
                    .value();
        }
    }

    private static StepDone done(long step) {
        return new StepDone(
                1,
                step,
                16 * step,
                1,
                Optional.empty(),
                Optional.empty(),
                2.5,
                0.5,
                OptionalDouble.empty(),
                0.03,
                OptionalDouble.of(0.999),
                OptionalDouble.empty(),
                64,
                64,
                OptionalDouble.of(0.7),
                OptionalInt.of(0),
                Optional.empty(),
                Map.of("keys", 1.0),
                Optional.empty(),
                System.currentTimeMillis());
    }

    private static void send(KafkaSettings kafka, String topic, byte[] value) throws Exception {
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            producer.send(new ProducerRecord<>(topic, value)).get();
        }
    }
}
