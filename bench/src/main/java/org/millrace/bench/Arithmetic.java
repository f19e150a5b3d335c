package org.millrace.bench;

/** The arithmetic of a step, counted: multiply-adds of convolutions and linear layers. */
final class Arithmetic {
    private static final int USUAL_SIDE = 224;
    private static final double RESNET18 = 1.814e9; // multiply-adds of a forward pass of one 224×224 image
    private static final double RESNET50 = 4.089e9;

    // of an image in MoCo: the query's forward pass, its backward pass of twice that, and the key's forward pass
    private static final double PASSES = 4;
    private static final double OPERATIONS = 2; // of a multiply-add

    private Arithmetic() {}

    /** Operations a second, in 10¹², of MoCo at that rate; approximate where the side is no multiple of 32. */
    static double teraflops(String network, int side, double imagesPerSecond) {
        double forward = switch (network) {
            case "resnet18" -> RESNET18;
            case "resnet50" -> RESNET50;
            default -> throw new IllegalArgumentException("no count of " + network);
        };
        double area = Math.pow((double) side / USUAL_SIDE, 2);
        return forward * area * PASSES * OPERATIONS * imagesPerSecond / 1e12;
    }
}
