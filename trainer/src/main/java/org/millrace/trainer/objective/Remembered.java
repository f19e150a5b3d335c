package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.ImageId;

/** The keys that an objective remembers of past images, for those who watch their health. Nothing here changes the run. Not thread safe. */
public interface Remembered {
    /** The steps that encoded the keys, in any order. */
    long[] steps();

    /** What a step's newest N keys were made of: one view of each image, N×C×H×W; the batch's own tensor, not a copy. */
    NDArray views(Batch batch);

    /** The keys that such views of that step would have now, batch norm and all; unit rows in {@code scope}, N×C. */
    NDArray encode(NDArray views, long step, NDManager scope);

    /**
     * The keys of a step as they are remembered now; absent where they are not there any more, or were overwritten.
     *
     * @param last the sequence number of the step's last key
     * @param ids of the step's images, N
     */
    BankRows rows(long last, List<Optional<ImageId>> ids, NDManager scope);
}
