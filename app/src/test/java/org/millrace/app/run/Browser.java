package org.millrace.app.run;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium of this machine; nothing is downloaded. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final ChromeDriver driver;
    private final List<String> heard = new ArrayList<>();

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /** Skips the test where there is no browser. */
    static Browser open(int width, int height) {
        Optional<Path> chromium = program("chromium", "chromium-browser", "google-chrome");
        Optional<Path> chromedriver = program("chromedriver");
        assumeTrue(
                chromium.isPresent() && chromedriver.isPresent(),
                "no browser: the dashboard was not looked at. apt-get install chromium chromium-driver");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.orElseThrow().toFile());
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--window-size=" + width + "," + height);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.orElseThrow().toFile())
                .usingAnyFreePort()
                .build();
        return new Browser(new ChromeDriver(service, options));
    }

    ChromeDriver driver() {
        return driver;
    }

    void go(String address) {
        driver.get(address);
    }

    String text(String css) {
        return driver.findElement(By.cssSelector(css)).getText();
    }

    int count(String css) {
        return driver.findElements(By.cssSelector(css)).size();
    }

    /** Whether the element is visible. */
    boolean shown(String css) {
        return driver.findElement(By.cssSelector(css)).isDisplayed();
    }

    void click(String css) {
        await("there is something to click: " + css, browser -> browser.count(css) > 0);
        driver.executeScript("document.querySelector(arguments[0]).click()", css);
    }

    @Nullable
    Object script(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** Waits until the condition holds or a script of the page fails; exceptions of the condition count as not yet. */
    void await(String what, Function<Browser, Boolean> condition) {
        try {
            org.awaitility.Awaitility.await(what)
                    .atMost(PATIENCE)
                    .ignoreExceptions()
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> condition.apply(this) || scriptFailed());
            if (scriptFailed()) {
                throw new AssertionError(what + " did not come: a script of the page failed\n" + complaints());
            }
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            throw new AssertionError(what + " did not come; the page says:\n" + text("body") + "\n" + complaints(), e);
        }
    }

    /** The page's console errors since the last call, except those of an unreachable server. */
    List<String> complaints() {
        List<String> all = List.copyOf(heard());
        heard.clear();
        return all;
    }

    private boolean scriptFailed() {
        return heard().stream().anyMatch(complaint -> complaint.contains("Uncaught"));
    }

    private List<String> heard() {
        driver.manage().logs().get(LogType.BROWSER).getAll().stream() // the driver tells each only once
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(entry -> entry.getMessage())
                .filter(message -> !message.contains("net::ERR_"))
                .forEach(heard::add);
        return heard;
    }

    /** Serious and critical findings of axe-core, one per line. */
    List<?> seriousFindings() throws IOException {
        driver.executeScript(Files.readString(Path.of("src/test/resources/axe/axe.min.js"), StandardCharsets.UTF_8));
        @Nullable Object findings = driver.executeAsyncScript("""
                const done = arguments[arguments.length - 1];
                axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations
                    .filter(found => found.impact === 'serious' || found.impact === 'critical')
                    .map(found => found.impact + ' ' + found.id + ': ' + found.nodes.map(node => node.target).join(', '))));
                """);
        return (List<?>) Objects.requireNonNull(findings);
    }

    @Override
    public void close() {
        driver.quit();
    }

    private static Optional<Path> program(String... names) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.of(names)
                .flatMap(name -> Stream.of(path.split(File.pathSeparator)).map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
