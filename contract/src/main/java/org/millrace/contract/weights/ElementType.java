package org.millrace.contract.weights;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The element types of safetensors files whose values we read, each as the nearest float32. */
enum ElementType {
    F32(4),
    F64(8),
    F16(2),
    BF16(2),
    I64(8);

    private static final int HALF_FRACTION_BITS = 10;
    private static final int HALF_BIAS = 15;

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    static Optional<ElementType> of(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    /** All of them, for messages. */
    static String names() {
        return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
    }

    int bytes() {
        return bytes;
    }

    /** The next value of the data. */
    float read(ByteBuffer data) {
        return switch (this) {
            case F32 -> data.getFloat();
            case F64 -> (float) data.getDouble();
            case F16 -> half(data.getShort());
            case BF16 -> Float.intBitsToFloat(data.getShort() << Short.SIZE);
            case I64 -> (float) data.getLong();
        };
    }

    // IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction; every one is a float32
    private static float half(short bits) {
        int exponent = (bits >> HALF_FRACTION_BITS) & 0x1f;
        int fraction = bits & 0x3ff;
        float magnitude;
        if (exponent == 0x1f) {
            magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
        } else if (exponent == 0) {
            magnitude = Math.scalb((float) fraction, 1 - HALF_BIAS - HALF_FRACTION_BITS);
        } else {
            magnitude = Math.scalb((float) (fraction | 0x400), exponent - HALF_BIAS - HALF_FRACTION_BITS);
        }
        return bits < 0 ? -magnitude : magnitude;
    }
}
