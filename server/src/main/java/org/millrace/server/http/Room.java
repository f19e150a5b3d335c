package org.millrace.server.http;

import java.util.HashMap;
import java.util.Map;

/**
 * The memory budget for request bodies, charged as their bytes arrive. One client may hold at most three quarters of it. A request that
 * exceeds it gets 429. Thread safe.
 */
final class Room {
    private static final int MOST_BODIES = 512;
    private static final int MOST_BODIES_OF_A_CLIENT = 256;

    private final int bytes;
    private final Map<String, Held> clients = new HashMap<>();
    private final Held all = new Held();

    Room(int bytes) {
        this.bytes = bytes;
    }

    /** Bodies in flight, and the bytes that they hold. */
    private static final class Held {
        private int bodies;
        private int bytes;
    }

    /** Registers a body, which holds no bytes yet; throws {@link HttpProblem} 429 where too many are in flight. */
    synchronized Place begin(String client) {
        Held held = clients.getOrDefault(client, new Held());
        if (all.bodies >= MOST_BODIES || held.bodies >= MOST_BODIES_OF_A_CLIENT) {
            throw full();
        }
        clients.put(client, held);
        held.bodies++;
        all.bodies++;
        return new Place(client, held);
    }

    private HttpProblem full() {
        return HttpProblem.busy("too many request bodies are in flight (the limit is " + bytes
                + " bytes; from one address three quarters of them and " + MOST_BODIES_OF_A_CLIENT
                + " bodies); send it again later");
    }

    private synchronized void grow(Place place, int more) {
        boolean fits = all.bytes + (long) more <= bytes && place.held.bytes + (long) more <= bytes - bytes / 4;
        if (place.closed || !fits) {
            throw full();
        }
        place.bytes += more;
        place.held.bytes += more;
        all.bytes += more;
    }

    private synchronized void end(Place place) {
        if (place.closed) {
            return;
        }
        place.closed = true;
        all.bytes -= place.bytes;
        all.bodies--;
        place.held.bytes -= place.bytes;
        place.held.bodies--;
        if (place.held.bodies == 0) {
            clients.remove(place.client);
        }
    }

    /** The memory of one body. */
    final class Place implements AutoCloseable {
        private final String client;
        private final Held held;
        private int bytes;
        private boolean closed;

        private Place(String client, Held held) {
            this.client = client;
            this.held = held;
        }

        /** Takes more bytes; throws {@link HttpProblem} 429 where they are not free. */
        void grow(int more) {
            Room.this.grow(this, more);
        }

        @Override
        public void close() {
            end(this);
        }
    }
}
