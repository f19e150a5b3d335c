package org.millrace.ingest;

import java.util.concurrent.TimeUnit;

/** The time that a push is paced and measured with. */
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
