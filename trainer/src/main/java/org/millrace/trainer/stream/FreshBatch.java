package org.millrace.trainer.stream;

import java.util.List;
import java.util.Map;
import org.millrace.contract.event.OffsetRange;
import org.millrace.trainer.gate.Judged;

/**
 * The new images of a step in batch order, and what was rejected on the way.
 *
 * @param ranges the offsets covered, partitions ascending
 * @param judged every image that decoded, of each partition in the order of its offsets; empty without a gate
 * @param nextOffsets of every partition, behind this batch
 * @param leaderEpochs of the last image taken of each partition
 */
record FreshBatch(
        List<OffsetRange> ranges,
        List<DecodedImage> decoded,
        List<Rejection> rejections,
        List<Judged> judged,
        Map<Integer, Long> nextOffsets,
        Map<Integer, Integer> leaderEpochs) {
    int skipped() {
        return (int) judged.stream().filter(image -> !image.kept()).count();
    }

    List<LoggedImage> images() {
        return decoded.stream().map(DecodedImage::image).toList();
    }
}
