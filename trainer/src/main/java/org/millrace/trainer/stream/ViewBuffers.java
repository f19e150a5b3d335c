package org.millrace.trainer.stream;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.millrace.contract.config.EncoderConfig;

/**
 * Native memory for the two views of a batch, N×H×W×C float32 each, used again for later batches. The step's tensors lie directly in
 * it, so it must not change until the step has ended.
 */
public record ViewBuffers(ByteBuffer first, ByteBuffer second) {
    static ViewBuffers allocate(int batchSize, EncoderConfig input) {
        int bytes = Math.multiplyExact(batchSize * input.channels() * Float.BYTES, input.height() * input.width());
        return new ViewBuffers(direct(bytes), direct(bytes));
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
