package org.millrace.trainer.stream;

/** What training found out about the images of a step, on which the choice of later ones depends. */
public record TrainedStep(TrainedImages images, StepLosses losses) {
    /**
     * Of a step that has been trained.
     *
     * @param features N×C unit rows
     * @param losses of its images, in batch order; none where the objective has no loss of a single image
     */
    public static TrainedStep of(PreparedStep prepared, float[] features, float[] losses) {
        long step = prepared.plan().step();
        return new TrainedStep(
                new TrainedImages(step, prepared.images(), features),
                StepLosses.of(step, losses, prepared.freshImages()));
    }

    public long step() {
        return images.step();
    }
}
