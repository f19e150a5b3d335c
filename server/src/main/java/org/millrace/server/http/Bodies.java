package org.millrace.server.http;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.UploadedFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.image.ImageFormat;
import org.millrace.ingest.push.IncomingImage;

/** The images in a request: the plain body, or the files of a multipart form. */
final class Bodies {
    private static final String MULTIPART = "multipart/form-data";
    private static final char UNDECODED = '\uFFFD'; // what a decoder puts where bytes are no UTF-8
    private static final String ANY = "application/octet-stream";

    private Bodies() {}

    static boolean isMultipart(Context context) {
        return type(context).equals(MULTIPART);
    }

    /** Throws {@link HttpProblem} 415 where the request's content type is neither an image's, nor generic, nor absent. */
    static void requireImage(Context context) {
        requireImage(type(context), "the body");
    }

    /** The request's body. */
    static IncomingImage.Body raw(Context context) {
        return new IncomingImage.Body() {
            @Override
            public InputStream open() {
                return context.bodyInputStream();
            }

            @Override
            public long declaredBytes() {
                return declared(context);
            }
        };
    }

    /** The files of a form, at least one, in memory; throws {@link HttpProblem} where there is none or the form is malformed. */
    static List<UploadedFile> files(Context context) {
        List<UploadedFile> files;
        try {
            files = context.uploadedFiles();
        } catch (HttpResponseException e) {
            throw e;
        } catch (Exception e) { // Kotlin throws undeclared checked exceptions
            throw new HttpProblem(
                    400,
                    "wanted a whole multipart/form-data body with a name for each part, but it cannot be read"
                            + (e instanceof IOException ? ": " + rootOf(e) : ""));
        }
        if (files.isEmpty()) {
            throw new HttpProblem(400, "wanted at least one file in the form, but got none");
        }
        return files;
    }

    static IncomingImage.Body file(UploadedFile file) {
        return new IncomingImage.Body() {
            @Override
            public InputStream open() throws IOException {
                return file.content();
            }

            @Override
            public long declaredBytes() {
                return file.size();
            }
        };
    }

    /**
     * Throws {@link HttpProblem}: 400 where the name of a form's file is not UTF-8, since two such names become one when they are decoded,
     * 415 where the file's content type is not an image's.
     */
    static void requireImage(UploadedFile file) {
        if (file.filename().indexOf(UNDECODED) >= 0) {
            throw new HttpProblem(
                    400,
                    "the file name '" + file.filename() + "' is not UTF-8: send it in UTF-8, or the image as the whole"
                            + " body with ?id=NAME");
        }
        requireImage(bare(Optional.ofNullable(file.contentType()).orElse(ANY)), "the file");
    }

    /** The declared length of the body, or -1 where there is none. */
    static long declared(Context context) {
        return context.req().getContentLengthLong();
    }

    private static void requireImage(String type, String what) {
        boolean fits = type.isEmpty() || type.equals(ANY) || type.startsWith("image/");
        if (!fits) {
            throw new HttpProblem(
                    415,
                    what + " has the content type " + type + "; wanted " + ImageFormat.contentTypes()
                            + " or application/octet-stream");
        }
    }

    private static String type(Context context) {
        return bare(Optional.ofNullable(context.contentType()).orElse(""));
    }

    /** The type without its parameters. */
    static String bare(String type) {
        return type.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
    }

    private static String rootOf(Throwable problem) {
        Throwable root = problem;
        for (Throwable cause = problem.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return String.valueOf(root.getMessage());
    }
}
