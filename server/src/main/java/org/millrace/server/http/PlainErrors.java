package org.millrace.server.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.millrace.contract.OutsideText;
import org.millrace.contract.event.Json;

/** Responses to malformed HTTP and to failures outside the routes: the same JSON as theirs. */
final class PlainErrors extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (response.getStatus() == 501 || response.getStatus() == 505) {
            response.setStatus(400); // an unknown transfer coding or version of HTTP is the client's fault
        }
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        byte[] body = Json.write(Map.of("error", words(request, response.getStatus())));
        Content.Sink.write(response, true, new String(body, StandardCharsets.UTF_8), callback);
        return true;
    }

    private static String words(Request request, int status) {
        int most = request.getConnectionMetaData().getHttpConfiguration().getRequestHeaderSize();
        return switch (status) {
            case 414 -> "the address is too long: wanted a request line and headers of at most " + most + " bytes";
            case 431 -> "the headers are too long: wanted a request line and headers of at most " + most + " bytes";
            case 500 -> "unexpected failure; see the server's log";
            default ->
                "this is not a request that the server can read" + detail(request, status)
                        + "; wanted HTTP/1.1: a line METHOD /PATH HTTP/1.1, headers, and the body that they announce";
        };
    }

    /** Jetty's own words, where they say more than the status does. */
    private static String detail(Request request, int status) {
        Object message = request.getAttribute(ERROR_MESSAGE);
        String words = message == null ? "" : message.toString();
        return words.isBlank() || words.equals(HttpStatus.getMessage(status)) ? "" : " (" + OutsideText.of(words) + ")";
    }
}
