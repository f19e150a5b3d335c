package org.millrace.server.dashboard;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.regex.Pattern;
import org.millrace.server.http.HttpProblem;

/** The page's static files, packed in the jar. */
final class PageFiles {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z-]*\\.(js|css|svg|html)");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml");

    private PageFiles() {}

    static void answer(Context context, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new HttpProblem(404, "the dashboard has no such file");
        }
        try (InputStream file = PageFiles.class.getResourceAsStream("/dashboard/" + name)) {
            if (file == null) {
                throw new HttpProblem(404, "the dashboard has no file " + name);
            }
            context.contentType(TYPES.getOrDefault(name.substring(name.indexOf('.') + 1), "text/plain"));
            context.header("Cache-Control", "no-cache");
            context.result(file.readAllBytes());
        } catch (IOException e) {
            throw new HttpProblem(500, "the file " + name + " cannot be read");
        }
    }
}
