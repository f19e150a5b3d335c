package org.millrace.trainer;

/** What a step's number means to the schedules and to the optimiser. */
public interface StepNumbers {
    /** Of a trainer that takes every step of its run. */
    StepNumbers OF_ONE_TRAINER = new StepNumbers() {
        @Override
        public long scheduled(long step) {
            return step;
        }

        @Override
        public long taken(long step) {
            return step;
        }
    };

    /** The place of a step in the schedules of learning rate and momentum, from 1. */
    long scheduled(long step);

    /** Steps of the optimiser since its state was fresh, this one included. */
    long taken(long step);
}
