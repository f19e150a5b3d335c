package org.millrace.trainer.stream;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import org.millrace.contract.config.EncoderConfig;

/**
 * Native memory for the views of a batch, used again for later batches. The step's tensors lie directly in it, so it must not change until
 * the step has ended.
 */
public record ViewBuffers(List<View> views) {
    public ViewBuffers {
        views = List.copyOf(views);
    }

    /** @param values of one view of each image, N×H×W×C float32 */
    public record View(int height, int width, int channels, ByteBuffer values) {}

    static ViewBuffers allocate(int views, int batchSize, EncoderConfig input) {
        int bytes = Math.multiplyExact(batchSize * input.channels() * Float.BYTES, input.height() * input.width());
        return new ViewBuffers(
                Stream.generate(() -> of(input, direct(bytes))).limit(views).toList());
    }

    /** A view of the encoder's own input size. */
    public static View of(EncoderConfig input, ByteBuffer values) {
        return new View(input.height(), input.width(), input.channels(), values);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
