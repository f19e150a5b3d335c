package org.millrace.keystore.disk;

/** What a store holds, and what its user can do when that is damaged. */
public enum StoreKind {
    KEYS(
            "key store",
            "the run then goes back to where it needs no keys, and computes what follows again from its journal, to the same bits, as far"
                    + " as the log still holds its images."),
    IMAGES(
            "image store",
            "the images are fetched again where the log still holds them, and where it does not, the run goes back to a checkpoint that"
                    + " does not need them.");

    private final String noun;
    private final String withoutIt;

    StoreKind(String noun, String withoutIt) {
        this.noun = noun;
        this.withoutIt = withoutIt;
    }

    /** Its name in errors. */
    String noun() {
        return noun;
    }

    String damaged(String store, String problem) {
        return "The %s %s is damaged%s. Move that folder away and start again: %s"
                .formatted(noun, store, problem, withoutIt);
    }
}
