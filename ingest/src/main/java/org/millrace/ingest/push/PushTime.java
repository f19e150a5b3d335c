package org.millrace.ingest.push;

import java.util.concurrent.TimeUnit;

/** The clock that paces and times a push. */
interface PushTime {
    PushTime SYSTEM = new PushTime() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void sleepNanos(long nanos) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(nanos);
        }
    };

    long nanoTime();

    void sleepNanos(long nanos) throws InterruptedException;
}
