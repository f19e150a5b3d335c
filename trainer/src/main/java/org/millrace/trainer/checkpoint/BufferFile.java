package org.millrace.trainer.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.TrainedImages;

/**
 * The replay buffer as bytes, big-endian:
 *
 * <pre>
 * file:    −2 i32, number i32, image …, number of waiting steps i32, step …; then, where any image is in a known segment,
 *          segment i64 of each image, −1 for none
 * image:   partition i32, offset i64, timestamp i64, id length i32, id, source UTF, length i32, file, numbers C i32, C float32;
 *          the lengths are 0 without an id and without a feature
 * step:    step i64, images N i32, N × (partition i32, offset i64), numbers C i32, N×C float32
 * </pre>
 *
 * The first form of it began with the number of images, which had no features, and ended behind them; it is still read.
 */
final class BufferFile {
    private static final int SECOND_FORM = -2;
    private static final long NO_SEGMENT = -1;

    private BufferFile() {}

    static byte[] write(ReplayContent content) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(SECOND_FORM);
            out.writeInt(content.images().size());
            for (ReplayContent.Kept kept : content.images()) {
                write(kept.image(), out);
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
            int first = in.readInt();
            if (first < 0 && first != SECOND_FORM) {
                throw new IOException("the replay buffer is written in form " + -first
                        + ", but this Millrace reads forms 1 and " + -SECOND_FORM);
            }
            boolean withFeatures = first == SECOND_FORM;
            int count = withFeatures ? in.readInt() : first;
            List<ReplayContent.Kept> images = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                LoggedImage image = readImage(in, withFeatures);
                int dimension = withFeatures ? in.readInt() : 0;
                images.add(new ReplayContent.Kept(
                        image, dimension == 0 ? Optional.empty() : Optional.of(readFloats(dimension, in))));
            }
            List<TrainedImages> waiting = withFeatures ? readWaiting(in) : List.of();
            return new ReplayContent(in.available() > 0 ? readSegments(images, in) : images, waiting);
        }
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
        List<ReplayContent.Kept> known = new ArrayList<>();
        for (ReplayContent.Kept kept : images) {
            long segment = in.readLong();
            OptionalLong first = segment == NO_SEGMENT ? OptionalLong.empty() : OptionalLong.of(segment);
            known.add(new ReplayContent.Kept(kept.image().inSegment(first), kept.feature()));
        }
        return known;
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

    private static void write(LoggedImage image, DataOutputStream out) throws IOException {
        write(image.at(), out);
        out.writeLong(image.timestampMillis());
        byte[] id = image.id().map(ImageId::bytes).orElse(new byte[0]);
        out.writeInt(id.length);
        out.write(id);
        out.writeUTF(image.source());
        out.writeInt(image.file().length);
        out.write(image.file());
    }

    private static LoggedImage readImage(DataInputStream in, boolean withId) throws IOException {
        ImageOffset at = readOffset(in);
        long timestamp = in.readLong();
        byte[] id = new byte[withId ? in.readInt() : 0];
        in.readFully(id);
        String source = in.readUTF();
        byte[] image = new byte[in.readInt()];
        in.readFully(image);
        return new LoggedImage(
                at, timestamp, id.length == 0 ? Optional.empty() : Optional.of(new ImageId(id)), source, image);
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
