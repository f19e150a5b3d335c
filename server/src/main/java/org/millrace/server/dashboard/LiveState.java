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
 * The page's state in named sections, and its changes, numbered: who has seen one is given those after it, or the whole where they are
 * no longer held. Thread safe.
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

    /** @param session differs from start to start, so that numbers of an earlier one mean nothing */
    LiveState(String session) {
        this.session = session;
    }

    /** What one watcher is sent: the whole state, or what changed. */
    record Message(Kind kind, long sequence, String json) {}

    enum Kind {
        SNAPSHOT,
        CHANGE
    }

    /** Sets a section; nothing happens where it is as before. */
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

    /** Adds to a section that is a history. */
    void append(String name, Tail<?> tail) {
        lock.lock();
        try {
            sections.merge(name, tail, (known, more) -> joined((Tail<?>) known, (Tail<?>) more));
            pending.merge(name, tail, (known, more) -> laterOf((Tail<?>) known, (Tail<?>) more));
        } finally {
            lock.unlock();
        }
    }

    /** Gives what was put and appended since the last call to the watchers. */
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

    /** The whole state; changes that are not flushed yet are in it too, and coming to it once more do no harm. */
    Message snapshot() {
        lock.lock();
        try {
            return new Message(Kind.SNAPSHOT, sequence, text(sections));
        } finally {
            lock.unlock();
        }
    }

    /**
     * What follows the change {@code seen}: all changes since, or the whole state, or nothing where none came in time.
     *
     * @param patience how long to wait for one
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

    /** A message's name among those of all starts, by which a watcher that comes back says what it has seen. */
    String id(Message message) {
        return session + "." + message.sequence();
    }

    /** The number in a name; empty where it is of another start, or no name. */
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

    /** A watcher comes (1) or goes (−1). */
    void watchers(int change) {
        lock.lock();
        try {
            watchers += change;
        } finally {
            lock.unlock();
        }
    }

    /** Whether anyone is looking. */
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
