package org.millrace.server.dashboard;

import io.javalin.http.Context;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.event.Json;
import org.millrace.contract.service.Role;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.server.http.HttpProblem;

/** Routes for monitoring systems: liveness, readiness and the run's metrics. Thread safe. */
final class Monitoring {
    static final String HEALTH = "/healthz";
    static final String READY = "/readyz";
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final Clock clock;
    private final Supplier<List<Role>> roles;
    private volatile @Nullable RunFacts facts;
    private volatile DiskSpace disk = DiskSpace.UNKNOWN;

    /** @param roles returns the current state of this process's roles */
    Monitoring(Clock clock, Supplier<List<Role>> roles) {
        this.clock = clock;
        this.roles = roles;
    }

    /** Sets the facts that later requests see. */
    void put(RunFacts newest, DiskSpace space) {
        disk = space;
        facts = newest;
    }

    void addTo(JavalinDefaultRoutingApi router) {
        router.get(HEALTH, context -> json(context, new Alive("alive")));
        router.get(READY, context -> json(context, ready()));
        router.get("/metrics", context -> {
            context.contentType(PROMETHEUS_TEXT);
            context.result(newest().map(known -> RunMetrics.text(known, clock.millis(), roles.get(), disk))
                    .orElse(""));
        });
    }

    record Alive(String status) {}

    /**
     * @param missing topics of the run that do not exist yet
     * @param roles of this process beside training, with their state; a failing role does not affect readiness
     * @param unusual ways in which this process computes differently from usual because the self-test failed
     */
    record Ready(String status, List<String> missing, List<Role> roles, List<String> unusual) {}

    private Ready ready() {
        RunFacts known = newest().orElseThrow(() -> HttpProblem.unavailable("the run's topics have not been read yet"));
        if (!known.brokerAnswers(clock.millis())) {
            throw HttpProblem.unavailable("the broker does not answer");
        }
        if (!known.readUp()) {
            throw HttpProblem.unavailable("the run's topics are read to %.0f %%; wanted all of them"
                    .formatted(100 * known.run().reading().orElse(0)));
        }
        return new Ready("ready", known.run().missing(), roles.get(), SelfTest.unusual());
    }

    private Optional<RunFacts> newest() {
        return Optional.ofNullable(facts);
    }

    private static void json(Context context, Object answer) {
        context.contentType("application/json");
        context.result(new String(Json.write(answer), StandardCharsets.UTF_8));
    }
}
