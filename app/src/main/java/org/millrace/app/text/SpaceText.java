package org.millrace.app.text;

import java.util.Locale;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.SpaceScores.Adapter;

/** What an index of an earlier encoder's embeddings is worth to an encoder's queries, as text. */
public final class SpaceText {
    private SpaceText() {}

    /** The recalls on one line; where there is no adapter, why not. */
    public static String line(SpaceScores scores) {
        String recall = String.format(
                Locale.ROOT,
                "index by encoder %d: recall@%d %s, %s, re-embedded %s",
                scores.space(),
                scores.neighbours(),
                scores.raw().isPresent() ? "raw " + percent(scores.raw().getAsDouble()) : "raw not measurable",
                scores.adapter()
                        .map(adapter -> "adapted " + percent(adapter.recall()))
                        .orElse("no adapter"),
                percent(scores.reembedded()));
        return recall + scores.adapter().map(SpaceText::words).orElse("")
                + " (on " + scores.heldOut() + " held-out anchors)"
                + scores.refused().map(why -> "; no adapter: " + why).orElse("");
    }

    private static String words(Adapter adapter) {
        String kind = switch (adapter.kind()) {
            case IDENTITY -> "none needed";
            case SIMILARITY -> "rotation and scale";
            case RIDGE -> "ridge";
            case SIMILARITY_RIDGE -> "rotation and ridge";
        };
        return String.format(
                Locale.ROOT,
                "; adapter (%s): cosine %.3f, relative error %.3f, %s of its own neighbours%s",
                kind,
                adapter.cosine(),
                adapter.relativeError(),
                percent(adapter.recallOfNew()),
                adapter.isWeak()
                        ? String.format(
                                Locale.ROOT, ", WEAK: %d anchors for %d features", adapter.fitted(), adapter.inputs())
                        : "");
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }
}
