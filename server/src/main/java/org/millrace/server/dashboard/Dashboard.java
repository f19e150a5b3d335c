package org.millrace.server.dashboard;

import io.javalin.http.Context;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftOrder;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Role;
import org.millrace.contract.service.Services;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.evaluator.drift.stream.DriftOrders;
import org.millrace.server.http.HttpProblem;
import org.millrace.server.http.Parameters;
import org.millrace.server.http.Routes;

/**
 * The routes of the page that shows a run live (its files, state, stream of events and pictures) and of {@link Monitoring}. Thread
 * safe.
 */
public final class Dashboard implements Routes {
    private static final String JSON = "application/json";
    private static final String EVENTS = "/dashboard/events";
    private static final String EVENT_STREAM = "text/event-stream";
    private static final int MOST_VERSIONS = 3;
    private static final int MOST_RUNS = 4;
    /** How long an order to the drift monitor waits for its response. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final MillraceConfig config;
    private final LiveState live = new LiveState(UUID.randomUUID().toString().substring(0, 8));
    private final EventStreams streams = new EventStreams(live);
    private final Pictures pictures;
    private final Monitoring monitoring;
    private final DriftOrders orders;
    private final Supplier<List<Role>> roles;
    private final DiskUse disk; // of the reader's thread
    private final Services services = new Services();

    private Dashboard(MillraceConfig config, KafkaSettings kafka, Clock clock, Supplier<List<Role>> roles) {
        this.config = config;
        this.roles = roles;
        this.disk = new DiskUse(config);
        this.pictures = new Pictures(config, kafka, live, clock);
        this.monitoring = new Monitoring(clock, roles);
        this.orders = new DriftOrders(config, kafka, clock);
    }

    /**
     * Starts reading the run's topics, which need not exist yet.
     *
     * @param roles returns the current state of the process's roles; called on any thread
     */
    public static Dashboard start(MillraceConfig config, KafkaSettings kafka, Clock clock, Supplier<List<Role>> roles) {
        Dashboard dashboard = new Dashboard(config, kafka, clock, roles);
        dashboard.services.supervise(
                "dashboard", () -> new RunReader(config, kafka, dashboard.live, dashboard::show, clock));
        dashboard.pictures.start();
        return dashboard;
    }

    private void show(RunView view, RunFacts facts) {
        DiskSpace space = disk.at(facts.atMillis());
        monitoring.put(facts, space);
        live.put("answers", Answers.of(facts, view.scores(), roles.get(), SelfTest.unusual(), space));
        live.put("disk", space);
        pictures.compared(view.compared());
        view.newestFresh().ifPresent(step -> pictures.newest(step, view.settings()));
    }

    @Override
    public void addTo(JavalinDefaultRoutingApi router) {
        monitoring.addTo(router);
        router.get("/", context -> context.redirect("/dashboard"));
        router.get("/dashboard", context -> PageFiles.answer(context, "index.html"));
        router.get("/dashboard/page/{file}", context -> PageFiles.answer(context, context.pathParam("file")));
        router.get("/dashboard/state", context -> json(context, live.snapshot().json()));
        router.get(EVENTS, this::watch);
        router.get("/dashboard/recent", context -> answer(context, pictures.recent()));
        router.get(
                "/dashboard/map",
                context -> answer(context, pictures.map(version(context.queryParam("version")))),
                Parameters.of("version"));
        router.get("/dashboard/picture", this::picture, Parameters.of("image"));
        router.post("/dashboard/neighbours", this::neighbours, Parameters.of("image", "versions"));
        router.get(
                "/dashboard/changed",
                context -> answer(
                        context,
                        pictures.changed(Optional.ofNullable(context.queryParam("source"))
                                .orElse(""))),
                Parameters.of("source"));
        router.get("/dashboard/runs", context -> answer(context, pictures.runs()));
        router.get("/dashboard/compare", this::compare, Parameters.of("runs"));
        router.post("/dashboard/acknowledge", context -> order(context, DriftOrder.Kind.ACKNOWLEDGE));
        router.post("/dashboard/rebase", context -> order(context, DriftOrder.Kind.REBASE));
    }

