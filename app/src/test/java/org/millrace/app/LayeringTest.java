package org.millrace.app;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Dependency rules: modules depend on each other through the contract, and each library is confined to its packages. */
@AnalyzeClasses(packages = "org.millrace", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
    private static final String NDARRAY = "ai.djl.ndarray.NDArray";

    private static final String NUMBER = "java.lang.Number";

    @ArchTest
    static final ArchRule MODULES_MEET_IN_THE_CONTRACT = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("contract")
            .definedBy("org.millrace.contract..")
            .layer("numerics")
            .definedBy("org.millrace.numerics..")
            .layer("ingest")
            .definedBy("org.millrace.ingest..")
            .layer("encoder")
            .definedBy("org.millrace.encoder..")
            .layer("keystore")
            .definedBy("org.millrace.keystore..")
            .layer("trainer")
            .definedBy("org.millrace.trainer..")
            .layer("evaluator")
            .definedBy("org.millrace.evaluator..")
            .layer("server")
            .definedBy("org.millrace.server..")
            .layer("app")
            .definedBy("org.millrace.app..")
            .whereLayer("contract")
            .mayNotAccessAnyLayer()
            .whereLayer("numerics")
            .mayOnlyAccessLayers("contract")
            .whereLayer("ingest")
            .mayOnlyAccessLayers("contract")
            .whereLayer("encoder")
            .mayOnlyAccessLayers("contract")
            .whereLayer("keystore")
            .mayOnlyAccessLayers("contract")
            .whereLayer("trainer")
            .mayOnlyAccessLayers("contract", "numerics", "encoder", "keystore")
            .whereLayer("evaluator")
            .mayOnlyAccessLayers("contract", "numerics", "encoder")
            .whereLayer("server")
            .mayOnlyAccessLayers("contract", "numerics", "ingest", "encoder", "trainer", "evaluator")
            .whereLayer("app")
            .mayNotBeAccessedByAnyLayer();

    @ArchTest
    static final ArchRule PACKAGES_HAVE_ONE_DIRECTION =
            slices().matching("org.millrace.(**)").should().beFreeOfCycles();

    /** See docs/decisions/0029-server-beside-app.md. */
    @ArchTest
    static final ArchRule APP_STARTS_THE_SERVER_BY_ONE_CLASS = noClasses()
            .that()
            .resideInAPackage("org.millrace.app..")
            .should()
            .dependOnClassesThat(resideInAPackage("org.millrace.server..").and(not(simpleName("HttpService"))));

    @ArchTest
    static final ArchRule SERVER_TAKES_VIEWS_ALONE_FROM_THE_TRAINER = noClasses()
            .that()
            .resideInAPackage("org.millrace.server..")
            .should()
            .dependOnClassesThat(
                    resideInAPackage("org.millrace.trainer..").and(not(resideInAPackage("org.millrace.trainer.view"))));

    @ArchTest
    static final ArchRule HTTP_AND_METRICS_STAY_IN_THE_SERVER = noClasses()
            .that()
            .resideOutsideOfPackage("org.millrace.server..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "io.micrometer..");

    @ArchTest
    static final ArchRule PARQUET_STAYS_WITH_THE_FILES_OF_EMBED = noClasses()
            .that()
            .resideOutsideOfPackage("org.millrace.app.embed..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.parquet..", "blue.strategic.parquet..");

    @ArchTest
    static final ArchRule DJL_STAYS_IN_ENCODER_AND_TRAINER = noClasses()
            .that()
            .resideOutsideOfPackages("org.millrace.encoder..", "org.millrace.trainer..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl..");

    @ArchTest
    static final ArchRule EJML_STAYS_WITH_THE_MEASURES = noClasses()
            .that()
            .resideOutsideOfPackages("org.millrace.evaluator..", "org.millrace.numerics..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.ejml..");

    @ArchTest
    static final ArchRule ROCKSDB_STAYS_IN_KEYSTORE = noClasses()
            .that()
            .resideOutsideOfPackage("org.millrace.keystore..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..");

    @ArchTest
    static final ArchRule KAFKA_SERVER_STAYS_IN_THE_EMBEDDED_BROKER = noClasses()
            .that()
            .resideOutsideOfPackage("org.millrace.app.broker..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("kafka..", "org.apache.kafka.metadata..", "org.apache.kafka.server..");

    /** A thread left with gradient recording switched on or off affects the next work on it. */
    @ArchTest
    static final ArchRule RECORDING_OF_GRADIENTS_IS_A_SCOPE = noClasses()
            .that()
            .doNotHaveSimpleName("Gradients")
            .should()
            .callMethod("ai.djl.pytorch.jni.JniUtils", "setGradMode", "boolean");

    /** See docs/decisions/0015-numbers-in-the-graph.md. */
    @ArchTest
    static final ArchRule NUMBERS_ENTER_A_GRAPH_THROUGH_SCALED = noClasses()
            .that()
            .resideInAnyPackage("org.millrace.trainer.objective..", "org.millrace.encoder.network..")
            .or()
            .haveSimpleName("Classifier")
            .should()
            .callMethod(NDARRAY, "mul", NUMBER)
            .orShould()
            .callMethod(NDARRAY, "div", NUMBER)
            .orShould()
            .callMethod(NDARRAY, "pow", NUMBER);
}
