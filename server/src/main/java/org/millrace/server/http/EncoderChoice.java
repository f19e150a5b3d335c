package org.millrace.server.http;

import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.server.embed.WantedFeatures;

/**
 * The choice of encoder and feature space by a request's query: {@code version} of the encoder, {@code space} of the features. Refuses what
 * the run does not have with an {@link HttpProblem} that names what there is. Thread safe.
 */
final class EncoderChoice {
    static final String VERSION = "version";
    static final String SPACE = "space";

    private final EncoderWatch encoders;
    private final String run;

    /** @param run its name, for messages */
    EncoderChoice(EncoderWatch encoders, String run) {
        this.encoders = encoders;
        this.run = run;
    }

    /** With a space, the version is that of the newest scored encoder where the request names none. */
    WantedFeatures of(Context context) {
        OptionalLong space = number(context, SPACE);
        OptionalLong version = version(context);
        if (space.isEmpty()) {
            return new WantedFeatures(version, space);
        }
        long encoder = version.orElseGet(() -> encoders.scored()
                .orElseThrow(() -> new HttpProblem(
                        404,
                        "no encoder of run " + run
                                + " is scored yet, and adapters between feature spaces come with the scores")));
        requireAdapter(encoder, space.getAsLong());
        return new WantedFeatures(OptionalLong.of(encoder), space);
    }

    private OptionalLong version(Context context) {
        OptionalLong asked = number(context, VERSION);
        if (asked.isEmpty()) {
            return asked;
        }
        List<EncoderWatch.Published> all = encoders.published();
        long version = asked.getAsLong();
        List<Long> usable = all.stream()
                .filter(published -> published.revocation().isEmpty())
                .map(published -> published.manifest().version())
                .toList();
        EncoderWatch.Published found = all.stream()
                .filter(published -> published.manifest().version() == version)
                .findFirst()
                .orElseThrow(() ->
                        new HttpProblem(404, "run " + run + " has no encoder " + version + "; there are " + usable));
        found.revocation().ifPresent(revocation -> {
            throw new HttpProblem(
                    410,
                    "encoder " + version + " of run " + run + " is revoked (" + revocation.reason() + "); there are "
                            + usable);
        });
        return OptionalLong.of(version);
    }

    private void requireAdapter(long encoder, long space) {
        List<EncoderWatch.Published> all = encoders.published();
        all.stream()
                .filter(published -> published.manifest().version() == space)
                .flatMap(published -> published.revocation().stream())
                .findFirst()
                .ifPresent(revocation -> {
                    throw new HttpProblem(
                            410,
                            "encoder " + space + " of run " + run + " is revoked (" + revocation.reason()
                                    + "), and so is its space");
                });
        if (encoder == space) {
            return;
        }
        Optional<Evaluation> scored = all.stream()
                .filter(published -> published.manifest().version() == encoder)
                .flatMap(published -> published.evaluation().stream())
                .findFirst();
        Optional<SpaceScores> scores = scored.flatMap(evaluation -> evaluation.scoresIn(space));
        if (scores.flatMap(SpaceScores::adapter).isEmpty()) {
            List<Long> adapted = scored.flatMap(Evaluation::spaces).orElse(List.of()).stream()
                    .filter(each -> each.adapter().isPresent())
                    .map(SpaceScores::space)
                    .toList();
            throw new HttpProblem(
                    404,
                    "encoder " + encoder + " of run " + run + " has no adapter to the space of encoder " + space
                            + scores.flatMap(SpaceScores::refused)
                                    .map(why -> ": " + why)
                                    .orElse("; there are adapters to " + adapted
                                            + " (evaluator.pinned-version, evaluator.spaces)"));
        }
    }

    private static OptionalLong number(Context context, String name) {
        String asked = context.queryParam(name);
        if (asked == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(asked));
        } catch (NumberFormatException e) {
            throw new HttpProblem(400, name + " must be a number, but was '" + asked + "'");
        }
    }
}
