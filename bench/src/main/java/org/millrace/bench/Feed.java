package org.millrace.bench;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.run.RunImages;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.ViewBuffers;

/** Batches for a step. Not thread safe. */
interface Feed extends AutoCloseable {
    /** A batch's views, where its images lie, and their ids. */
    record Fed(ViewBuffers views, List<ImageOffset> images, List<Optional<ImageId>> ids) {}

    /** The next batch; its views must be given back before the one after it is taken. */
    Fed next() throws InterruptedException;

    void giveBack(Fed fed);

    @Override
    void close();

    /** One batch of random views again and again: a step costs nothing but itself. */
    static Feed fromMemory(MillraceConfig config) {
        List<ImageOffset> images = MemoryBatch.images(config.trainer().batchSize());
        Fed batch = new Fed(MemoryBatch.views(config), images, Collections.nCopies(images.size(), Optional.empty()));
        return new Feed() {
            @Override
            public Fed next() {
                return batch;
            }

            @Override
            public void giveBack(Fed fed) {}

            @Override
            public void close() {}
        };
    }

    /** The trainer's own pipeline over a JPEG of that size: gate, decoder, plans and views on {@code trainer.prepare-threads}. */
    static Feed fromJpegs(MillraceConfig config, int width, int height, int steps) throws IOException {
        int batches = steps + config.trainer().prefetchBatches() + 4;
        byte[] file = Photographs.jpeg(width, height);
        Optional<ImageStore> images = RunImages.open(config);
        Pipeline pipeline = PreparationSpeed.pipeline(
                config, file, batches * config.trainer().batchSize(), 1, ReplayBuffer.of(config), images);
        return new Feed() {
            @Override
            public Fed next() throws InterruptedException {
                PreparedStep step = pipeline.next(() -> false).orElseThrow();
                return new Fed(step.views(), step.images(), step.ids());
            }

            @Override
            public void giveBack(Fed fed) {
                pipeline.release(fed.views());
            }

            @Override
            public void close() {
                pipeline.close();
                images.ifPresent(ImageStore::close);
            }
        };
    }
}
