package org.millrace.evaluator.score;

/**
 * One value of a setting that was tried on the validation part of the training half.
 *
 * @param accuracy share in [0, 1] of that part
 */
public record Trial(double value, double accuracy) {}
