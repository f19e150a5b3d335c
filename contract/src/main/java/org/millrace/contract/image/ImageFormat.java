package org.millrace.contract.image;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The formats that are read, each known by its first bytes: the one table of them. A new one is a constant here and the class that judges
 * its structure; it is decoded by the ImageIO reader of its {@link #label}.
 */
public enum ImageFormat {
    JPEG("JPEG", 6) {
        @Override
        boolean begins(FileBytes file) {
            return file.hasText(0, "\u00ff\u00d8\u00ff");
        }

        @Override
        SoundImage judge(FileBytes file, DecodingLimits limits) throws UnsoundImageException {
            return new JpegStructure(file, limits).judge();
        }

        @Override
        void checkData(SoundImage image) throws UnsoundImageException {
            JpegScans.check(image);
        }
    },
    PNG("PNG", 11) { // four samples of 16 bits
        @Override
        boolean begins(FileBytes file) {
            return file.hasText(0, "\u0089PNG\r\n\u001a\n");
        }

        @Override
        SoundImage judge(FileBytes file, DecodingLimits limits) throws UnsoundImageException {
            return PngStructure.judge(file, limits);
        }

        @Override
        void checkData(SoundImage image) throws UnsoundImageException {
            PngPixels.check(image);
        }
    },
    GIF("GIF", 4) {
        @Override
        boolean begins(FileBytes file) {
            return file.hasText(0, "GIF87a") || file.hasText(0, "GIF89a");
        }

        @Override
        SoundImage judge(FileBytes file, DecodingLimits limits) throws UnsoundImageException {
            return GifStructure.judge(file, limits);
        }

        @Override
        void checkData(SoundImage image) throws UnsoundImageException {
            GifStructure.checkData(image);
        }
    },
    BMP("BMP", 7) {
        @Override
        boolean begins(FileBytes file) {
            return file.hasText(0, "BM") && file.length() >= 18 && BMP_HEADERS.contains(file.int32(14));
        }

        @Override
        SoundImage judge(FileBytes file, DecodingLimits limits) throws UnsoundImageException {
            return BmpStructure.judge(file, limits);
        }

        @Override
        void checkData(SoundImage image) throws UnsoundImageException {
            BmpStructure.checkData(image);
        }
    },
    WEBP("WebP", 12) {
        @Override
        boolean begins(FileBytes file) {
            return file.hasText(0, "RIFF") && file.hasText(8, "WEBP");
        }

        @Override
        SoundImage judge(FileBytes file, DecodingLimits limits) throws UnsoundImageException {
            return WebpStructure.judge(file, limits);
        }
    };

    /** Lengths of the header that follows BMP's file header, of all its versions. */
    private static final Set<Integer> BMP_HEADERS = Set.of(12, 16, 40, 52, 56, 64, 108, 124);

    private final String title;
    private final int heapBytesPerPixel;

    ImageFormat(String title, int heapBytesPerPixel) {
        this.title = title;
        this.heapBytesPerPixel = heapBytesPerPixel;
    }

    /** Whether a file of these bytes is of this format, as far as its first bytes say; no two formats claim the same file. */
    abstract boolean begins(FileBytes file);

    /** The structure of a file that begins as this format; throws where it may not be decoded. */
    abstract SoundImage judge(FileBytes file, DecodingLimits limits) throws UnsoundImageException;

    /** Refuses compressed data that ends before the last pixel. A WebP that was cut lacks what its lengths say, which {@link #judge} sees. */
    void checkData(SoundImage image) throws UnsoundImageException {}

    /** The format of a file; empty where it is none of these. */
    public static Optional<ImageFormat> of(byte[] file) {
        FileBytes bytes = new FileBytes(file, "file");
        return Arrays.stream(values()).filter(format -> format.begins(bytes)).findFirst();
    }

    /** The formats' names for messages, with commas between them. */
    public static String titles() {
        return Arrays.stream(values()).map(format -> format.title).collect(Collectors.joining(", "));
    }

    /** The formats' content types for messages, with commas between them. */
    public static String contentTypes() {
        return Arrays.stream(values()).map(ImageFormat::contentType).collect(Collectors.joining(", "));
    }

    /** In lower case, as reasons of refusal, content types and ImageIO name it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public String contentType() {
        return "image/" + label();
    }

    /** Heap that decoding takes for each pixel, in bytes: the decoder's raster, our planes, and its other tables. */
    public int heapBytesPerPixel() {
        return heapBytesPerPixel;
    }
}
