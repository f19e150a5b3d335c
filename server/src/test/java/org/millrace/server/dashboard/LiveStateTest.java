package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.server.dashboard.LiveState.Kind;
import org.millrace.server.dashboard.LiveState.Message;
import org.millrace.server.dashboard.Thinned.Tail;

class LiveStateTest {
    private final LiveState live = new LiveState("s1");

    @Test
    void after_changesMissed_givesThemInOrder() throws Exception {
        live.put("a", 1);
        live.flush();
        Message seen = live.snapshot();
        live.put("a", 2);
        live.flush();
        live.put("a", 2); // as before
        live.flush();
        live.put("b", 3);
        live.flush();
        assertThat(live.after(seen.sequence(), Duration.ZERO))
                .extracting(Message::json)
                .containsExactly("{\"a\":2}", "{\"b\":3}");
    }

    @Test
    void after_nothingNew_waitsAndGivesNothing() throws Exception {
        assertThat(live.after(live.snapshot().sequence(), Duration.ofMillis(1))).isEmpty();
    }

    @Test
    void after_moreMissedThanAreHeld_givesTheWhole() throws Exception {
        Message seen = live.snapshot();
        for (int i = 0; i < 1_000; i++) {
            live.put("a", i);
            live.flush();
        }
        List<Message> messages = live.after(seen.sequence(), Duration.ZERO);
        assertThat(messages).extracting(Message::kind).containsExactly(Kind.SNAPSHOT);
        assertThat(messages.get(0).json()).isEqualTo("{\"a\":999}");
    }

    @Test
    void sequenceOf_nameOfAnotherStart_isUnknown() {
        live.put("a", 1);
        live.flush();
        String id = live.id(live.snapshot());
        assertThat(live.sequenceOf(id)).hasValue(1L);
        assertThat(new LiveState("s2").sequenceOf(id)).isEmpty();
        assertThat(live.sequenceOf("s1.<script>")).isEmpty();
    }

    @Test
    void append_severalBeforeAFlush_travelAsOneChange() throws Exception {
        live.append("h", new Tail<>(0, List.of(1, 2, 3)));
        live.flush();
        long seen = live.snapshot().sequence();
        live.append("h", new Tail<>(2, List.of(30, 4)));
        live.append("h", new Tail<>(4, List.of(5)));
        live.append("h", new Tail<>(3, List.of(40)));
        live.flush();
        assertThat(live.after(seen, Duration.ZERO))
                .extracting(Message::json)
                .containsExactly("{\"h\":{\"from\":2,\"rows\":[30,40]}}");
        assertThat(live.snapshot().json()).isEqualTo("{\"h\":{\"from\":0,\"rows\":[1,2,30,40]}}");
    }
}
