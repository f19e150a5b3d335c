package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.keystore.disk.SealedValue;

final class StoreFormatTest {
    private static final StoreFormat FORMAT = new StoreFormat("keys");
    private static final List<ImageOffset> IMAGES = List.of(new ImageOffset(1, 7), new ImageOffset(0, 5_000_000_000L));
    private static final float[] KEYS = {1, 2, 3, 4};

    @Test
    void encode_noSegments_theBytesOfTheFirstFormat() {
        StoredBatch batch = new StoredBatch(4, new KeyBatch(9, 2, KEYS, IMAGES));
        assertThat(FORMAT.encode(batch)).isEqualTo(firstFormat());
        StoredBatch read = FORMAT.decodeBatch(firstFormat(), 5);
        assertThat(read.first()).isEqualTo(4);
        assertThat(read.batch().images()).isEqualTo(IMAGES);
        assertThat(read.batch().keys()).isEqualTo(KEYS);
        assertThat(read.batch().segments()).containsOnly(OptionalLong.empty());
    }

    @Test
    void decodeBatch_segmentsWritten_same() {
        List<OptionalLong> segments = List.of(OptionalLong.of(0), OptionalLong.empty());
        byte[] bytes = FORMAT.encode(new StoredBatch(4, new KeyBatch(9, 2, KEYS, IMAGES, segments)));
        assertThat(bytes).hasSize(firstFormat().length + 2 * Long.BYTES);
        StoredBatch read = FORMAT.decodeBatch(bytes, 5);
        assertThat(read.batch().segments()).isEqualTo(segments);
        assertThat(read.batch().images()).isEqualTo(IMAGES);
        assertThat(read.batch().keys()).isEqualTo(KEYS);
    }

    @Test
    void decodeBatch_formatToCome_isRefused() {
        byte[] bytes = firstFormat();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(3);
        byte[] sealed = SealedValue.seal(bytes);
        assertThatThrownBy(() -> FORMAT.decodeBatch(sealed, 5))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("The key store keys has format 3, but this Millrace reads format 1 to 2");
    }

    // as the class comment describes it
    private static byte[] firstFormat() {
        ByteBuffer bytes = ByteBuffer.allocate(72).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(1).putInt(2).putLong(4).putLong(9).putInt(2);
        bytes.putInt(1).putLong(7).putInt(0).putLong(5_000_000_000L);
        bytes.putFloat(1).putFloat(2).putFloat(3).putFloat(4);
        return SealedValue.seal(bytes.array());
    }
}
