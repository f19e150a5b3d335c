package org.millrace.contract.event;

/**
 * How one sample's share stands beside another's, with a confidence of 95 %: different only where 0 lies outside the interval of their
 * difference. The interval is Newcombe's hybrid score interval (1998, method 10), made of Wilson's interval of each share. It treats the
 * samples as independent; two encoders' hits on the same images are not, and for them it is wider than it need be.
 */
public enum Comparison {
    BELOW,
    NO_DIFFERENT,
    ABOVE;

    /** Of a share among so many images beside another among so many. */
    public static Comparison of(double share, int images, double other, int otherImages) {
        Difference difference = Difference.of(share, images, other, otherImages);
        return difference.high < 0 ? BELOW : difference.low > 0 ? ABOVE : NO_DIFFERENT;
    }

    /** Where the difference of two shares lies, each in [−1, 1]. */
    public record Difference(double low, double high) {
        /** Of a share among so many images less another among so many. */
        public static Difference of(double share, int images, double other, int otherImages) {
            Interval mine = Interval.wilson((int) Math.round(share * images), images);
            Interval others = Interval.wilson((int) Math.round(other * otherImages), otherImages);
            double difference = share - other;
            return new Difference(
                    difference - Math.hypot(share - mine.low(), others.high() - other),
                    difference + Math.hypot(mine.high() - share, other - others.low()));
        }
    }
}
