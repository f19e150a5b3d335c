package org.millrace.app.http;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/** Room for the bodies of the requests that are being worked on; who finds none is told to come again. Thread safe. */
final class Room {
    private final int bytes;
    private final Semaphore free;

    Room(int bytes) {
        this.bytes = bytes;
        this.free = new Semaphore(bytes);
    }

    /** Takes that much, all there is at most, until the place is closed; throws {@link HttpProblem} 429 where so much is not free. */
    Place take(long wanted) {
        int held = (int) Math.min(wanted, bytes);
        if (!free.tryAcquire(held)) {
            throw HttpProblem.busy(
                    "too many images are on their way (bodies of " + bytes + " bytes at most); send it again later");
        }
        return new Place(held, new AtomicBoolean());
    }

    /** Some bytes that are taken. */
    final class Place implements AutoCloseable {
        private final int held;
        private final AtomicBoolean given;

        private Place(int held, AtomicBoolean given) {
            this.held = held;
            this.given = given;
        }

        @Override
        public void close() {
            if (!given.getAndSet(true)) {
                free.release(held);
            }
        }
    }
}
