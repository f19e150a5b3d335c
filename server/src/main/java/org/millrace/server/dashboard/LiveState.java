package org.millrace.server.dashboard;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.millrace.contract.event.Json;
import org.millrace.server.dashboard.Thinned.Tail;

/**
 * The page's state in named sections, and its numbered changes: a page that has seen change n gets those after n, or the whole state
 * where they are no longer kept. Thread safe.
 */
final class LiveState {
    private static final int CHANGES_HELD = 256;

    private final String session;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, Object> sections = new LinkedHashMap<>();
    private final Map<String, Object> pending = new LinkedHashMap<>();
    private final Deque<Message> held = new ArrayDeque<>();
    private long sequence;
    private int watchers;

    /** @param session differs at each start, so that change numbers of an earlier start are not accepted */
    LiveState(String session) {
        this.session = session;
    }

    /** A message to a page: the whole state, or changes. */
    record Message(Kind kind, long sequence, String json) {}

    enum Kind {
        SNAPSHOT,
        CHANGE
    }

    /** Sets a section; does nothing where it is unchanged. */
    void put(String name, Object value) {
        lock.lock();
        try {
            if (!value.equals(sections.put(name, value))) {
                pending.put(name, value);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Appends to a section that is a history. */
    void append(String name, Tail<?> tail) {
        lock.lock();
        try {
            sections.merge(name, tail, (known, more) -> joined((Tail<?>) known, (Tail<?>) more));
            pending.merge(name, tail, (known, more) -> laterOf((Tail<?>) known, (Tail<?>) more));
        } finally {
            lock.unlock();
        }
    }

    /** Publishes everything put and appended since the last call to the pages. */
    void flush() {
        lock.lock();
        try {
            if (pending.isEmpty()) {
                return;
            }
            sequence++;
            held.add(new Message(Kind.CHANGE, sequence, text(pending)));
            pending.clear();
            if (held.size() > CHANGES_HELD) {
                held.remove();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The whole state, with changes that are not flushed yet; applying those again later does no harm. */
    Message snapshot() {
        lock.lock();
        try {
            return new Message(Kind.SNAPSHOT, sequence, text(sections));
        } finally {
            lock.unlock();
        }
    }

    /**
     * What follows the change {@code seen}: all changes since, or the whole state, or nothing where none arrived in time.
     *
     * @param patience how long to wait for a change
     */
    List<Message> after(long seen, Duration patience) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = patience.toNanos();
            while (seen == sequence && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            if (seen == sequence) {
                return List.of();
            }
            boolean complete =
                    seen < sequence && !held.isEmpty() && held.getFirst().sequence() <= seen + 1;
            if (!complete) {
                return List.of(snapshot());
            }
            List<Message> messages = new ArrayList<>();
            held.stream().filter(message -> message.sequence() > seen).forEach(messages::add);
            return messages;
        } finally {
            lock.unlock();
        }
    }

    /** A message's id, unique over all starts; a reconnecting page sends back the last one that it has seen. */
    String id(Message message) {
        return session + "." + message.sequence();
    }

    /** The change number in an id; empty for an id of another start or a malformed one. */
    Optional<Long> sequenceOf(String id) {
        if (!id.startsWith(session + ".")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.parseLong(id.substring(session.length() + 1)));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** A page connects (1) or disconnects (−1). */
    void watchers(int change) {
        lock.lock();
        try {
            watchers += change;
        } finally {
            lock.unlock();
        }
    }

    /** Whether any page is open. */
    boolean isWatched() {
        lock.lock();
        try {
            return watchers > 0;
        } finally {
            lock.unlock();
        }
    }

    private static String text(Map<String, Object> sections) {
        return new String(Json.write(sections), StandardCharsets.UTF_8);
    }

    private static Tail<Object> joined(Tail<?> known, Tail<?> more) {
        List<Object> rows = new ArrayList<>(
                known.rows().subList(0, Math.min(more.from(), known.rows().size())));
        rows.addAll(more.rows());
        return new Tail<>(0, rows);
    }

    private static Tail<Object> laterOf(Tail<?> known, Tail<?> more) {
        if (more.from() <= known.from()) {
            return new Tail<>(more.from(), new ArrayList<Object>(more.rows()));
        }
        Tail<Object> rows = joined(new Tail<>(0, known.rows()), new Tail<>(more.from() - known.from(), more.rows()));
        return new Tail<>(known.from(), rows.rows());
    }
}
