package org.millrace.ingest.camera;

import java.io.ByteArrayOutputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import org.millrace.ingest.source.TestImages;

/** Small frames, and the time that they arrive at. */
final class TestFrames {
    static final Instant START = Instant.parse("2026-05-01T12:00:00Z");

    private TestFrames() {}

    static byte[] jpeg(int shade) {
        return TestImages.encoded("jpeg", shade);
    }

    static byte[] concat(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** A clock that moves on by a step whenever it is read, and by hand. */
    static final class Ticking extends Clock {
        private final AtomicLong millis = new AtomicLong(START.toEpochMilli());
        private final long stepMillis;

        Ticking(long stepMillis) {
            this.stepMillis = stepMillis;
        }

        void move(long byMillis) {
            millis.addAndGet(byMillis);
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis.getAndAdd(stepMillis));
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
