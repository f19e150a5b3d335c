package org.millrace.trainer.stream;

/**
 * What training found out about the images of a step, on which the choice of later ones depends.
 *
 * @param images with their features
 * @param standings the same images, each with how its loss stands in the batch ({@link StepLosses#standings}) in place of a feature
 */
public record TrainedStep(TrainedImages images, TrainedImages standings, StepLosses losses) {
    /**
     * Of a step that has been trained.
     *
     * @param features N×C unit rows
     * @param losses of its images, in batch order; none where the objective has no loss of a single image
     */
    public static TrainedStep of(PreparedStep prepared, float[] features, float[] losses) {
        long step = prepared.plan().step();
        return of(new TrainedImages(step, prepared.images(), features), losses, prepared.freshImages());
    }

    /** The same of images with their features, of which the first {@code fresh} are new or short-term. */
    static TrainedStep of(TrainedImages images, float[] losses, int fresh) {
        float[] each = losses.length == 0 ? new float[images.images().size()] : losses;
        return new TrainedStep(
                images,
                new TrainedImages(images.step(), images.images(), StepLosses.standings(each)),
                StepLosses.of(images.step(), losses, fresh));
    }

    public long step() {
        return images.step();
    }
}
