package org.millrace.contract.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;

final class SafetensorsTest {
    private static final int[] ODD_BITS = {
        0x00000000,
        0x80000000,
        0x7f800000,
        0xff800000,
        0x7fc00000,
        0x7fc12345,
        0xffc00001,
        0x00000001,
        0x80000001,
        0x7f7fffff
    };

    @Test
    void parse_written_sameToTheBit() {
        float[] odd = new float[ODD_BITS.length];
        for (int i = 0; i < odd.length; i++) {
            odd[i] = Float.intBitsToFloat(ODD_BITS[i]);
        }
        Safetensors file = new Safetensors.Builder()
                .add("odd", new long[] {2, 5}, odd)
                .add("layer1.0.gewicht", new long[] {3}, new float[] {1, 2, 3})
                .add("scalar", new long[] {}, new float[] {-4.5f})
                .add("none", new long[] {0, 7}, new float[0])
                .build();
        Safetensors read = Safetensors.parse(file.toBytes());
        assertThat(read.names()).containsExactly("odd", "layer1.0.gewicht", "scalar", "none");
        assertThat(bits(read.tensor("odd", 2, 5))).containsExactly(ODD_BITS);
        assertThat(read.tensor("layer1.0.gewicht", 3)).containsExactly(1, 2, 3);
        assertThat(read.tensor("scalar")).containsExactly(-4.5f);
        assertThat(read.tensor("none", 0, 7)).isEmpty();
        assertThat(read.toBytes()).isEqualTo(file.toBytes());
    }

    @Test
    void parse_anotherWritersFile_metadataIgnoredAndOrderFree() {
        String header = "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
                + "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}";
        ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        data.putLong(1234).putFloat(1.5f).putFloat(-2);
        Safetensors read = Safetensors.parse(file(header, data.array()));
        assertThat(read.names()).containsExactlyInAnyOrder("b", "n");
        assertThat(read.tensor("b", 2)).containsExactly(1.5f, -2);
        assertThat(read.tensor("n")).containsExactly(1234);
    }

    @Test
    void tensor_ofAnotherWritersType_nearestFloat() {
        String header = "{\"double\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                + "\"half\":{\"dtype\":\"F16\",\"shape\":[5],\"data_offsets\":[16,26]},"
                + "\"brain\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[26,32]}}";
        ByteBuffer data = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        data.putDouble(0.1).putDouble(-1e300);
        for (int half : new int[] {0x3555, 0xc000, 0x7bff, 0x0001, 0xfc00}) {
            data.putShort((short) half);
        }
        for (int brain : new int[] {0x3f80, 0xc049, 0x7f80}) {
            data.putShort((short) brain);
        }
        Safetensors read = Safetensors.parse(file(header, data.array()));
        assertThat(read.tensor("double", 2)).containsExactly(0.1f, Float.NEGATIVE_INFINITY);
        assertThat(read.tensor("half", 5)).containsExactly(0x555p-12f, -2, 65504, 0x1p-24f, Float.NEGATIVE_INFINITY);
        assertThat(read.tensor("brain", 3)).containsExactly(1, -3.140625f, Float.POSITIVE_INFINITY);
    }

    @Test
    void tensor_halfOfEveryExponent_powersOfTwoAndTheirMiddles() {
        for (int exponent = 1; exponent < 31; exponent++) {
            assertThat(half(exponent << 10)).isEqualTo((float) Math.pow(2, exponent - 15));
            assertThat(half(exponent << 10 | 0x200)).isEqualTo((float) (1.5 * Math.pow(2, exponent - 15)));
            assertThat(half(0x8000 | exponent << 10)).isEqualTo((float) -Math.pow(2, exponent - 15));
        }
        assertThat(half(0x03ff)).as("largest subnormal").isEqualTo(1023 * 0x1p-24f);
        assertThat(Float.floatToRawIntBits(half(0x8000))).as("minus zero").isEqualTo(0x80000000);
        assertThat(half(0x7e00)).isNaN();
    }

