package org.millrace.evaluator.drift;

/**
 * What the detectors that look at one window by itself found; without drift each is low.
 *
 * @param frechet squared Fréchet distance
 * @param discrepancy squared mean discrepancy, unbiased
 * @param classifier accuracy of telling window and reference apart
 * @param component the largest Kolmogorov–Smirnov statistic of a component
 */
record Scores(double frechet, double discrepancy, double classifier, double component) {}
