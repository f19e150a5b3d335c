package org.millrace.trainer.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.ImageOffset;
import org.millrace.trainer.stream.LoggedImage;

/** The replay buffer as bytes: a count, then partition, offset, timestamp, source, length and file of each image, big-endian. */
final class BufferFile {
    private BufferFile() {}

    static byte[] write(List<LoggedImage> images) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(images.size());
            for (LoggedImage image : images) {
                out.writeInt(image.at().partition());
                out.writeLong(image.at().offset());
                out.writeLong(image.timestampMillis());
                out.writeUTF(image.source());
                out.writeInt(image.file().length);
                out.write(image.file());
            }
        }
        return bytes.toByteArray();
    }

    static List<LoggedImage> read(byte[] file) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(file))) {
            int count = in.readInt();
            List<LoggedImage> images = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                var at = new ImageOffset(in.readInt(), in.readLong());
                long timestamp = in.readLong();
                String source = in.readUTF();
                byte[] image = new byte[in.readInt()];
                in.readFully(image);
                images.add(new LoggedImage(at, timestamp, source, image));
            }
            return images;
        }
    }
}