    @Test
    void parse_typesNobodyAsksFor_areToleratedButNotRead() {
        String header = "{\"mask\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]},"
                + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[3,7]}}";
        ByteBuffer data = ByteBuffer.allocate(7).order(ByteOrder.LITTLE_ENDIAN).putFloat(3, 2.5f);
        Safetensors read = Safetensors.parse(file(header, data.array()));
        assertThat(read.tensor("w", 1)).containsExactly(2.5f);
        assertThat(read.shape("mask")).containsExactly(3);
        String problem = "tensor mask must be one of F32, F64, F16, BF16, I64, but is BOOL";
        assertThatThrownBy(() -> read.tensor("mask", 3)).hasMessage(problem);
        assertThatThrownBy(read::toBytes).hasMessage(problem);
    }

    @Test
    void metadata_written_sameWhenRead() {
        Safetensors file = new Safetensors.Builder()
                .add("w", new long[] {1}, new float[] {7})
                .build()
                .withMetadata(Map.of("format", "pt"));
        Safetensors read = Safetensors.parse(file.toBytes());
        assertThat(read.metadata()).containsExactly(Map.entry("format", "pt"));
        assertThat(read.tensor("w", 1)).containsExactly(7);
        assertThat(read.toBytes()).isEqualTo(file.toBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"})
    void toBytes_headerOfAnyLength_valuesAlignedTo8(String name) {
        byte[] bytes = new Safetensors.Builder()
                .add(name, new long[] {1}, new float[] {1})
                .build()
                .toBytes();
        long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertThat(header % 8).isZero();
        assertThat(bytes).hasSize((int) (8 + header + 4));
        assertThat(new String(bytes, 8, (int) header, StandardCharsets.UTF_8)).matches("\\{.*} *");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 9, 20})
    void parse_cutInTheHeader_says(int length) {
        byte[] bytes = sample().toBytes();
        assertThatThrownBy(() -> Safetensors.parse(Arrays.copyOf(bytes, length)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(length < 8 ? "at least 8 bytes, but this has " + length : "header claims");
    }

    @Test
    void parse_cutInTheValues_namesTheTensor() {
        byte[] bytes = sample().toBytes();
        assertThatThrownBy(() -> Safetensors.parse(Arrays.copyOf(bytes, bytes.length - 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor w lies at [0, 24), outside the file");
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 2, -1, 7, outside the file",
        "F32, 2, 8, 0, outside the file",
        "F32, 2, 4, 12, outside the file",
        "F32, 2, 0, 9223372036854775807, outside the file",
        "F32, 2305843009213693951, 0, 9223372036854775804, outside the file",
        "F32, 3, 0, 8, has 8 bytes for 3 values",
        "F32, 1, 0, 8, has 8 bytes for 1 values",
        "F16, 2, 0, 8, has 8 bytes for 2 values of F16",
        "BF16, 3, 0, 7, has 7 bytes for 3 values",
        "F64, 2305843009213693952, 0, 0, has 0 bytes for 2305843009213693952 values",
        "I64, 2, 0, 8, has 8 bytes for 2 values",
        "U8, 2, 0, 9, outside the file",
    })
    void parse_headerThatLies_says(String type, long size, long from, long to, String words) {
        String header = "{\"w\":{\"dtype\":\"" + type + "\",\"shape\":[" + size + "],\"data_offsets\":[" + from + ","
                + to + "]}}";
        assertThatThrownBy(() -> Safetensors.parse(file(header, new byte[8])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tensor w")
                .hasMessageContaining(words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"w\":", "not json at all", "{]"})
    void parse_headerNotJson_says(String header) {
        assertThatThrownBy(() -> Safetensors.parse(file(header, new byte[8])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("header is not JSON");
    }

    @Test
    void parse_anyByteChanged_readsOrSaysButNothingElse() {
        long seed = 3;
        System.out.println("seed " + seed);
        RandomGenerator random = CounterRandom.of(seed, 0, CounterRandom.Purpose.SHUFFLE, 0);
        byte[] bytes = sample().toBytes();
        for (int i = 0; i < bytes.length; i++) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= (byte) (1 + random.nextInt(255));
            try {
                Safetensors.parse(damaged);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageMatching("(?s).+");
            }
        }
    }

    @Test
    void tensor_missingOrOfAnotherShape_says() {
        assertThatThrownBy(() -> sample().tensor("v", 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the weights file has no tensor v");
        assertThatThrownBy(() -> sample().tensor("w", 3, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor w must have the shape [3, 2], but has [2, 3]");
    }

    @Test
    void part_ofPrefix_hasItsTensorsWithoutIt() {
        Safetensors file = new Safetensors.Builder()
                .add("encoder.a", new long[] {2}, new float[] {1, 2})
                .add("projector.a", new long[] {1}, new float[] {3})
                .add("encoder.b.c", new long[] {1}, new float[] {4})
                .build();
        Safetensors part = Safetensors.parse(file.part("encoder.").toBytes());
        assertThat(part.names()).containsExactly("a", "b.c");
        assertThat(part.tensor("a", 2)).containsExactly(1, 2);
        assertThat(part.tensor("b.c", 1)).containsExactly(4);
    }

    @Test
    void add_twiceOrOfAnotherSize_says() {
        var builder = new Safetensors.Builder().add("w", new long[] {1}, new float[1]);
        assertThatThrownBy(() -> builder.add("w", new long[] {1}, new float[1])).hasMessage("tensor w is added twice");
        assertThatThrownBy(() -> builder.add("v", new long[] {2}, new float[1]))
                .hasMessage("tensor v has 1 values for the shape [2]");
    }

    private static float half(int bits) {
        String header = "{\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}";
        return Safetensors.parse(file(header, new byte[] {(byte) bits, (byte) (bits >> 8)}))
                .tensor("h", 1)[0];
    }

    private static Safetensors sample() {
        return new Safetensors.Builder()
                .add("w", new long[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6})
                .build();
    }

    private static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
