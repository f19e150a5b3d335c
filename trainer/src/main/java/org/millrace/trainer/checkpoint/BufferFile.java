package org.millrace.trainer.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.image.FileKey;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.StoredImage;
import org.millrace.trainer.stream.TrainedImages;

/**
 * The replay buffer as bytes, big-endian:
 *
 * <pre>
 * file:    −3 i32, number i32, image …, feature …, number of waiting steps i32, step …; then, where any image is in a known segment,
 *          segment i64 of each image, −1 for none
 * image:   partition i32, offset i64, timestamp i64, id length i32, id, source UTF, length of its file i32, CRC32C of its file i32
 * feature: numbers C i32, C float32; 0 numbers for an image that has none
 * step:    step i64, images N i32, N × (partition i32, offset i64), numbers C i32, N×C float32
 * </pre>
 *
 * The files themselves are in the image store. Two earlier forms are still read. The second, −2, held them, in place of their CRC, and each
 * feature behind its image. The first began with the number of images, which had neither id nor feature, and ended behind them.
 */
final class BufferFile {
    private static final int SECOND_FORM = -2;
    private static final long NO_SEGMENT = -1;
    private static final int THIRD_FORM = -3;

    private BufferFile() {}

    static byte[] write(ReplayContent content) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(THIRD_FORM);
            out.writeInt(content.images().size());
            for (ReplayContent.Kept kept : content.images()) {
                write(kept.image(), out);
            }
            for (ReplayContent.Kept kept : content.images()) {
                float[] feature = kept.feature().orElse(new float[0]);
                out.writeInt(feature.length);
                write(feature, out);
            }
            out.writeInt(content.waiting().size());
            for (TrainedImages trained : content.waiting()) {
                out.writeLong(trained.step());
                out.writeInt(trained.images().size());
                for (ImageOffset image : trained.images()) {
                    write(image, out);
                }
                out.writeInt(trained.dimension());
                write(trained.features(), out);
            }
            writeSegments(content, out);
        }
        return bytes.toByteArray();
    }

    static ReplayContent read(byte[] file) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(file))) {
            int form = in.readInt();
            if (form >= 0) {
                return readWithFiles(form, false, in);
            }
            return form == SECOND_FORM
                    ? readWithFiles(in.readInt(), true, in)
                    : readReferring(readImages(form, in), in);
        }
    }

    /** The files that the images need: what is read before the features, which are most of it. */
    static List<FileKey> readNeeded(byte[] file) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(file))) {
            int form = in.readInt();
            return form >= 0 || form == SECOND_FORM
                    ? read(file).needed()
                    : readImages(form, in).stream().map(StoredImage::file).toList();
        }
    }

    private static List<StoredImage> readImages(int form, DataInputStream in) throws IOException {
        if (form != THIRD_FORM) {
            throw new IOException("the replay buffer is written in form " + -form
                    + ", but this Millrace reads forms 1 to " + -THIRD_FORM);
        }
        int count = in.readInt();
        List<StoredImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ImageOffset at = readOffset(in);
            long timestamp = in.readLong();
            Optional<ImageId> id = readId(in);
            String source = in.readUTF();
            images.add(new StoredImage(new FileKey(at, in.readInt(), in.readInt()), timestamp, id, source));
        }
        return images;
    }

    private static ReplayContent readReferring(List<StoredImage> images, DataInputStream in) throws IOException {
        List<ReplayContent.Kept> kept = new ArrayList<>();
        for (StoredImage image : images) {
            kept.add(new ReplayContent.Kept(image, readFeature(in)));
        }
        List<TrainedImages> waiting = readWaiting(in);
        return new ReplayContent(readSegments(kept, in), waiting);
    }

    private static ReplayContent readWithFiles(int count, boolean second, DataInputStream in) throws IOException {
        List<ReplayContent.Kept> kept = new ArrayList<>();
        Map<FileKey, byte[]> files = new HashMap<>();
        for (int i = 0; i < count; i++) {
            ImageOffset at = readOffset(in);
            long timestamp = in.readLong();
            Optional<ImageId> id = second ? readId(in) : Optional.empty();
            String source = in.readUTF();
            byte[] file = new byte[in.readInt()];
            in.readFully(file);
            StoredImage image = StoredImage.of(new LoggedImage(at, timestamp, id, source, file));
            files.put(image.file(), file);
            kept.add(new ReplayContent.Kept(image, second ? readFeature(in) : Optional.empty()));
        }
        List<TrainedImages> waiting = second ? readWaiting(in) : List.of();
        return new ReplayContent(readSegments(kept, in), waiting, files);
    }

    private static void writeSegments(ReplayContent content, DataOutputStream out) throws IOException {
        if (content.images().stream().anyMatch(kept -> kept.image().segment().isPresent())) {
            for (ReplayContent.Kept kept : content.images()) {
                out.writeLong(kept.image().segment().orElse(NO_SEGMENT));
            }
        }
    }

    private static List<ReplayContent.Kept> readSegments(List<ReplayContent.Kept> images, DataInputStream in)
            throws IOException {
        if (in.available() == 0) {
            return images;
        }
        List<ReplayContent.Kept> known = new ArrayList<>();
        for (ReplayContent.Kept kept : images) {
            long segment = in.readLong();
            OptionalLong first = segment == NO_SEGMENT ? OptionalLong.empty() : OptionalLong.of(segment);
            known.add(new ReplayContent.Kept(kept.image().inSegment(first), kept.feature()));
        }
        return known;
    }

    private static Optional<float[]> readFeature(DataInputStream in) throws IOException {
        int dimension = in.readInt();
        return dimension == 0 ? Optional.empty() : Optional.of(readFloats(dimension, in));
    }

    private static List<TrainedImages> readWaiting(DataInputStream in) throws IOException {
        List<TrainedImages> waiting = new ArrayList<>();
        int steps = in.readInt();
        for (int i = 0; i < steps; i++) {
            long step = in.readLong();
            int count = in.readInt();
            List<ImageOffset> images = new ArrayList<>();
            for (int row = 0; row < count; row++) {
                images.add(readOffset(in));
            }
            int dimension = in.readInt();
            waiting.add(new TrainedImages(step, images, readFloats(count * dimension, in)));
        }
        return waiting;
    }

    private static void write(StoredImage image, DataOutputStream out) throws IOException {
        write(image.at(), out);
        out.writeLong(image.timestampMillis());
        byte[] id = image.id().map(ImageId::bytes).orElse(new byte[0]);
        out.writeInt(id.length);
        out.write(id);
        out.writeUTF(image.source());
        out.writeInt(image.file().length());
        out.writeInt(image.file().crc());
    }

    private static Optional<ImageId> readId(DataInputStream in) throws IOException {
        byte[] id = new byte[in.readInt()];
        in.readFully(id);
        return id.length == 0 ? Optional.empty() : Optional.of(new ImageId(id));
    }

    private static void write(ImageOffset at, DataOutputStream out) throws IOException {
        out.writeInt(at.partition());
        out.writeLong(at.offset());
    }

    private static ImageOffset readOffset(DataInputStream in) throws IOException {
        return new ImageOffset(in.readInt(), in.readLong());
    }

    private static void write(float[] values, DataOutputStream out) throws IOException {
        for (float value : values) {
            out.writeFloat(value);
        }
    }

    private static float[] readFloats(int count, DataInputStream in) throws IOException {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = in.readFloat();
        }
        return values;
    }
}
