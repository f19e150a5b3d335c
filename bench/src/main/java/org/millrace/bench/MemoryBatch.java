package org.millrace.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.stream.ViewBuffers;

/** A batch that never touched Kafka or a disk: random views of the configured size. */
final class MemoryBatch {
    private MemoryBatch() {}

    static ViewBuffers views(MillraceConfig config) {
        EncoderConfig input = config.encoder();
        int values = config.trainer().batchSize() * input.channels() * input.height() * input.width();
        long seed = config.run().seed();
        return new ViewBuffers(Stream.of(Purpose.VIEW_ONE, Purpose.VIEW_TWO)
                .map(purpose -> ViewBuffers.of(config.encoder(), random(values, CounterRandom.of(seed, 0, purpose, 0))))
                .toList());
    }

    static List<ImageOffset> images(int count) {
        return LongStream.range(0, count)
                .mapToObj(offset -> new ImageOffset(0, offset))
                .toList();
    }

    private static ByteBuffer random(int values, RandomGenerator random) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(values * Float.BYTES).order(ByteOrder.nativeOrder());
        for (int i = 0; i < values; i++) {
            buffer.putFloat(i * Float.BYTES, (float) random.nextGaussian());
        }
        return buffer;
    }
}