    @Override
    public Set<String> healthPaths() {
        return Set.of(Monitoring.HEALTH, Monitoring.READY);
    }

    @Override
    public void stopping() {
        streams.close();
    }

    @Override
    public void close() {
        services.close();
        pictures.close();
    }

    // without the header Javalin would answer 200 with nothing
    private void watch(Context context) throws Exception {
        String accept = Optional.ofNullable(context.header("Accept")).orElse("");
        if (!accept.contains(EVENT_STREAM)) {
            throw new HttpProblem(
                    406,
                    EVENTS + " is a stream of events: wanted 'Accept: " + EVENT_STREAM + "', but got "
                            + (accept.isEmpty() ? "none" : "'" + accept + "'")
                            + "; /dashboard/state has the state as JSON, once");
        }
        streams.answer(context);
    }

    private void picture(Context context) {
        byte[] png = pictures.picture(
                Optional.ofNullable(context.queryParam("image")).orElse(""));
        context.contentType("image/png");
        context.header("Cache-Control", "private, max-age=3600"); // an offset's image does not change
        context.result(png);
    }

    private void neighbours(Context context) {
        List<Long> versions = new ArrayList<>();
        for (String version :
                Optional.ofNullable(context.queryParam("versions")).orElse("").split(",", -1)) {
            versions.add(version(version));
        }
        if (versions.size() > MOST_VERSIONS) {
            throw new HttpProblem(
                    400, "versions names " + versions.size() + " encoders; wanted at most " + MOST_VERSIONS);
        }
        @Nullable String name = context.queryParam("image");
        if (name != null) {
            answer(context, pictures.neighbours(name, versions));
            return;
        }
        byte[] file = context.bodyAsBytes();
        if (file.length > config.images().maxBytes()) {
            throw new HttpProblem(413, config.images().tooLarge(file.length, true));
        }
        answer(context, pictures.neighbours(file, versions));
    }

    private void compare(Context context) {
        List<String> runs = List.of(
                Optional.ofNullable(context.queryParam("runs")).orElse("").split(",", -1));
        for (String run : runs) {
            if (!RunTopics.isName(run)) {
                throw new HttpProblem(400, "runs must be names of runs with commas, but one was '" + run + "'");
            }
        }
        if (runs.size() > MOST_RUNS || Set.copyOf(runs).size() < runs.size()) {
            throw new HttpProblem(
                    400,
                    "runs must name 1 to " + MOST_RUNS + " runs, each once, but was '" + String.join(",", runs) + "'");
        }
        answer(context, pictures.scores(runs));
    }

    /** The page's request: the source whose alarm it is about (blank for all images), and why. */
    record Ordered(Optional<String> source, Optional<String> note) {}

    private void order(Context context, DriftOrder.Kind kind) {
        @Nullable Ordered seen; // null for the JSON null
        try {
            seen = Json.read(context.bodyAsBytes(), Ordered.class);
        } catch (UncheckedIOException e) {
            seen = null;
        }
        if (seen == null) {
            throw new HttpProblem(400, "wanted {\"source\": …, \"note\": …}, but got something else");
        }
        List<DriftAlarm> became = orders.give(
                kind,
                seen.source().filter(source -> !source.isEmpty()),
                seen.note().orElse(""),
                PATIENCE);
        json(context, new String(Json.write(became), StandardCharsets.UTF_8));
    }

    private static long version(@Nullable String text) {
        if (text == null || !text.matches("\\d{1,18}")) {
            throw new HttpProblem(
                    400,
                    "wanted the version of an encoder, a number, but got "
                            + (text == null ? "none" : "'" + text + "'"));
        }
        return Long.parseLong(text);
    }

    private static void answer(Context context, CompletableFuture<?> answer) {
        context.future(() ->
                answer.thenAccept(value -> json(context, new String(Json.write(value), StandardCharsets.UTF_8))));
    }

    private static void json(Context context, String json) {
        context.contentType(JSON);
        context.result(json);
    }
}
