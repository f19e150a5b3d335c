package org.millrace.server.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.server.embed.ClientShares.Call;

/** Shares of a queue of 40 images. */
final class ClientSharesTest {
    private static final long SHORT = 1;
    private static final long LONG = (1 << 20) + 1;

    private final ClientShares shares = new ClientShares(
            new ConfigLoader().assignments(List.of("evaluator.batch-size=10")).load());

    @Test
    void admit_pastThreeQuarters_refusesThatClientOnly() {
        assertThat(shares.admit(new Call("a", 30, SHORT))).isTrue();
        assertThat(shares.admit(new Call("a", 1, SHORT))).isFalse();
        assertThat(shares.admit(new Call("b", 10, SHORT))).isTrue();
        assertThat(shares.admit(new Call("b", 1, SHORT))).isFalse();
    }

    @Test
    void admit_aboveTheShare_onlyOfAClientWithoutOthers() {
        assertThat(shares.admit(new Call("a", 100, SHORT))).isTrue();
        assertThat(shares.admit(new Call("a", 1, SHORT))).isFalse();
        assertThat(shares.admit(new Call("b", 1, SHORT))).isFalse();
    }

    @Test
    void admit_longPastTwoThirds_refusesLongOnly() {
        assertThat(shares.admit(new Call("a", 20, LONG))).isTrue();
        assertThat(shares.admit(new Call("a", 1, LONG))).isFalse();
        assertThat(shares.admit(new Call("a", 10, SHORT))).isTrue();
    }

    @Test
    void release_everyCall_admitsAgain() {
        List<Call> calls = List.of(new Call("a", 20, LONG), new Call("a", 10, SHORT), new Call("b", 10, LONG));
        calls.forEach(call -> assertThat(shares.admit(call)).isTrue());
        calls.forEach(shares::release);
        calls.forEach(call -> assertThat(shares.admit(call)).isTrue());
    }
}
