package org.millrace.encoder.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
        "F16, 2, 0, 8, 'must be F32, but is F16'",
        "I64, 2, 0, 8, has 8 bytes for 2 values",
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
