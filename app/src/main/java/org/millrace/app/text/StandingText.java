package org.millrace.app.text;

import java.util.Locale;
import org.millrace.contract.event.Standing;
import org.millrace.contract.registry.Standings;

/** Whether an encoder may become the current one, as text. */
public final class StandingText {
    private StandingText() {}

    /** The verdict and its reason; empty if no budget was set. */
    public static String line(Standing standing) {
        String fall = standing.fall().map(StandingText::line).orElse("");
        if (standing.fall().map(Standing.Fall::over).orElse(false) || standing.budget() == 1) {
            return fall;
        }
        return byChurn(standing) + (fall.isEmpty() ? "" : "; " + fall);
    }

    private static String line(Standing.Fall fall) {
        return String.format(
                Locale.ROOT,
                "%s: %.1f points %s on the old domain against encoder %d; the budget is %.1f",
                fall.over() ? "HELD" : "current",
                Math.abs(fall.points()),
                fall.points() > 0 ? "lost" : "gained",
                fall.against(),
                fall.budget());
    }

    private static String byChurn(Standing standing) {
        if (standing.against().isEmpty()) {
            return "current: no trained encoder before it";
        }
        long against = standing.against().getAsLong();
        String budget = String.format(Locale.ROOT, "the budget is %.0f %%", 100 * standing.budget());
        if (standing.churn().isEmpty()) {
            return "HELD: how far it has moved from the current encoder " + against
                    + " could not be measured, since that one's anchor features are gone; " + budget;
        }
        return String.format(
                Locale.ROOT,
                "%s: %.1f %% new neighbours against the current encoder %d; %s",
                standing.held() ? "HELD" : "current",
                100 * standing.churn().getAsDouble(),
                against,
                budget);
    }

    /** A note for a held encoder, to append to its scores; empty for any other. */
    public static String warning(Standing standing) {
        return standing.held() ? " · " + line(standing) : "";
    }

    /** Which encoder of a run is current, and which wait for the operator. */
    public static String summary(String run, Standings standings) {
        if (standings.current().isEmpty()) {
            return "no encoder of run " + run + " is current";
        }
        var waiting = standings.held().tailSet(standings.current().getAsLong());
        return "encoder " + standings.current().getAsLong() + " of run " + run + " is current"
                + (waiting.isEmpty()
                        ? ""
                        : "; newer ones are held: " + waiting
                                + ". Accept one with millrace evaluate --accept VERSION.");
    }
}
