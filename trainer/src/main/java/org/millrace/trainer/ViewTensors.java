package org.millrace.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.List;
import org.millrace.trainer.stream.ViewBuffers;

/** The prepared views of a batch as tensors. */
final class ViewTensors {
    private ViewTensors() {}

    /** Each view of the first {@code count} images, N×C×H×W; they live as long as {@code scope}. */
    static List<NDArray> of(ViewBuffers views, int count, NDManager scope) {
        return views.views().stream().map(view -> tensor(view, count, scope)).toList();
    }

    // over the buffer's own memory, in which the channels lie together: convolutions then need not reorder it
    private static NDArray tensor(ViewBuffers.View view, int count, NDManager scope) {
        ByteBuffer values = view.values();
        int bytes = count * view.height() * view.width() * view.channels() * Float.BYTES;
        ByteBuffer batch = values.duplicate().order(values.order()).limit(bytes);
        Shape shape = new Shape(count, view.height(), view.width(), view.channels());
        return scope.create(batch, shape, DataType.FLOAT32).transpose(0, 3, 1, 2);
    }
}
